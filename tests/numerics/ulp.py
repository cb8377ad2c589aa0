"""Errors of the rows of expand-math in units in the last place (ulp) of the exact result.

    python -m tests.numerics.ulp sin cos            # dense sampling, f64 and f32
    python -m tests.numerics.ulp sin --exhaustive   # all 2^32 arguments of f32, a minute or two a function

Each function is compiled in a loop over arrays. References are extended precision where NumPy has the function
(x86's `np.longdouble`), mpmath's otherwise; of f32 NumPy's or SciPy's f64 functions, another route than ours.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import cache
from math import inf
from typing import Any, NamedTuple

import mpmath
import numpy as np
import scipy.special
from xdsl.context import Context
from xdsl.dialects import math
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from phintys.codegen.assemble import assemble
from phintys.codegen.engine import compile_object
from phintys.codegen.executable import Executable
from phintys.codegen.interface import Interface
from phintys.dialects import xmath
from phintys.dialects.context import make_context
from phintys.dialects.text import parse_module, verify_module
from phintys.dialects.xmath_special import SPECIAL
from phintys.passes.convert_loops_to_llvm import ConvertLoopsToLlvm
from phintys.passes.expand_math import ExpandMath
from phintys.passes.float_format import F32, F64, FloatFormat

Array = Any
FORMATS = {"f64": F64, "f32": F32}
DTYPES = {"f64": np.dtype(np.float64), "f32": np.dtype(np.float32)}
WIDE = np.finfo(np.longdouble).nmant >= 63
Function = Callable[..., Array]


def wide_softplus(x: Array) -> Array:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def wide_sigmoid(x: Array) -> Array:
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


class Measured(NamedTuple):
    """A function: its operation, bounds in ulp (f64, f32), and references in extended precision, in f64 and mpmath's."""

    op: type[Operation]
    bounds: tuple[float, float]
    wide: Function | None
    exact: Callable[..., Any]
    double: Function | None = None  # where `wide` is no NumPy function
    arity: int = 1
    low: float = -inf  # bounds hold from here; near roots below it the error is absolute


