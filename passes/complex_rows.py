"""Complex operations in real ones: one row for each, `(c) -> Pair` or a real term, `c` gives the operands as pairs.

Formulas: Smith, Algorithm 116: Complex division (1962) for quotients; Kahan, Branch cuts for complex elementary functions
(1987), for the rest, without his care for the signs of zeros on branch cuts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp
from phintys.ir.ops_complex import PARTS

from .nd_builder import Builder, Term, type_of
from .pow_by_squaring import LARGEST, addition_chain
from .rewriting import attribute, splat_value

INF = float("inf")


class Pair(NamedTuple):
    """A complex tensor as its real and its imaginary part."""

    re: Term
    im: Term


class Call(NamedTuple):
    """An operation with operands taken apart: `z` and `w` are the first two, real ones as they are."""

    op: NdOp
    b: Builder
    operands: list[Pair | Term]

    @property
    def z(self) -> Pair:
        """The first operand."""
        return _pair(self.operands[0])

    @property
    def w(self) -> Pair:
        """The second operand."""
        return _pair(self.operands[1])


def _pair(value: Pair | Term) -> Pair:
    return value if isinstance(value, Pair) else Pair(value, zero_like(value))


def zero_like(value: Term) -> Term:
    """Zeros of the type of `value`."""
    return Term(value.b, value.b.full_like(value.value, 0.0))


Row = Callable[[Call], "Pair | Term"]


def times(z: Pair, w: Pair) -> Pair:
    """z w."""
    return Pair(z.re * w.re - z.im * w.im, z.re * w.im + z.im * w.re)


def over(z: Pair, w: Pair) -> Pair:
    """z / w by Smith's formula: the smaller part of the divisor is divided by the larger one."""
    first = w.re.op("abs").op("ge", w.im.op("abs"))
    large, small = first.select(w.re, w.im), first.select(w.im, w.re)
    ratio = small / large
    divisor = large + small * ratio
    re = first.select(z.re + z.im * ratio, z.re * ratio + z.im)
    im = first.select(z.im - z.re * ratio, z.im * ratio - z.re)
    return Pair(re / divisor, im / divisor)


def _abs(z: Pair) -> Term:
    """The larger part times sqrt(1 + ratio**2), which does not overflow."""
    a, b = z.re.op("abs"), z.im.op("abs")
    large, small = a.op("maximum", b), a.op("minimum", b)
    usual = large.op("gt", 0.0).op("and", large.op("lt", INF))
    ratio = usual.select(small, 0.0) / usual.select(large, 1.0)
    return large * (ratio * ratio + 1.0).op("sqrt")


def _exp(z: Pair) -> Pair:
    size = z.re.op("exp")
    real = z.im.op("eq", 0.0)
    return Pair(real.select(size, size * z.im.op("cos")), real.select(z.im, size * z.im.op("sin")))


def _log(z: Pair) -> Pair:
    """Near 1 the modulus is not taken: log(|z|) is log1p(|z|**2 - 1) / 2."""
    a, b = z.re.op("abs"), z.im.op("abs")
    large, small = a.op("maximum", b), a.op("minimum", b)
    near = large.op("gt", 0.5).op("and", large.op("lt", 2.0))
    excess = near.select((large - 1.0) * (large + 1.0) + small * small, 0.0)
    return Pair(near.select(excess.op("log1p") * 0.5, _abs(z).op("log")), z.im.op("arctan2", z.re))


def _sqrt(z: Pair) -> Pair:
    """The larger part first, the other one by a division."""
    t = (z.re.op("abs") * 0.5 + _abs(z) * 0.5).op("sqrt")
    positive = t.op("gt", 0.0)
    other = positive.select(z.im.op("abs") * 0.5, 0.0) / positive.select(t, 1.0)
    right = z.re.op("ge", 0.0)
    size = right.select(other, t)
    return Pair(right.select(t, other), z.im.op("lt", 0.0).select(-size, size))


