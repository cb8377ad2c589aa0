"""Accuracy of the rows of expand-math, in units in the last place of the correctly rounded result.

Each function is compiled by LLVM into a loop over an array, as it is used. References are mpmath's (about a thousand
points) and extended precision (many points; skipped where `np.longdouble` is no wider than a double).
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from functools import cache
from math import inf, nan

import llvmlite.binding as llvm
import mpmath
import numpy as np
import pytest
from xdsl.dialects import arith, func, math
from xdsl.ir import Operation, SSAValue

from phintys.dialects import xmath
from phintys.passes.expand_math import define
from phintys.passes.math_rows.table import KEPT, LIBM, ROWS
from phintys.passes.scalar_builder import F32, F64, FloatFormat

FORMATS = {"f64": F64, "f32": F32}
DTYPES = {"f64": np.dtype(np.float64), "f32": np.dtype(np.float32)}
WIDE = np.finfo(np.longdouble).nmant >= 63
Function = Callable[[np.ndarray], np.ndarray]

# Bounds in ulp: (f64, f32); measured maxima are 2 to 10 % below.
BOUNDS = {
    math.ExpOp: (0.88, 0.90),
    math.ExpM1Op: (0.85, 0.83),
    math.LogOp: (0.74, 0.74),
    math.Log1pOp: (0.82, 0.82),
    math.SinhOp: (0.97, 0.97),
    math.CoshOp: (0.90, 0.90),
    math.TanhOp: (0.77, 0.77),
    xmath.SigmoidOp: (0.82, 0.82),
    xmath.SoftplusOp: (0.85, 0.85),
}
CASES = [
    pytest.param(op, name, bounds[column], id=f"{op.name}-{name}")
    for op, bounds in BOUNDS.items()
    for column, name in enumerate(FORMATS)
]

# Compiling


BINARY = {
    arith.AddfOp: "fadd",
    arith.SubfOp: "fsub",
    arith.MulfOp: "fmul",
    arith.DivfOp: "fdiv",
    arith.AddiOp: "add",
    arith.SubiOp: "sub",
    arith.AndIOp: "and",
    arith.OrIOp: "or",
    arith.ShLIOp: "shl",
    arith.ShRUIOp: "lshr",
}
INTRINSICS = {math.AbsFOp: "fabs", math.FmaOp: "fma", math.CopySignOp: "copysign", math.FloorOp: "floor"}
PREDICATES = {1: "oeq", 2: "ogt", 4: "olt"}
TYPES = {"f32": "float", "f64": "double"}

LOOP = """
define void @loop(ptr noalias %x, ptr noalias %y, i64 %n) {{
entry:
  br label %body
body:
  %i = phi i64 [ 0, %entry ], [ %next, %body ]
  %p = getelementptr {type}, ptr %x, i64 %i
  %q = getelementptr {type}, ptr %y, i64 %i
  %a = load {type}, ptr %p
  %r = call {type} @row({type} %a)
  store {type} %r, ptr %q
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %body, label %exit
exit:
  ret void
}}
"""


def llvm_type(value: SSAValue) -> str:
    return TYPES.get(str(value.type), str(value.type))


def instruction(op: Operation, names: dict[SSAValue, str]) -> str:
    kind = llvm_type(op.operands[0])
    values = [names[operand] for operand in op.operands]
    match op:
        case arith.CmpfOp():
            return f"fcmp {PREDICATES[op.predicate.value.data]} {kind} {values[0]}, {values[1]}"
        case arith.SelectOp():
            result = llvm_type(op.results[0])
            return f"select i1 {values[0]}, {result} {values[1]}, {result} {values[2]}"
        case arith.BitcastOp():
            return f"bitcast {kind} {values[0]} to {llvm_type(op.results[0])}"
        case arith.NegfOp():
            return f"fneg {kind} {values[0]}"
        case _ if type(op) in BINARY:
            return f"{BINARY[type(op)]} {kind} {values[0]}, {values[1]}"
        case _:
            suffix = "f64" if kind == "double" else "f32"
            arguments = ", ".join(f"{kind} {value}" for value in values)
            return f"call {kind} @llvm.{INTRINSICS[type(op)]}.{suffix}({arguments})"


def constant(op: arith.ConstantOp) -> str:
    value = op.value.value.data
    return str(value) if isinstance(value, int) else f"0x{struct.pack('>d', value).hex()}"


def llvm_text(function: func.FuncOp, kind: str) -> str:
    names: dict[SSAValue, str] = {function.body.block.args[0]: "%x"}
    lines = [f"define internal {kind} @row({kind} %x) alwaysinline {{"]
    for number, op in enumerate(function.body.block.ops):
        if isinstance(op, func.ReturnOp):
            lines.append(f"  ret {kind} {names[op.operands[0]]}\n}}")
        elif isinstance(op, arith.ConstantOp):
            names[op.results[0]] = constant(op)
        else:
            names[op.results[0]] = f"%v{number}"
            lines.append(f"  %v{number} = {instruction(op, names)}")
    suffix = "f64" if kind == "double" else "f32"
    arity = {"fma": 3, "copysign": 2}
    declarations = [
        f"declare {kind} @llvm.{name}.{suffix}({', '.join([kind] * arity.get(name, 1))})"
        for name in INTRINSICS.values()
    ]
    return "\n".join([*declarations, *lines, LOOP.format(type=kind)])


ENGINES: list[llvm.ExecutionEngine] = []  # keeps the code alive


@cache
def compiled(op: type[Operation], name: str) -> Function:
    """The row as a function of an array."""
    shape = FORMATS[name]
    function = define("row", ROWS[op], shape)
    function.verify()
    address = optimized(llvm_text(function, TYPES[name]))
    native = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(address)

    def run(x: np.ndarray) -> np.ndarray:
        x = np.ascontiguousarray(x, DTYPES[name])
        y = np.empty_like(x)
        native(x.ctypes.data, y.ctypes.data, x.size)
        return y

    return run


def optimized(text: str) -> int:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
    )
    module = llvm.parse_assembly(text)
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(3))
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    ENGINES.append(engine)
    return engine.get_function_address("loop")


# Points and references


def points(shape: FloatFormat, count: int) -> np.ndarray:
    """Arguments of every magnitude, and many where something changes over."""
    dtype = DTYPES[shape.name]
    rng = np.random.default_rng(7)
    unsigned = np.dtype(f"u{dtype.itemsize}")
    top = shape.bias * 0.6931471805599453
    ranges = [(-s, s) for s in (1e-3, 0.36, 1, 3, 20, 100)]
    ranges += [
        (-top * 1.1, top * 1.1),
        (top - 1, top + 1),
        (-top - 1, -top + 1),
        (-top - 40, -top),
        (0.5, 2),
        (-1, -0.99),
    ]
    tiny = 4 * shape.min_normal
    parts = [rng.integers(0, np.iinfo(unsigned).max, count, unsigned, endpoint=True).view(dtype)]
    parts += [rng.uniform(low, high, count).astype(dtype) for low, high in [*ranges, (-tiny, tiny)]]
    steps = np.arange(-2 * shape.bias, 2 * shape.bias) * (np.log(2) / 2)
    parts += [(steps * (1 + k * np.finfo(dtype).eps)).astype(dtype) for k in range(-3, 4)]
    return np.concatenate(parts)


def wide_softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def wide_sigmoid(x: np.ndarray) -> np.ndarray:
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


WIDE_REFERENCES = {
    math.ExpOp: np.exp,
    math.ExpM1Op: np.expm1,
    math.LogOp: np.log,
    math.Log1pOp: np.log1p,
    math.SinhOp: np.sinh,
    math.CoshOp: np.cosh,
    math.TanhOp: np.tanh,
    xmath.SigmoidOp: wide_sigmoid,
    xmath.SoftplusOp: wide_softplus,
}
MP_REFERENCES = {
    math.ExpOp: mpmath.exp,
    math.ExpM1Op: mpmath.expm1,
    math.LogOp: mpmath.log,
    math.Log1pOp: mpmath.log1p,
    math.SinhOp: mpmath.sinh,
    math.CoshOp: mpmath.cosh,
    math.TanhOp: mpmath.tanh,
    xmath.SigmoidOp: lambda x: 1 / (1 + mpmath.exp(-x)),
    xmath.SoftplusOp: lambda x: mpmath.log1p(mpmath.exp(x)),
}


def wide_error(y: np.ndarray, reference: np.ndarray, shape: FloatFormat) -> np.ndarray:
    """|y - reference| in ulp of the reference; infinite where special results differ."""
    exponent = np.maximum(np.frexp(np.abs(reference))[1] - 1, 1 - shape.bias)
    error = np.abs(y - reference) / np.ldexp(np.longdouble(1), exponent - shape.mantissa)
    limit = np.longdouble(np.finfo(y.dtype).max) * (1 + np.ldexp(np.longdouble(1), -shape.mantissa - 2))
    overflow = np.abs(reference) > limit
    error = np.where(overflow, np.where(y == np.sign(reference) * np.longdouble(inf), 0, inf), error)
    same = (y == reference) | (np.isnan(y) & np.isnan(reference))
    return np.where(same, 0, np.where(np.isnan(error), inf, error))


def mp_error(y: float, reference: mpmath.mpf, shape: FloatFormat) -> float:
    exponent = max(int(mpmath.frexp(reference)[1]) - 1, 1 - shape.bias)
    return float(abs(mpmath.mpf(y) - reference) * mpmath.mpf(2) ** (shape.mantissa - exponent))


# Tests


@pytest.mark.skipif(not WIDE, reason="np.longdouble is no wider than a double")
@pytest.mark.parametrize(("op", "name", "bound"), CASES)
def test_many_points(op: type[Operation], name: str, bound: float) -> None:
    x = points(FORMATS[name], 20_000)
    with np.errstate(all="ignore"):
        error = wide_error(compiled(op, name)(x), WIDE_REFERENCES[op](x.astype(np.longdouble)), FORMATS[name])
    worst = int(np.argmax(error))
    assert error[worst] <= bound, f"at {x[worst]!r}"


@pytest.mark.parametrize(("op", "name", "bound"), CASES)
def test_few_points_exactly(op: type[Operation], name: str, bound: float) -> None:
    x = points(FORMATS[name], 50)
    x = np.concatenate([x[:600], x[600::47]])
    if op in (math.LogOp, math.Log1pOp):
        x = x[x > (0 if op is math.LogOp else -1)]
    x = x[np.isfinite(x) & (x != 0)]
    y = compiled(op, name)(x)
    with mpmath.workprec(300):
        for argument, result in zip(x.tolist(), y.tolist(), strict=True):
            if not np.isinf(result):
                reference = MP_REFERENCES[op](mpmath.mpf(argument))
                assert mp_error(result, reference, FORMATS[name]) <= bound, argument


SPECIAL = {
    math.ExpOp: [(0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, 0.0), (1e30, inf), (-1e30, 0.0)],
    math.ExpM1Op: [(0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, -1.0), (1e30, inf), (-1e30, -1.0)],
    math.LogOp: [(0.0, -inf), (-0.0, -inf), (1.0, 0.0), (inf, inf), (-inf, nan), (-1.0, nan), (-1e-40, nan)],
    math.Log1pOp: [(0.0, 0.0), (-0.0, -0.0), (-1.0, -inf), (inf, inf), (-inf, nan), (-1.5, nan)],
    math.SinhOp: [(0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, -inf), (1e30, inf), (-1e30, -inf)],
    math.CoshOp: [(0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, inf), (1e30, inf), (-1e30, inf)],
    math.TanhOp: [(0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0), (1e30, 1.0), (-1e30, -1.0)],
    xmath.SigmoidOp: [(0.0, 0.5), (-0.0, 0.5), (inf, 1.0), (-inf, 0.0), (1e30, 1.0), (-1e30, 0.0)],
    xmath.SoftplusOp: [(inf, inf), (-inf, 0.0), (1e30, 1e30), (-1e30, 0.0)],
    xmath.SignOp: [(0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0), (3.0, 1.0), (-1e-40, -1.0)],
    math.RoundOp: [
        (0.0, 0.0),
        (-0.0, -0.0),
        (inf, inf),
        (-inf, -inf),
        (0.5, 1.0),
        (-0.25, -0.0),
        (-2.5, -3.0),
        (1e30, 1e30),
    ],
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("op", SPECIAL, ids=lambda op: op.name)
def test_special_values(op: type[Operation], name: str) -> None:
    table = np.array([*SPECIAL[op], (nan, nan)], DTYPES[name])
    found = compiled(op, name)(table[:, 0])
    np.testing.assert_array_equal(found, table[:, 1])
    numbers = ~np.isnan(found)
    np.testing.assert_array_equal(np.signbit(found[numbers]), np.signbit(table[numbers, 1]))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("op", [math.SinhOp, math.TanhOp, xmath.SignOp, math.RoundOp], ids=lambda op: op.name)
def test_odd(op: type[Operation], name: str) -> None:
    x = points(FORMATS[name], 1000)
    x = x[~np.isnan(x)]
    np.testing.assert_array_equal(compiled(op, name)(-x), -compiled(op, name)(x))


@pytest.mark.parametrize("name", FORMATS)
def test_round_is_exact(name: str) -> None:
    x = points(FORMATS[name], 1000)
    x = np.concatenate(
        [x, np.arange(-50, 50, 0.5, DTYPES[name]), np.nextafter(DTYPES[name].type(0.5), [0, 1], dtype=x.dtype)]
    )
    with np.errstate(all="ignore"):
        truncated = np.trunc(x)
        expected = np.where(np.abs(x - truncated) >= 0.5, truncated + np.copysign(1, x), truncated)
    np.testing.assert_array_equal(compiled(math.RoundOp, name)(x), expected)


def test_every_math_operation_is_in_one_table() -> None:
    """What xDSL's dialect offers on floats has a row, a libm function or an instruction; integer powers do not."""
    tables = [set(ROWS), set(LIBM), set(KEPT)]
    assert sum(map(len, tables)) == len(set.union(*tables))
    missing = set(math.Math.operations) | set(xmath.XMath.operations)
    assert missing - set.union(*tables) == {math.FPowIOp, math.IPowIOp, math.RsqrtOp}
    assert set(SPECIAL) == set(ROWS)