# Measured maxima of f64 (dense sampling) are up to 8 % below the bounds; so are those of f32, of all its numbers where the
# second bound has three digits, else of samples. Of all 2^32: sin 0.50337 at 739.2646, atan 1.1073, log2 1.0985, log10 1.2537,
# tan 1.2441, acosh 0.8400, sinh 0.9078, softplus 0.9602.
MEASURED = {
    "exp": Measured(math.ExpOp, (0.92, 0.92), np.exp, mpmath.exp),
    "exp2": Measured(math.Exp2Op, (0.92, 0.96), np.exp2, lambda x: mpmath.mpf(2) ** x),
    "expm1": Measured(math.ExpM1Op, (0.85, 0.83), np.expm1, mpmath.expm1),
    "pow": Measured(math.PowFOp, (1.25, 1.3), np.power, mpmath.power, arity=2),
    "rsqrt": Measured(math.RsqrtOp, (1.5, 0.51), lambda x: 1 / np.sqrt(x), lambda x: 1 / mpmath.sqrt(x)),
    "log": Measured(math.LogOp, (0.74, 0.85), np.log, mpmath.log),
    "log2": Measured(math.Log2Op, (0.9, 1.19), np.log2, lambda x: mpmath.log(x, 2)),
    "log10": Measured(math.Log10Op, (0.9, 1.27), np.log10, mpmath.log10),
    "log1p": Measured(math.Log1pOp, (0.82, 0.95), np.log1p, mpmath.log1p),
    "sin": Measured(math.SinOp, (0.9, 0.51), np.sin, mpmath.sin),
    "cos": Measured(math.CosOp, (0.9, 0.51), np.cos, mpmath.cos),
    "tan": Measured(math.TanOp, (1.45, 1.26), np.tan, mpmath.tan),
    "asin": Measured(math.AsinOp, (0.9, 1.20), np.arcsin, mpmath.asin),
    "acos": Measured(math.AcosOp, (0.9, 1.17), np.arccos, mpmath.acos),
    "atan": Measured(math.AtanOp, (1.3, 1.25), np.arctan, mpmath.atan),
    "atan2": Measured(math.Atan2Op, (1.5, 1.5), np.arctan2, mpmath.atan2, arity=2),
    "sinh": Measured(math.SinhOp, (1.0, 0.98), np.sinh, mpmath.sinh),
    "cosh": Measured(math.CoshOp, (0.92, 0.92), np.cosh, mpmath.cosh),
    "tanh": Measured(math.TanhOp, (0.77, 1.05), np.tanh, mpmath.tanh),
    "asinh": Measured(math.AsinhOp, (0.9, 0.95), np.arcsinh, mpmath.asinh),
    "acosh": Measured(math.AcoshOp, (0.9, 0.9), np.arccosh, mpmath.acosh),
    "atanh": Measured(math.AtanhOp, (0.9, 0.9), np.arctanh, mpmath.atanh),
    "sigmoid": Measured(xmath.SigmoidOp, (0.92, 0.92), wide_sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "softplus": Measured(xmath.SoftplusOp, (0.92, 1.03), wide_softplus, lambda x: mpmath.log1p(mpmath.exp(x))),
    "erf": Measured(math.ErfOp, (1.6, 0.54), None, mpmath.erf, scipy.special.erf),
    "erfc": Measured(SPECIAL["erfc"], (3.3, 0.51), None, lambda x: mpmath.erfc(min(x, 99)), scipy.special.erfc),
    "gamma": Measured(SPECIAL["gamma"], (4.0, 0.51), None, mpmath.gamma, scipy.special.gamma),
    "gammaln": Measured(
        SPECIAL["gammaln"], (3.5, 0.51), None, lambda x: mpmath.log(abs(mpmath.gamma(x))), scipy.special.gammaln
    ),
    "psi": Measured(SPECIAL["psi"], (4.0, 0.51), None, mpmath.digamma, scipy.special.digamma, low=0.0),
}

# Compiling

LOOP = """
func.func @loop({arguments}) -> memref<?x{type}> {{
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %n = memref.dim %x0, %zero : memref<?x{type}>
  %result = memref.alloc(%n) : memref<?x{type}>
  scf.for %i = %zero to %n step %one {{
    {loads}
    %r = {name} {values} : {type}
    memref.store %r, %result[%i] : memref<?x{type}>
  }}
  func.return %result : memref<?x{type}>
}}
"""


def failed(number: int, values: tuple[int, ...]) -> None:
    raise AssertionError(f"check {number} failed: {values}")


def loop_module(op: type[Operation], name: str, arity: int = 1) -> tuple[Context, ModuleOp]:
    """A function that applies the operation to arrays of one length."""
    context = make_context()
    numbers = range(arity)
    text = LOOP.format(
        arguments=", ".join(f'%x{k}: memref<?x{name}> {{nd.name = "x{k}"}}' for k in numbers),
        loads="\n    ".join(f"%a{k} = memref.load %x{k}[%i] : memref<?x{name}>" for k in numbers),
        values=", ".join(f"%a{k}" for k in numbers),
        name=op.name,
        type=name,
    )
    return context, parse_module(text, context=context)


def loop_text(op: type[Operation], name: str, arity: int = 1) -> tuple[str, Interface]:
    """LLVM IR of it."""
    context, module = loop_module(op, name, arity)
    ExpandMath().apply(context, module)
    verify_module(module)
    ConvertLoopsToLlvm().apply(context, module)
    return assemble(module)


@cache
def compiled(op: type[Operation], name: str, arity: int = 1) -> Function:
    """The operation as a native function of arrays of one length."""
    text, interface = loop_text(op, name, arity)
    return Executable(compile_object(text), interface).bind_strict([], failed, unpack=True)


# Points


def points(shape: FloatFormat, count: int, seed: int = 7) -> Array:
    """Arguments of every magnitude, and many where something changes over."""
    dtype = DTYPES[shape.name]
    rng = np.random.default_rng(seed)
    unsigned = np.dtype(f"u{dtype.itemsize}")
    top = shape.bias * 0.6931471805599453
    ranges = [(-s, s) for s in (1e-3, 0.36, 1, 3, 20, 100)]
    ranges += [(-top * 1.1, top * 1.1), (top - 1, top + 1), (-top - 1, -top + 1), (-top - 40, -top), (0.5, 2), (-1, -0.99)]
    ranges += [(0.99, 1.01), (-2e9, 2e9), (-1e5, 1e5)]
    tiny = 4 * shape.min_normal
    parts = [rng.integers(0, np.iinfo(unsigned).max, count, unsigned, endpoint=True).view(dtype)]
    parts += [rng.uniform(low, high, count).astype(dtype) for low, high in [*ranges, (-tiny, tiny)]]
    for unit in (np.log(2) / 2, np.pi / 2):
        steps = np.arange(-2 * shape.bias, 2 * shape.bias, 1 if count > 10_000 else 5) * unit
        parts += [(steps * (1 + k * np.finfo(dtype).eps)).astype(dtype) for k in range(-3, 4)]
    return np.concatenate(parts)


def pairs(name: str, shape: FloatFormat, count: int, seed: int = 7) -> tuple[Array, Array]:
    """Two arguments: any with any, and for `pow` bases with exponents that keep the result finite."""
    rng = np.random.default_rng(seed)
    x, y = points(shape, count, seed), points(shape, count, seed + 1)
    rng.shuffle(y)
    if name == "pow":
        bases = np.abs(np.concatenate([x, x[: x.size // 2]]))
        with np.errstate(all="ignore"):
            limit = (shape.bias + 30) / np.abs(np.log2(bases.astype(float)))
            exponents = (rng.uniform(-1, 1, bases.size) * np.minimum(limit, 1e9)).astype(x.dtype)
        whole = np.round(rng.uniform(-12, 12, x.size)).astype(x.dtype)
        return np.concatenate([x, bases, x]), np.concatenate([y, exponents, whole])
    with np.errstate(all="ignore"):
        near = (x * rng.uniform(0.5, 2, x.size)).astype(x.dtype)
    return np.concatenate([x, x]), np.concatenate([y, near])


def arguments(name: str, shape: FloatFormat, count: int, seed: int = 7) -> tuple[Array, ...]:
    """What to measure `name` at."""
    if MEASURED[name].arity == 2:
        return pairs(name, shape, count, seed)
    x = points(shape, count, seed)
    return (x[~(x < MEASURED[name].low)],)


# Errors


def wide_error(y: Array, reference: Array, shape: FloatFormat) -> Array:
    """|y - reference| in ulp of the reference; infinite where special results differ."""
    wide = reference.dtype.type
    exponent = np.maximum(np.frexp(np.abs(reference))[1] - 1, 1 - shape.bias)
    error = np.abs(y - reference) / np.ldexp(wide(1), exponent - shape.mantissa)
    limit = wide(np.finfo(y.dtype).max) * (1 + np.ldexp(wide(1), -shape.mantissa - 2))
    overflow = np.abs(reference) > limit
    error = np.where(overflow, np.where(y == np.sign(reference) * wide(inf), 0, inf), error)
    same = (y == reference) | (np.isnan(y) & np.isnan(reference))
    return np.where(same, 0, np.where(np.isnan(error), inf, error))


def mp_error(y: float, reference: Any, shape: FloatFormat) -> float:
    """|y - reference| in ulp of the reference, which is a finite number of mpmath's."""
    exponent = max(int(mpmath.frexp(reference)[1]) - 1, 1 - shape.bias)
    return float(abs(mpmath.mpf(y) - reference) * mpmath.mpf(2) ** (shape.mantissa - exponent))


def worst(name: str, format_name: str, xs: tuple[Array, ...], reference: Function) -> tuple[float, tuple[Any, ...]]:
    """The largest error against a reference that takes and gives wider numbers, and where it is."""
    row, shape = MEASURED[name], FORMATS[format_name]
    with np.errstate(all="ignore"):
        wide = reference(*(x.astype(np.float64 if reference is row.double else np.longdouble) for x in xs))
        error = wide_error(compiled(row.op, format_name, row.arity)(*xs), wide, shape)
    at = int(np.argmax(error))
    return float(error[at]), tuple(x[at] for x in xs)


def worst_exactly(name: str, format_name: str, xs: tuple[Array, ...]) -> tuple[float, tuple[Any, ...]]:
    """The largest error against mpmath, at arguments where both results are finite."""
    row, shape = MEASURED[name], FORMATS[format_name]
    ys = compiled(row.op, format_name, row.arity)(*xs)
    found: tuple[float, tuple[Any, ...]] = (0.0, ())
    with mpmath.workprec(400):
        for y, *x in zip(ys.tolist(), *(x.tolist() for x in xs), strict=True):
            if np.isfinite(y) and np.isfinite(x).all() and all(x):
                reference = row.exact(*map(mpmath.mpf, x))
                found = max(found, (mp_error(y, reference, shape), tuple(x)))
    return found


# All numbers of f32


def all_floats(step: int = 1 << 22) -> Iterator[Array]:
    """Every f32, in chunks."""
    for start in range(0, 1 << 32, step):
        yield np.arange(start, start + step, dtype=np.uint64).astype(np.uint32).view(np.float32)


def exhaustive(name: str) -> tuple[float, Any]:
    """The largest error of a function of f32 over all its arguments, against an f64 function of NumPy's or SciPy's.

    Results that are the rounded reference are off by half an ulp at most; only the others are looked at more closely.
    """
    row = MEASURED[name]
    found: tuple[float, Any] = (0.5, None)
    function, reference = compiled(row.op, "f32"), row.double or row.wide
    assert reference is not None and row.arity == 1
    for every in all_floats():
        x = every if row.low == -inf else every[~(every < row.low)]
        with np.errstate(all="ignore"):
            y, wide = function(x), reference(x.astype(np.float64))
            rounded = wide.astype(np.float32)
            other = (y != rounded) & ~(np.isnan(y) & np.isnan(rounded))
            if other.any():
                error = wide_error(y[other], wide[other], F32)
                found = max(found, (float(error.max()), x[other][np.argmax(error)]), key=lambda pair: pair[0])
    return found


def main(argv: list[str]) -> None:
    """Print the errors of the functions named, or of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*MEASURED, []], metavar="NAME")
    parser.add_argument("--exhaustive", action="store_true", help="all 2^32 arguments of f32")
    parser.add_argument("--count", type=int, default=100_000, help="points in each range of arguments")
    options = parser.parse_args(argv)
    for name in options.names or MEASURED:
        if options.exhaustive:
            print(name, "f32, all:", *exhaustive(name), flush=True)
            continue
        for format_name, shape in FORMATS.items():
            row = MEASURED[name]
            reference = row.wide or (row.double if format_name == "f32" else None)
            if reference:
                found = worst(name, format_name, arguments(name, shape, options.count), reference)
            else:
                found = worst_exactly(name, format_name, arguments(name, shape, max(options.count // 100, 50)))
            print(f"{name:9s} {format_name} {found[0]:6.3f} ulp at {found[1]}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
