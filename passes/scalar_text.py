"""Scalar operations of fused bodies, between IR and graph text: `arith.addf` <-> `add` of floats, one row each.

`SPELLED` says how an IR operation is written; what has no row is written with its IR name (`arith.shli(a, b)`), with
the result's dtype where it is not the first operand's. Only operations without flags are accepted: fused bodies carry none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from xdsl.dialects import arith, math
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from phintys.dialects.convert import from_xdsl, location_text, scalar_type
from phintys.dialects.nd import FusedOp, YieldOp
from phintys.dialects.xmath import XMath
from phintys.ir.diagnostics import error
from phintys.ir.fused import FusedBody, FusedNode, ScalarNode
from phintys.ir.graph import Node, Value
from phintys.ir.types import DTYPES, TensorType

from .emit import FCMP, ICMP, Emitter

CLASSES: dict[str, type[Operation]] = {op.name: op for dialect in (arith.Arith, math.Math, XMath) for op in dialect.operations}
# (name in graph text, kinds of the first operand) -> IR operation; `i` stands for all ints and bool
SPELLED: dict[tuple[str, str], str] = {
    **{(name, "f"): f"arith.{name}f" for name in ("add", "sub", "mul", "div", "neg", "maximum", "minimum")},
    **{(name, "i"): f"arith.{name}i" for name in ("add", "sub", "mul")},
    **{(name, "i"): f"arith.{name}i" for name in ("and", "or", "xor")},
    ("maximum", "i"): "arith.maxsi",
    ("minimum", "i"): "arith.minsi",
    ("abs", "f"): "math.absf",
    ("pow", "f"): "math.powf",
    ("arctan", "f"): "math.atan",
    **{(name, "f"): f"math.{name}" for name in ("sqrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tan")},
    **{(name, "f"): f"math.{name}" for name in ("sinh", "cosh", "tanh", "floor", "ceil")},
    **{(name, "f"): f"xmath.{name}" for name in ("sigmoid", "softplus", "sign")},
}
NAMES = {ir: name for (name, _), ir in SPELLED.items()}
FLOAT_COMPARE = {"eq": "oeq", "ne": "une", "lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge"}
INT_COMPARE = {"eq": "eq", "ne": "ne", "lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge"}
_FCMP_NAME = {FCMP[predicate]: name for name, predicate in FLOAT_COMPARE.items()}
_ICMP_NAME = {ICMP[predicate]: name for name, predicate in INT_COMPARE.items()}


# (kind of the operand, kind of the result, wider) -> the conversion that `cast` stands for
def _conversion(source: str, target: str) -> str | None:
    a, b = DTYPES[source], DTYPES[target]
    if a.kind == "f" and b.kind == "f":
        return "arith.extf" if b.bits > a.bits else "arith.truncf"
    if a.kind == "f":
        return "arith.fptosi" if b.kind == "i" else None
    if b.kind == "f":
        return "arith.uitofp" if a.kind == "b" else "arith.sitofp"
    if a.kind == "b":
        return "arith.extui"
    return "arith.trunci" if b.kind == "b" or b.bits < a.bits else "arith.extsi"


_SCALARS: dict[Attribute, str] = {scalar_type(name): name for name, row in DTYPES.items() if row.kind != "u"}


def _dtype(type: Attribute) -> str:
    found = _SCALARS.get(type)
    if found is None:
        raise error(f"{type} has no spelling in graph text")
    return found


# --- IR to graph ----------------------------------------------------------------------------------------------------


def fused_to_node(op: FusedOp, inputs: Sequence[Value]) -> FusedNode:
    """The graph node of a fused operation."""
    arguments = [Value(TensorType(_dtype(arg.type)), arg.name_hint) for arg in op.block.args]
    values: dict[SSAValue, Value] = dict(zip(op.block.args, arguments, strict=True))
    outputs: list[Value] = []
    for inner in op.block.ops:
        if isinstance(inner, YieldOp):
            outputs = [values[operand] for operand in inner.operands]
            continue
        node = _scalar_node(inner, [values[operand] for operand in inner.operands])
        values[inner.results[0]] = node.results[0]
        node.results[0].name = inner.results[0].name_hint
    dtypes = [from_xdsl(result.type).dtype for result in op.results]
    body = FusedBody(arguments, outputs)
    return FusedNode(inputs, op.combine, op.axes, body, dtypes=dtypes, loc=location_text(op) or None)


def _scalar_node(op: Operation, inputs: Sequence[Value]) -> ScalarNode:
    if isinstance(op, arith.ConstantOp):
        return ScalarNode("constant", (), {"value": _constant_value(op)})
    result = _dtype(op.results[0].type)
    if isinstance(op, arith.CmpfOp | arith.CmpiOp):
        number = op.predicate.value.data
        name = (_FCMP_NAME if isinstance(op, arith.CmpfOp) else _ICMP_NAME).get(number)
        attrs = {} if name else {"predicate": number}
        return ScalarNode(name or op.name, inputs, attrs)
    if isinstance(op, arith.SelectOp):
        return ScalarNode("select", inputs)
    if op.name in NAMES:
        return ScalarNode(NAMES[op.name], inputs)
    if len(inputs) == 1 and op.name == _conversion(inputs[0].type.dtype, result):
        return ScalarNode("cast", inputs, {"dtype": result})
    return ScalarNode(op.name, inputs, {} if inputs and result == inputs[0].type.dtype else {"dtype": result})


def _constant_value(op: arith.ConstantOp) -> np.ndarray[Any, Any]:
    value: Any = op.value
    number = value.value.data
    dtype = _dtype(op.result.type)
    return np.array(number, dtype=bool) if dtype == "bool" else np.array(number).astype(dtype)


IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def name_hint(value: Value) -> str | None:
    """The value's name where MLIR can write it."""
    return value.name if value.name is not None and IDENTIFIER.match(value.name) else None