def _sinh(z: Pair) -> Pair:
    return Pair(z.re.op("sinh") * z.im.op("cos"), z.re.op("cosh") * z.im.op("sin"))


def _cosh(z: Pair) -> Pair:
    return Pair(z.re.op("cosh") * z.im.op("cos"), z.re.op("sinh") * z.im.op("sin"))


def _tanh(z: Pair) -> Pair:
    t, s = z.re.op("tanh"), z.im.op("tan")
    below = t * t * (s * s) + 1.0
    return Pair(t * (s * s + 1.0) / below, s * (1.0 - t * t) / below)


def _turned(function: Callable[[Pair], Pair]) -> Row:
    """`-i f(i z)`: sin of sinh, tan of tanh."""

    def row(c: Call) -> Pair:
        found = function(Pair(-c.z.im, c.z.re))
        return Pair(found.im, -found.re)

    return row


def _pow(c: Call) -> Pair:
    """Products for a known whole exponent, else exp(w log(z)). Of zero, as NumPy: 1 for w = 0, 0 for Re w > 0, else NaN."""
    z, w = c.z, c.w
    one, zero, nan = (c.b.term(c.b.constant(number, z.re.type.dtype)) for number in (1.0, 0.0, float("nan")))
    same_shape = z.re.type.shape == type_of(c.op.results[0]).shape
    whole = _whole_number(c.op.operands[1]) if same_shape else None
    if whole:
        power = _product(z, abs(whole))
        return power if whole > 0 else over(Pair(one, zero), power)
    at_zero = z.re.op("eq", 0.0).op("and", z.im.op("eq", 0.0))
    real = w.im.op("eq", 0.0)
    to_zero = w.re.op("eq", 0.0).op("and", real)
    power = _exp(times(w, _log(Pair(at_zero.select(one, z.re), z.im))))
    of_zero = w.re.op("gt", 0.0).select(zero, nan)
    parts = [at_zero.select(of_zero, part) for part in power]
    return Pair(to_zero.select(one, parts[0]), to_zero.select(zero, parts[1]))


def _whole_number(value: SSAValue) -> int | None:
    """The whole number that all elements of a value are known to be."""
    found = splat_value(value)
    if found is None or not abs(found) <= LARGEST:
        return None
    number = complex(found)
    return int(number.real) if number.imag == 0 and number.real == int(number.real) else None


def _product(z: Pair, count: int) -> Pair:
    """z multiplied by itself."""
    powers = {1: z}
    previous = 1
    for exponent in addition_chain(count)[1:]:
        powers[exponent] = times(powers[previous], powers[exponent - previous])
        previous = exponent
    return powers[count]


def _bilinear(c: Call) -> Pair:
    """Products of matrices: four real ones."""

    def product(x: Term, y: Term) -> Term:
        return x.op(c.op.op, y)

    z, w = c.z, c.w
    return Pair(product(z.re, w.re) - product(z.im, w.im), product(z.re, w.im) + product(z.im, w.re))


def join(z: Pair) -> Term:
    """The parts side by side, in a last dimension of 2."""
    ndim = z.re.type.ndim
    columns = [term.op("dimshuffle", order=(*range(ndim), -1)) for term in z]
    return columns[0].op("concatenate", columns[1], axis=ndim)


def split(value: Term) -> Pair:
    """The pair of what `join` has put side by side."""
    whole = ":, " * (value.type.ndim - 1)
    return Pair(*(value.op("subtensor", index=f"{whole}{number}") for number in range(2)))


def _cumprod(c: Call) -> Pair:
    return split(join(c.z).op("cumprod_pairs", axis=attribute(c.op, "axis")))


