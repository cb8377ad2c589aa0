"""Fused regions in the expression graph: scalar code applied at every point of an iteration space (`nd.fused`).

    e, s = fused[axes=[1]](a = x, b = m) {
      t = exp(a - b)
      map t
      add t
    }

The body is a small graph of its own, one node for each scalar operation of the IR. Nodes have the names of the operation
table where that has one (`add` is `arith.addf` on floats, `arith.addi` on ints) and `arith.shli`-like names otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .graph import Graph, Node, Value
from .infer import broadcast_shapes
from .types import TensorType, TypeInferenceError

MAP = "map"
COMBINERS = (MAP, "add", "mul", "max", "min", "and", "or", "argmax", "argmin")
ONE = (
    "neg",
    "abs",
    "sign",
    "sqrt",
    "exp",
    "expm1",
    "log",
    "log1p",
    "sin",
    "cos",
    "tan",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
)
ROUND = ("sigmoid", "softplus", "floor", "ceil")
TWO = ("add", "sub", "mul", "div", "maximum", "minimum", "pow", "and", "or", "xor")
COMPARE = ("eq", "ne", "lt", "le", "gt", "ge")
FLOATS = {*ONE, *ROUND, "div", "pow"}  # of floats only; and those that are of ints and bool only
INTS = {"and", "or", "xor"}
SCALAR_OPERANDS: dict[str, int] = {
    **dict.fromkeys((*ONE, *ROUND), 1),
    **dict.fromkeys((*TWO, *COMPARE), 2),
    "select": 3,
    "cast": 1,
    "constant": 0,
}


class ScalarNode(Node):
    """One scalar operation: a name of `SCALAR_OPERANDS`, or a name with a dot for any other operation of the IR.

    `attrs["dtype"]` is the result's dtype where it does not follow from the operands.
    """

    __slots__ = ()

    def __init__(
        self, op: str, inputs: Sequence[Value], attrs: Mapping[str, Any] | None = None, *, loc: str | None = None
    ) -> None:
        self.op = op
        self.inputs = tuple(inputs)
        self.attrs = dict(attrs or {})
        self.loc = loc
        self.results = (Value(TensorType(self._dtype()), None, self, 0, loc),)

    def _dtype(self) -> str:
        wanted = SCALAR_OPERANDS.get(self.op)
        if wanted is None and "." not in self.op:
            raise TypeInferenceError(f"'{self.op}' is not an operation of a fused body")
        if wanted is not None and wanted != len(self.inputs):
            raise TypeInferenceError(f"{self.op} takes {wanted} operands, got {len(self.inputs)}")
        if self.op == "constant":
            return str(self.attrs["value"].dtype)
        if "dtype" in self.attrs:
            return str(self.attrs["dtype"])
        if "predicate" in self.attrs:
            return "bool"
        if not self.inputs:
            raise TypeInferenceError(f"{self.op} without operands needs the attribute 'dtype'")
        return self._common_dtype()

    def _common_dtype(self) -> str:
        values = self.inputs[1:] if self.op == "select" else self.inputs
        dtypes = {value.type.dtype for value in values}
        if len(dtypes) > 1 and "." not in self.op:
            raise TypeInferenceError(f"{self.op} of {', '.join(sorted(dtypes))}: scalar operands have one dtype")
        kind = values[0].type.kind
        if (self.op in FLOATS and kind != "f") or (self.op in INTS and kind == "f"):
            wanted = "floats" if self.op in FLOATS else "ints or bool"
            raise TypeInferenceError(f"{self.op} of {values[0].type.dtype}: expected {wanted}; cast the operand")
        if self.op == "select" and self.inputs[0].type.dtype != "bool":
            raise TypeInferenceError(f"select: the condition is {self.inputs[0].type.dtype}, expected bool")
        return "bool" if self.op in COMPARE else values[0].type.dtype


class FusedBody(Graph):
    """The scalar code: inputs are the elements of the operands, outputs what is stored or combined."""

    def __init__(self, inputs: Sequence[Value], outputs: Sequence[Value]) -> None:
        super().__init__("body", inputs, outputs)

    def __repr__(self) -> str:
        """Equal for equal code, whatever the names are: content hashes and comparisons rely on it."""
        number = {id(value): index for index, value in enumerate(self.inputs)}
        lines = [", ".join(str(value.type) for value in self.inputs)]
        for node in self.nodes():
            operands = ", ".join(str(number[id(value)]) for value in node.inputs)
            attrs = {
                key: (attr.dtype.name, attr.tobytes()) if hasattr(attr, "tobytes") else attr for key, attr in node.attrs.items()
            }
            lines.append(f"{node.op}({operands}){attrs or ''}")
            number[id(node.results[0])] = len(number)
        lines.append(f"-> {[number[id(value)] for value in self.outputs]}")
        return "; ".join(lines)


class FusedNode(Node):
    """A fused region: `combine` has `map` or a combiner for each result, combined results drop `axes`."""

    __slots__ = ()

    def __init__(
        self,
        inputs: Sequence[Value],
        combine: Iterable[str],
        axes: Iterable[int],
        body: FusedBody,
        *,
        dtypes: Sequence[str] | None = None,
        loc: str | None = None,
    ) -> None:
        self.op = "fused"
        self.inputs = tuple(inputs)
        self.loc = loc
        combine, axes = tuple(combine), tuple(axes)
        self.attrs = {"combine": combine, "axes": axes, "body": body}
        space = broadcast_shapes([value.type.shape for value in inputs])
        if any(not 0 <= axis < len(space) for axis in axes) or any(c not in COMBINERS for c in combine):
            raise TypeInferenceError(f"fused: axes {axes} or combiners {combine} do not fit {len(space)} dimensions")
        reduced = tuple(size for axis, size in enumerate(space) if axis not in axes)
        dtypes = dtypes or [
            "int64" if combiner.startswith("arg") else value.type.dtype
            for combiner, value in zip(combine, body.outputs, strict=True)
        ]
        self.attrs["dtypes"] = tuple(dtypes)
        self.results = tuple(
            Value(TensorType(dtype, space if combiner == MAP else reduced), None, self, index, loc)
            for index, (combiner, dtype) in enumerate(zip(combine, dtypes, strict=True))
        )
