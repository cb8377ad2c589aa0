"""Scalar code of elementwise operations: one row for each operation and kind of operand (`f i u b`).

A row is either an operation class, applied as is, or a short function `(emitter, operands, result dtype) -> value`. Used by the
fusion pass for bodies of `nd.fused` and by the lowering of scalar (rank-0) operations. Integer division and remainder follow
NumPy: floor, and 0 for a zero divisor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith, math
from xdsl.dialects import builtin as bi
from xdsl.ir import Operation, SSAValue

from phintys.dialects import xmath
from phintys.dialects.convert import scalar_type
from phintys.ir.types import DTYPES

from . import elementwise_math
from .emit import Emitter

Args = Sequence[SSAValue]
Row = type[Operation] | Callable[[Emitter, Args, str], SSAValue]


class UnsupportedScalar(Exception):
    """An elementwise operation has no scalar code for a dtype: the message names both."""


def _zero(e: Emitter, x: SSAValue) -> SSAValue:
    return e.constant(0, x.type)


def _compare(signed: str, unsigned: str, floating: str) -> dict[str, Row]:
    def integer(e: Emitter, args: Args, dtype: str) -> SSAValue:
        return e.icmp(signed, *args)

    def natural(e: Emitter, args: Args, dtype: str) -> SSAValue:
        return e.icmp(unsigned, *args)

    def real(e: Emitter, args: Args, dtype: str) -> SSAValue:
        return e.fcmp(floating, *args)

    return {"i": integer, "u": natural, "b": natural, "f": real}


def _safe_divisor(e: Emitter, b: SSAValue) -> tuple[SSAValue, SSAValue, SSAValue]:
    """A divisor that cannot trap (1 for 0 and -1), and whether it was 0 or -1."""
    zero = e.icmp("eq", b, _zero(e, b))
    minus = e.icmp("eq", b, e.constant(-1, b.type))
    return e.select(e.op(arith.OrIOp, [zero, minus]), e.constant(1, b.type), b), zero, minus


def _adjusts(e: Emitter, remainder: SSAValue, b: SSAValue) -> SSAValue:
    """Whether truncating division has to be corrected to floor: a remainder whose sign differs from the divisor's."""
    different = e.icmp("slt", e.op(arith.XOrIOp, [remainder, b]), _zero(e, b))
    return e.op(arith.AndIOp, [different, e.icmp("ne", remainder, _zero(e, b))])


def _floordiv_int(e: Emitter, args: Args, dtype: str) -> SSAValue:
    a, b = args
    divisor, zero, minus = _safe_divisor(e, b)
    quotient = e.op(arith.DivSIOp, [a, divisor])
    remainder = e.op(arith.SubiOp, [a, e.op(arith.MuliOp, [quotient, divisor])])
    floored = e.op(arith.SubiOp, [quotient, e.constant(1, a.type)])
    quotient = e.select(_adjusts(e, remainder, divisor), floored, quotient)
    quotient = e.select(minus, e.op(arith.SubiOp, [_zero(e, a), a]), quotient)
    return e.select(zero, _zero(e, a), quotient)


def _mod_int(e: Emitter, args: Args, dtype: str) -> SSAValue:
    a, b = args
    divisor, zero, minus = _safe_divisor(e, b)
    remainder = e.op(arith.RemSIOp, [a, divisor])
    remainder = e.select(_adjusts(e, remainder, divisor), e.op(arith.AddiOp, [remainder, divisor]), remainder)
    return e.select(e.op(arith.OrIOp, [zero, minus]), _zero(e, a), remainder)


def _unsigned_division(cls: type[Operation]) -> Row:
    def row(e: Emitter, args: Args, dtype: str) -> SSAValue:
        a, b = args
        zero = e.icmp("eq", b, _zero(e, b))
        return e.select(zero, _zero(e, a), e.op(cls, [a, e.select(zero, e.constant(1, b.type), b)]))

    return row


def _mod_float(e: Emitter, args: Args, dtype: str) -> SSAValue:
    a, b = args
    rest = e.op(xmath.FmodOp, [a, b])
    zero = _zero(e, a)
    nonzero = e.fcmp("une", rest, zero)
    signs = e.op(arith.XOrIOp, [e.fcmp("olt", rest, zero), e.fcmp("olt", b, zero)])
    moved = e.select(e.op(arith.AndIOp, [nonzero, signs]), e.op(arith.AddfOp, [rest, b]), rest)
    return e.select(nonzero, moved, e.op(math.CopySignOp, [zero, b]))


