"""`CounterStreams`: random variables made from counters, element by element, without a state that has to be walked through.

    srng = CounterStreams(seed=234)
    mask = srng.binomial((100, 20), p=0.5)

Element i of a draw is a function of the stream's key and of how many numbers were drawn before, plus i: it does not depend
on the device, on the number of threads or on what else is drawn, and it is computed where it is used (a dropout mask takes no
memory). A stream's shared variable holds its key and its counter; functions move the counter on (`default_update`). As with
`RandomStreams`, a variable is drawn once in a call. Generator: Threefry-2x32, 20 rounds (Salmon et al., SC 2011).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from phintys.ir.types import upcast

from .. import tensor as T
from ..config import config
from ..location import here
from ..types import TensorType, check_dtype
from .build import apply, as_tensor_variable, cast, constant
from .shaping import sizes
from .sharedvar import TensorSharedVariable
from .var import TensorVariable

__all__ = ["CounterStreams"]

MANTISSA = {"float64": 52, "float32": 23}
_STATE = TensorType("uint64", shape=(2,))
_MOST = 2**64


def _word(value: int) -> TensorVariable:
    return constant(np.uint64(value), dtype="uint64")


def _is_zero(value: Any) -> bool:
    return isinstance(value, int | float) and value == 0


def _places(found: list[int | TensorVariable]) -> tuple[TensorVariable, TensorVariable]:
    """The row-major number of each element of a shape, and how many there are, uint64."""
    count = _word(1)
    axes = []
    for axis, size in reversed(list(enumerate(found))):
        along = cast(T.arange(size), "uint64") * count
        axes.append(along.dimshuffle(["x"] * axis + [0] + ["x"] * (len(found) - axis - 1)))
        count = count * (_word(size) if isinstance(size, int) else cast(size, "uint64"))
    place = sum(axes[1:], axes[0]) if axes else _word(0)
    return place, count


class CounterStreams:
    """Random variables: uniform, normal, truncated_normal, exponential, binomial, random_integers, categorical."""

    def __init__(self, seed: int = 12345) -> None:
        """`seed`: a whole number from 0 to 2^64 - 1; it decides about all numbers. ValueError for another."""
        self.default_instance_seed = self._checked(seed)
        self.state_updates: list[tuple[TensorSharedVariable, TensorVariable]] = []

    @staticmethod
    def _checked(seed: Any) -> int:
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < _MOST:
            raise ValueError(f"a seed is a whole number from 0 to 2^64 - 1, got {seed!r}")
        return int(seed)

    def _state(self, seed: int, number: int) -> Any:
        """The state of the stream of variable `number`: keys of different variables and seeds differ."""
        from phintys.passes.numpy_threefry import threefry

        return np.array([threefry(seed, number), 0], "uint64")

    def updates(self) -> list[tuple[TensorSharedVariable, TensorVariable]]:
        """Pairs of a stream's state and the next one, of all variables."""
        return list(self.state_updates)

    def seed(self, seed: int | None = None) -> None:
        """Begin all streams anew, from `seed` or from the one that the object was made with."""
        seed = self.default_instance_seed if seed is None else self._checked(seed)
        for number, (state, _) in enumerate(self.state_updates):
            state.set_value(self._state(seed, number), borrow=True)

    def bits(self, size: Any, ndim: int | None = None) -> TensorVariable:
        """64 random bits an element, uint64. `size`: ints and scalars, or a vector (then with `ndim`)."""
        found = sizes(size, ndim)
        place, count = _places(found)
        state = TensorSharedVariable.of(
            _STATE, self._state(self.default_instance_seed, len(self.state_updates)), None, False, None, here()
        )
        state.tag.is_rng = True
        sample: TensorVariable = apply("threefry", state[0], state[1] + place)
        new = T.stack([state[0], state[1] + count])
        vars(sample).update({"rng": state, "update": (state, new)})
        self.state_updates.append((state, new))
        state.default_update = new
        return sample

    def _unit(self, size: Any, ndim: int | None, dtype: str) -> TensorVariable:
        """Numbers above 0 and below 1: the middles of 2^52 (float32: 2^23) equal steps, all exact in the dtype."""
        step, bits = self._step(size, ndim, dtype)
        return self._with_stream((step + constant(0.5, dtype=dtype)) * constant(2.0 ** -MANTISSA[dtype], dtype=dtype), bits)

    def _both_sides(self, size: Any, ndim: int | None, dtype: str) -> TensorVariable:
        """The same numbers x as 2 x - 1, above -1 and below 1, by fewer operations, each of which is exact."""
        step, bits = self._step(size, ndim, dtype)
        width = 2.0 ** (1 - MANTISSA[dtype])
        return self._with_stream(step * constant(width, dtype=dtype) + constant(width / 2 - 1, dtype=dtype), bits)

    def _step(self, size: Any, ndim: int | None, dtype: str) -> tuple[TensorVariable, TensorVariable]:
        """The number of the step, and the bits that it is the first of."""
        if dtype not in MANTISSA:
            raise ValueError(f"random numbers are float32 or float64, not {dtype}")
        bits = self.bits(size, ndim)
        return cast(cast(bits // _word(2 ** (64 - MANTISSA[dtype])), "int64"), dtype), bits

    @staticmethod
    def _with_stream(sample: TensorVariable, source: TensorVariable) -> TensorVariable:
        vars(sample).update({key: vars(source)[key] for key in ("rng", "update")})
        return sample

    @staticmethod
    def _parameters(dtype: Any, *values: Any) -> tuple[str, list[TensorVariable]]:
        variables = [as_tensor_variable(value) for value in values]
        dtype = upcast(config.floatX, *(value.dtype for value in variables)) if dtype is None else check_dtype(dtype)
        return dtype, [cast(value, dtype) for value in variables]

    def uniform(self, size: Any, low: Any = 0.0, high: Any = 1.0, ndim: int | None = None, dtype: Any = None) -> TensorVariable:
        """Numbers between low and high, of floatX or the parameters' dtype."""
        dtype, (low, high) = self._parameters(dtype, low, high)
        unit = self._unit(size, ndim, dtype)
        return self._with_stream(unit * (high - low) + low, unit)

    def normal(self, size: Any, avg: Any = 0.0, std: Any = 1.0, ndim: int | None = None, dtype: Any = None) -> TensorVariable:
        """Numbers of a normal distribution, by the inverse of its distribution function."""
        moved = not _is_zero(avg)
        dtype, (avg, std) = self._parameters(dtype, avg, std)
        both = self._both_sides(size, ndim, dtype)
        sample = T.erfinv(both) * constant(math.sqrt(2.0), dtype=dtype) * std
        return self._with_stream(sample + avg if moved else sample, both)

    def truncated_normal(
        self, size: Any, avg: Any = 0.0, std: Any = 1.0, ndim: int | None = None, dtype: Any = None
    ) -> TensorVariable:
        """A normal distribution without what is beyond 2 of its deviations; `std` is that of the whole one."""
        dtype, (avg, std) = self._parameters(dtype, avg, std)
        both = self._both_sides(size, ndim, dtype)
        within = constant(math.erf(math.sqrt(2.0)), dtype=dtype)
        scale = constant(math.sqrt(2.0), dtype=dtype)
        return self._with_stream(T.erfinv(both * within) * scale * std + avg, both)

    def exponential(self, size: Any, scale: Any = 1.0, ndim: int | None = None, dtype: Any = None) -> TensorVariable:
        """Numbers of an exponential distribution with mean `scale`."""
        dtype, (scale,) = self._parameters(dtype, scale)
        unit = self._unit(size, ndim, dtype)
        return self._with_stream(-T.log(unit) * scale, unit)

    def binomial(self, size: Any, n: int = 1, p: Any = 0.5, ndim: int | None = None, dtype: Any = "int64") -> TensorVariable:
        """How many of `n` trials, each with chance `p`, succeed; ValueError unless n is a positive whole number."""
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
            raise ValueError(f"binomial: n is a positive whole number, got {n!r}")
        found = sizes(size, ndim)
        unit = self._unit((*found, int(n)) if n > 1 else tuple(found), None, "float64")
        chance = as_tensor_variable(p)
        if n == 1:
            return self._with_stream(cast(T.lt(unit, chance), dtype), unit)
        trials = T.lt(unit, T.shape_padright(chance) if chance.ndim else chance)
        return self._with_stream(cast(T.sum(cast(trials, "int64"), axis=-1), dtype), unit)

    def random_integers(
        self, size: Any, low: Any = 0, high: Any = 1, ndim: int | None = None, dtype: Any = "int64"
    ) -> TensorVariable:
        """Whole numbers from low to high, both included; less than 2^32 of them (the bias is below their number over 2^32)."""
        bits = self.bits(size, ndim)
        low, high = cast(as_tensor_variable(low), "int64"), cast(as_tensor_variable(high), "int64")
        span = cast(high - low + 1, "uint64")
        place = (bits // _word(2**32)) * span // _word(2**32)
        return self._with_stream(cast(cast(place, "int64") + low, dtype), bits)

    def categorical(self, logits: Any, axis: int = -1, dtype: Any = "int64") -> TensorVariable:
        """Along `axis`, a position with chance proportional to exp(logits): the largest of logits plus Gumbel noise."""
        logits = as_tensor_variable(logits)
        if not logits.ndim:
            raise ValueError("categorical: logits have at least one dimension, got a scalar")
        floats = logits.dtype if logits.dtype in MANTISSA else config.floatX
        unit = self._unit(T.shape(logits), logits.ndim, floats)
        noisy = cast(logits, floats) - T.log(-T.log(unit))
        return self._with_stream(cast(T.argmax(noisy, axis=axis), dtype), unit)