def _prod(c: Call) -> Pair:
    """Axis by axis the last of the running products, which begin with 1."""
    z = c.z
    for axis in sorted(attribute(c.op, "axes"), reverse=True):
        ndim, column = z.re.type.ndim, z.re.op("sum", axes=(axis,))
        order = tuple(-1 if place == axis else place - (place > axis) for place in range(ndim))
        one, zero = (c.b.term(c.b.full_like(column.value, number)).op("dimshuffle", order=order) for number in (1.0, 0.0))
        led = Pair(one.op("concatenate", z.re, axis=axis), zero.op("concatenate", z.im, axis=axis))
        last = ":, " * axis + "-1"
        z = split(join(led).op("cumprod_pairs", axis=axis).op("subtensor", index=last))
    return z


def _constant(c: Call) -> Pair:
    value = attribute(c.op, "value")
    part = PARTS[type_of(c.op.results[0]).dtype]
    return Pair(*(Term(c.b, c.b.constant(array, part)) for array in (value.real, value.imag)))


def _complex(c: Call) -> Pair:
    """Two real tensors, repeated where one is smaller: parts have one shape."""
    re, im = (Term(c.b, operand.value) for operand in c.operands if isinstance(operand, Term))
    if re.type.shape == im.type.shape:
        return Pair(re, im)
    whole = re.op("add", im).value
    return Pair(*(Term(c.b, c.b.broadcast_to(part.value, whole)) for part in (re, im)))


def _cast(c: Call) -> Pair:
    value, part = c.operands[0], PARTS[type_of(c.op.results[0]).dtype]
    if isinstance(value, Pair):
        return Pair(*(Term(c.b, c.b.cast(term.value, part)) for term in value))
    re = Term(c.b, c.b.cast(value.value, part))
    return Pair(re, zero_like(re))


ROWS: dict[str, Row] = {
    "constant": _constant,
    "cast": _cast,
    "mul": lambda c: times(c.z, c.w),
    "div": lambda c: over(c.z, c.w),
    "pow": _pow,
    "abs": lambda c: _abs(c.z),
    "exp": lambda c: _exp(c.z),
    "log": lambda c: _log(c.z),
    "sqrt": lambda c: _sqrt(c.z),
    "sinh": lambda c: _sinh(c.z),
    "cosh": lambda c: _cosh(c.z),
    "tanh": lambda c: _tanh(c.z),
    "sin": _turned(_sinh),
    "tan": _turned(_tanh),
    "cos": lambda c: _cosh(Pair(-c.z.im, c.z.re)),
    "eq": lambda c: c.z.re.op("eq", c.w.re).op("and", c.z.im.op("eq", c.w.im)),
    "ne": lambda c: c.z.re.op("ne", c.w.re).op("or", c.z.im.op("ne", c.w.im)),
    "real": lambda c: c.z.re,
    "imag": lambda c: c.z.im,
    "conj": lambda c: Pair(c.z.re, -c.z.im),
    "angle": lambda c: c.z.im.op("arctan2", c.z.re),
    "complex": _complex,
    "prod": _prod,
    "cumprod": _cumprod,
    "dot": _bilinear,
    "batched_dot": _bilinear,
    "dim": lambda c: c.z.re.op("dim", axis=c.op.attrs["axis"]),
}
PARTWISE = frozenset(
    {
        *("neg", "add", "sub", "select", "sum", "cumsum", "alloc", "reshape", "dimshuffle", "concatenate", "make_vector"),
        *("subtensor", "set_subtensor", "inc_subtensor", "gather", "scatter_add", "scatter_set", "stop_grad", "specify_shape"),
    }
)
"""Operations that do the same to both parts."""


def apply_row(c: Call) -> Pair | Term:
    """The results of an operation with complex operands or a complex result; KeyError when there is no row."""
    name = c.op.op
    if name not in PARTWISE:
        return ROWS[name](c)
    attrs = c.op.attrs

    def part(number: int) -> Term:
        values = [value[number] if isinstance(value, Pair) else value for value in c.operands]
        return Term(c.b, c.b.op(name, *(value.value for value in values), **attrs))

    return Pair(part(0), part(1))