def _floordiv_float(e: Emitter, args: Args, dtype: str) -> SSAValue:
    """NumPy's: the quotient that goes with its remainder, rounded to an integer; a / b for a zero divisor."""
    a, b = args
    zero, one = _zero(e, a), e.constant(1.0, a.type)
    rest = e.op(xmath.FmodOp, [a, b])
    signs = e.op(arith.XOrIOp, [e.fcmp("olt", rest, zero), e.fcmp("olt", b, zero)])
    toward_zero = e.op(arith.AndIOp, [e.fcmp("une", rest, zero), signs])
    quotient = e.op(arith.DivfOp, [e.op(arith.SubfOp, [a, rest]), b])
    quotient = e.select(toward_zero, e.op(arith.SubfOp, [quotient, one]), quotient)
    floor = e.op(math.FloorOp, [quotient])
    high = e.fcmp("ogt", e.op(arith.SubfOp, [quotient, floor]), e.constant(0.5, a.type))
    rounded = e.select(high, e.op(arith.AddfOp, [floor, one]), floor)
    plain = e.op(arith.DivfOp, [a, b])
    result = e.select(e.fcmp("une", quotient, zero), rounded, e.op(math.CopySignOp, [zero, plain]))
    return e.select(e.fcmp("oeq", b, zero), plain, result)


def _pow_int(e: Emitter, args: Args, dtype: str) -> SSAValue:
    """By squaring, with wrap-around; a negative exponent gives 1 / x**-n without its fraction (Theano's rule)."""
    base, exponent = args
    zero, one = _zero(e, base), e.constant(1, base.type)
    signed = DTYPES[dtype].kind == "i"
    result, square, rest = one, base, exponent
    bits = DTYPES[dtype].bits - signed
    for bit in range(bits):
        odd = e.icmp("ne", e.op(arith.AndIOp, [rest, one]), zero)
        result = e.select(odd, e.op(arith.MuliOp, [result, square]), result)
        if bit < bits - 1:
            square = e.op(arith.MuliOp, [square, square])
            rest = e.op(arith.ShRUIOp, [rest, one])
    if not signed:
        return result
    # the low bit of the exponent decides the sign of (-1)**n, whatever the others are
    minus_one = e.constant(-1, base.type)
    odd = e.icmp("ne", e.op(arith.AndIOp, [exponent, one]), zero)
    of_minus_one = e.select(e.icmp("eq", base, minus_one), e.select(odd, minus_one, one), zero)
    inverse = e.select(e.icmp("eq", base, one), one, of_minus_one)
    return e.select(e.icmp("slt", exponent, zero), inverse, result)


def _abs_int(e: Emitter, args: Args, dtype: str) -> SSAValue:
    (x,) = args
    return e.select(e.icmp("slt", x, _zero(e, x)), e.op(arith.SubiOp, [_zero(e, x), x]), x)


def _negate_int(e: Emitter, args: Args, dtype: str) -> SSAValue:
    return e.op(arith.SubiOp, [_zero(e, args[0]), args[0]])


def _sign_int(e: Emitter, args: Args, dtype: str) -> SSAValue:
    (x,) = args
    negative = e.select(e.icmp("slt", x, _zero(e, x)), e.constant(-1, x.type), _zero(e, x))
    return e.select(e.icmp("sgt", x, _zero(e, x)), e.constant(1, x.type), negative)


def _sign_natural(e: Emitter, args: Args, dtype: str) -> SSAValue:
    (x,) = args
    return e.select(e.icmp("ne", x, _zero(e, x)), e.constant(1, x.type), _zero(e, x))


def _identity(e: Emitter, args: Args, dtype: str) -> SSAValue:
    return args[0]


def _invert(e: Emitter, args: Args, dtype: str) -> SSAValue:
    return e.op(arith.XOrIOp, [args[0], e.constant(-1, args[0].type)])


def _select(e: Emitter, args: Args, dtype: str) -> SSAValue:
    return e.select(*args)


