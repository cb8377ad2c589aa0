"""Numbers that the host of a GPU's function computes: each row of scalar arithmetic against native code, and in programs."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from xdsl.dialects import arith

import phintys.tensor as T
from phintys import function
from phintys.codegen import plan_scalars
from phintys.codegen.compiler import compile_module
from phintys.codegen.plan_functions import FUNCTIONS
from phintys.codegen.recipe import QUICK
from phintys.dialects.text import parse_module

INTEGERS = {"i8": "int8", "i16": "int16", "i32": "int32", "i64": "int64"}
FLOATS = {"f32": "float32", "f64": "float64"}
NUMPY = {**INTEGERS, **FLOATS, "i1": "bool"}
DIVISIONS = ("divsi", "divui", "remsi", "remui")
WHOLE = (
    "addi",
    "subi",
    "muli",
    "minsi",
    "maxsi",
    "minui",
    "maxui",
    "andi",
    "ori",
    "xori",
    "shli",
    "shrui",
    "shrsi",
    *DIVISIONS,
)
REAL = ("addf", "subf", "mulf", "divf", "minimumf", "maximumf", "minnumf", "maxnumf")
ORDERS = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")
RELATIONS = ("oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ugt", "uge", "ult", "ule", "une", "uno")
PAIRS = [(name, kind) for name in (*WHOLE, *(f"cmpi {one}" for one in ORDERS)) for kind in INTEGERS]
PAIRS += [(name, kind) for name in (*REAL, *(f"cmpf {one}" for one in RELATIONS)) for kind in FLOATS]
WIDER = [("i8", "i16"), ("i1", "i32"), ("i32", "i64"), ("i1", "i64")]
CASTS = [(name, a, b) for name in ("extsi", "extui") for a, b in WIDER]
CASTS += [("trunci", "i64", "i32"), ("trunci", "i16", "i8"), ("trunci", "i32", "i1")]
CASTS += [(name, a, b) for name in ("sitofp", "uitofp") for a in ("i8", "i64") for b in FLOATS]
CASTS += [(name, a, b) for name in ("fptosi", "fptoui") for a in FLOATS for b in INTEGERS]
CASTS += [("extf", "f32", "f64"), ("truncf", "f64", "f32")]
MATH = ("absf", "sqrt", "floor", "ceil", "trunc", "roundeven")
SINGLE = [("negf", one) for one in FLOATS] + [(f"math.{name}", one) for name in MATH for one in FLOATS]
CASES = [(name, f"{name}{',' if ' ' in name else ''} %x, %y : {one}", one) for name, one in PAIRS]
CASES += [(name, f"{name} %x : {a} to {b}", a) for name, a, b in CASTS]
CASES += [(name, f"{name} %x : {one}", one) for name, one in SINGLE]


def numbers(kind: str) -> list[Any]:
    """Those at which rows go wrong."""
    if kind in FLOATS:
        found = [0.0, -0.0, 0.5, -1.5, 2.5, 7.0, 300.0, -3e9, 1e30, -1e30, 2.0**63, 1e-310, np.inf, -np.inf, np.nan]
    elif kind == "i1":
        found = [False, True]
    else:
        bits = int(kind[1:])
        found = [0, 1, -1, 2, -3, 7, -7, 100, 2 ** (bits - 1) - 1, -(2 ** (bits - 1))]
    return [np.dtype(NUMPY[kind]).type(value) for value in found]


def is_defined(name: str, kind: str, x: Any, y: Any) -> bool:
    """Whether the machine has a result at all."""
    if name in DIVISIONS:
        return bool(y) and not (y == -1 and x == np.iinfo(NUMPY[kind]).min)
    return not name.startswith("sh") or 0 <= y < int(kind[1:])


@pytest.mark.parametrize(("name", "text", "kind"), CASES, ids=[text for _, text, _ in CASES])
def test_a_row_is_what_the_machine_does(name: str, text: str, kind: str) -> None:
    result = "i1" if name.startswith("cmp") else text.split()[-1]
    module = parse_module(f"""
builtin.module {{
  func.func @f(%a: memref<{kind}> {{nd.name = "a"}}, %b: memref<{kind}> {{nd.name = "b"}}) -> memref<{result}> {{
    %x = memref.load %a[] : memref<{kind}>
    %y = memref.load %b[] : memref<{kind}>
    %z = {text if text.startswith("math.") else f"arith.{text}"}
    %r = memref.alloc() : memref<{result}>
    memref.store %z, %r[] : memref<{result}>
    func.return %r : memref<{result}>
  }}
}}""")
    (op,) = (op for op in module.walk() if op.results and op.results[0].name_hint == "z")
    line = plan_scalars.expression(op, ["x", "y"])
    native = compile_module(module, "loops", QUICK).bind_strict([], lambda *_: None, True)
    for x, y in product(numbers(kind), repeat=2):
        if is_defined(name, kind, x, y):
            found = eval(str(line), {**FUNCTIONS, "x": x.item(), "y": y.item()})
            with np.errstate(all="ignore"):
                found = np.asarray(found).astype(NUMPY[result])
            np.testing.assert_array_equal(found, native(np.asarray(x), np.asarray(y)), f"{line} of {x} and {y}")


def test_every_row_is_tested() -> None:
    tested = {f"math.{name}" for name in MATH} | {f"arith.{name.split()[0]}" for name, *_ in CASES}
    others = {"arith.select", "arith.index_cast", "math.copysign"}
    others |= {
        "math.exp",
        "math.log",
        "math.powf",
        "arith.floordivsi",
        "arith.ceildivsi",
        "arith.ceildivui",
    }  # no pass writes them
    assert {op.name for op in (*plan_scalars.ROWS, arith.CmpiOp, arith.CmpfOp)} <= tested | others


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("dtype", ["int8", "int64", "uint8", "uint64"])
def test_bounds_out_of_numbers(dtype: str) -> None:
    """What only the host can use: it has to be the number that a kernel has."""
    s, x = T.dscalar("s"), T.dvector("x")
    f, g = (function([s, x], [x[: T.cast(s, dtype)], T.cast(x, dtype)], target=target) for target in ("cuda", "cpu"))
    for value in (1.7, -1.7, np.inf, -np.inf, np.nan, 1e30, -1e30, 3e9, 2.0**63):
        for found, wanted in zip(f(value, [value, 1, 2]), g(value, [value, 1, 2]), strict=True):
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.usefixtures("device")
def test_functions_for_the_host_come_from_the_device() -> None:
    """There is one `exp`: the host asks for its number where it needs it, for a size, a product, Python."""
    s, x = T.dscalar("s"), T.dmatrix("x")
    n = T.cast(T.exp(s), "int64")
    outputs = [T.alloc(s, n), x[:n] * T.sin(s), x[T.cast(T.log(n), "int64")], T.exp(s) * T.dot(x, x) + x]
    outputs.append(T.nlinalg.matrix_inverse(x * T.tanh(s)))
    f, g = (function([s, x], outputs, target=target) for target in ("cuda", "cpu"))
    for found, wanted in zip(f(1.3, np.eye(4)), g(1.3, np.eye(4)), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-14)