# --- graph to IR ----------------------------------------------------------------------------------------------------


def emit_fused(node: Node, operands: Sequence[SSAValue], location: Any) -> FusedOp:
    """The fused operation of a graph node."""
    body: FusedBody = node.attrs["body"]
    block = Block(arg_types=[scalar_type(value.type.dtype) for value in body.inputs])
    emitter = Emitter(block, location)
    values: dict[int, SSAValue] = {}
    for value, argument in zip(body.inputs, block.args, strict=True):
        values[id(value)] = argument
        argument.name_hint = name_hint(value)
    for inner in body.nodes():
        values[id(inner.results[0])] = _emit_scalar(emitter, inner, [values[id(value)] for value in inner.inputs])
    block.add_op(YieldOp.create(operands=[values[id(value)] for value in body.outputs], location=location))
    types = [value.type for value in node.results]
    return FusedOp.build_op(operands, types, node.attrs["combine"], node.attrs["axes"], Region(block), location)


def _emit_scalar(e: Emitter, node: Node, operands: Sequence[SSAValue]) -> SSAValue:
    if node.op == "constant":
        return e.constant(node.attrs["value"].item(), scalar_type(node.results[0].type.dtype))
    first = node.inputs[0].type.dtype
    kind = "f" if DTYPES[first].kind == "f" else "i"
    if node.op in FLOAT_COMPARE:
        if kind == "f":
            return e.fcmp(FLOAT_COMPARE[node.op], *operands)
        return e.icmp(INT_COMPARE[node.op], *operands)
    if node.op == "select":
        return e.select(*operands)
    target = node.results[0].type.dtype
    if node.op == "cast" and target == first:
        return operands[0]
    name = _conversion(first, target) if node.op == "cast" else SPELLED.get((node.op, kind), node.op)
    if name not in CLASSES:
        raise error(f"a fused body has no '{node.op}' of {first}", name=node.loc or "")
    return e.op(CLASSES[name], operands, scalar_type(target), _properties(name, node.attrs))


def _properties(name: str, attrs: Mapping[str, Any]) -> dict[str, Attribute]:
    properties: dict[str, Attribute] = {}
    if "predicate" in attrs:
        properties["predicate"] = bi.IntegerAttr(attrs["predicate"], bi.i64)
    if name == "arith.cmpf":
        properties["fastmath"] = arith.FastMathFlagsAttr("none")
    return properties