def cast(e: Emitter, x: SSAValue, source: str, target: str) -> SSAValue:
    """One element from dtype to dtype. Floats outside of an int type's range saturate, NaN gives 0 (NumPy leaves it open)."""
    a, b, type = DTYPES[source], DTYPES[target], scalar_type(target)
    if "c" in (a.kind, b.kind):
        raise UnsupportedScalar(f"cast from {source} to {target}")
    if source == target or x.type == type:
        return x
    if b.kind == "b":
        return e.fcmp("une", x, _zero(e, x)) if a.kind == "f" else e.icmp("ne", x, _zero(e, x))
    if a.kind == "f" and b.kind == "f":
        return e.op(arith.ExtFOp if b.bits > a.bits else arith.TruncFOp, [x], type)
    if a.kind == "f":
        return e.op(arith.FPToUIOp if b.kind == "u" else arith.FPToSIOp, [x], type)
    if b.kind == "f":
        return e.op(arith.SIToFPOp if a.kind == "i" else arith.UIToFPOp, [x], type)
    if a.kind != "b" and b.bits < a.bits:
        return e.op(arith.TruncIOp, [x], type)
    return e.op(arith.ExtSIOp if a.kind == "i" else arith.ExtUIOp, [x], type)


ROWS: dict[str, dict[str, Row]] = {
    "neg": {"f": arith.NegfOp, "i": _negate_int, "u": _negate_int},
    "abs": {"f": math.AbsFOp, "i": _abs_int, "u": _identity, "b": _identity},
    "sign": {"f": xmath.SignOp, "i": _sign_int, "u": _sign_natural},
    "sqrt": {"f": math.SqrtOp},
    "exp": {"f": math.ExpOp},
    "expm1": {"f": math.ExpM1Op},
    "log": {"f": math.LogOp},
    "log1p": {"f": math.Log1pOp},
    "sin": {"f": math.SinOp},
    "cos": {"f": math.CosOp},
    "tan": {"f": math.TanOp},
    "arctan": {"f": math.AtanOp},
    "sinh": {"f": math.SinhOp},
    "cosh": {"f": math.CoshOp},
    "tanh": {"f": math.TanhOp},
    "sigmoid": {"f": xmath.SigmoidOp},
    "softplus": {"f": xmath.SoftplusOp},
    "floor": {"f": math.FloorOp, "i": _identity, "u": _identity, "b": _identity},
    "ceil": {"f": math.CeilOp, "i": _identity, "u": _identity, "b": _identity},
    "invert": {"i": _invert, "u": _invert, "b": _invert},
    "add": {"f": arith.AddfOp, "i": arith.AddiOp, "u": arith.AddiOp, "b": arith.OrIOp},
    "sub": {"f": arith.SubfOp, "i": arith.SubiOp, "u": arith.SubiOp},
    "mul": {"f": arith.MulfOp, "i": arith.MuliOp, "u": arith.MuliOp, "b": arith.AndIOp},
    "div": {"f": arith.DivfOp},
    "floordiv": {"f": _floordiv_float, "i": _floordiv_int, "u": _unsigned_division(arith.DivUIOp)},
    "mod": {"f": _mod_float, "i": _mod_int, "u": _unsigned_division(arith.RemUIOp)},
    "pow": {"f": math.PowFOp, "i": _pow_int, "u": _pow_int},
    "maximum": {"f": arith.MaximumfOp, "i": arith.MaxSIOp, "u": arith.MaxUIOp, "b": arith.OrIOp},
    "minimum": {"f": arith.MinimumfOp, "i": arith.MinSIOp, "u": arith.MinUIOp, "b": arith.AndIOp},
    "and": {"i": arith.AndIOp, "u": arith.AndIOp, "b": arith.AndIOp},
    "or": {"i": arith.OrIOp, "u": arith.OrIOp, "b": arith.OrIOp},
    "xor": {"i": arith.XOrIOp, "u": arith.XOrIOp, "b": arith.XOrIOp},
    "eq": _compare("eq", "eq", "oeq"),
    "ne": _compare("ne", "ne", "une"),
    "lt": _compare("slt", "ult", "olt"),
    "le": _compare("sle", "ule", "ole"),
    "gt": _compare("sgt", "ugt", "ogt"),
    "ge": _compare("sge", "uge", "oge"),
    **elementwise_math.ROWS,
}


def emit_scalar(e: Emitter, name: str, args: Args, dtypes: Sequence[str], result: str) -> SSAValue:
    """One element of an elementwise operation; UnsupportedScalar when the table has no row for the operand's dtype."""
    if name == "cast":
        return cast(e, args[0], dtypes[0], result)
    if name == "select":
        condition = args[0] if args[0].type == bi.i1 else cast(e, args[0], dtypes[0], "bool")
        return _select(e, [condition, *args[1:]], result)
    row = ROWS.get(name, {}).get(DTYPES[dtypes[0]].kind)
    if row is None:
        raise UnsupportedScalar(f"{name} of {dtypes[0]}")
    if isinstance(row, type):
        return e.op(row, args, scalar_type(result))
    return row(e, args, result)
