"""`MRG_RandomStreams`: random variables of the MRG31k3p generator, many streams side by side.

    srng = MRG_RandomStreams(seed=234)
    mask = srng.binomial((100, 20), p=0.5)

As with `RandomStreams`, a variable is drawn once in a call and its state goes on from call to call; the numbers are those
that Theano drew. The number of streams of a variable depends on its size where that is known: it decides which number
comes where.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from phintys.ir.graph import Node
from phintys.ir.host import types_text
from phintys.ir.types import TensorType as CoreType
from phintys.ir.types import upcast

from .. import tensor as T
from ..aliases import names
from ..config import config
from ..location import here
from ..tensor.build import apply, as_tensor_variable, cast, constant
from ..tensor.shaping import dim, sizes
from ..tensor.sharedvar import TensorSharedVariable
from ..tensor.var import TensorVariable
from ..types import TensorType, check_dtype
from .mrg_states import M1, M2, first_state, next_variable, streams

__all__ = ["M1", "M2", "MRG_RandomStreams", "guess_n_streams"]

MOST_STREAMS = 60 * 256
# What an integer up to M1 is multiplied with: the largest number that keeps the product below 1 in that precision.
NORMS = {"float64": 4.656612873077392578125e-10, "float32": np.float32(4.6566126e-10)}
_STATES = TensorType("int32", shape=(None, 6))


def guess_n_streams(size: Any, warn: bool = False) -> int:
    """How many streams a variable of a size gets: a sixth of its elements where that is known, at most 15360."""
    if isinstance(size, tuple | list) and all(isinstance(number, int | np.integer) for number in size):
        count = math.prod(int(number) for number in size)
        return min(count // 6 if count > 6 else count, MOST_STREAMS)
    if warn:
        warnings.warn(f"MRG_RandomStreams cannot tell the number of streams from size {size}: {MOST_STREAMS}", stacklevel=3)
    return MOST_STREAMS


def _checked(size: Any) -> Any:
    """A size as a tuple of numbers and scalars, or a vector. ValueError or TypeError for anything else."""
    if isinstance(size, int | np.integer):
        size = (size,)
    if isinstance(size, TensorVariable):
        if size.ndim > 1:
            raise ValueError(f"a size is a vector, got {size} of {size.ndim} dimensions")
        return size if size.ndim else (size,)
    if not isinstance(size, tuple | list):
        raise TypeError(f"size must be a tuple of int or a Theano Variable with 1 dimension, got {size!r}")
    for number in size:
        if isinstance(number, int | np.integer) and number <= 0:
            raise ValueError("The specified size contains a dimension with value <= 0", size)
    return tuple(size)


class MRG_RandomStreams:  # noqa: N801, RUF100  (Theano's name)
    """Random variables by distribution: uniform, normal, truncated_normal, binomial, multinomial, choice."""

    def __init__(self, seed: Any = 12345) -> None:
        """`seed`: a number, or six of them."""
        self.state_updates: list[tuple[TensorSharedVariable, TensorVariable, Any, int | None]] = []
        self.default_instance_seed = seed
        self.set_rstate(seed)

    def set_rstate(self, seed: Any) -> None:
        """Begin anew with a seed: for the variables made from now on."""
        self.rstate = first_state(seed)

    def inc_rstate(self) -> None:
        """Go to where the next variable's streams begin."""
        self.rstate = next_variable(self.rstate)

    def updates(self) -> list[tuple[TensorSharedVariable, TensorVariable, Any, int | None]]:
        """For each variable its state, the next one, its size, and the number of streams if it was given."""
        return list(self.state_updates)

    def seed(self, seed: Any = None) -> None:
        """Seed all variables anew, from `seed` or from the one that the object was made with."""
        self.set_rstate(self.default_instance_seed if seed is None else seed)
        for state, _, size, nstreams in self.state_updates:
            count = self.n_streams(size) if nstreams is None else nstreams
            state.set_value(self.get_substream_rstates(count, "float64"), borrow=True)

    def n_streams(self, size: Any) -> int:
        """How many streams a variable of a size gets."""
        return guess_n_streams(size)

    def get_substream_rstates(self, n_streams: int, dtype: Any = None, inc_rstate: bool = True) -> Any:
        """States of streams, one a row, 2^72 steps apart."""
        found = streams(self.rstate, n_streams)
        if inc_rstate:
            self.inc_rstate()
        return found

    def _draw(self, size: Any, ndim: int | None, dtype: str, nstreams: int | None) -> TensorVariable:
        """Numbers above 0 and below 1 on streams of their own."""
        if dtype not in NORMS:
            raise ValueError(f"MRG_RandomStreams draws float32 and float64, not {dtype}")
        count = self.n_streams(size) if nstreams is None else nstreams
        states = self.get_substream_rstates(count)
        state = TensorSharedVariable.of(_STATES, states, None, False, None, here())
        state.tag.is_rng = True
        found = sizes(size, ndim)
        dynamic = [cast(number, "int64") for number in found if isinstance(number, TensorVariable)]
        static = tuple(number if isinstance(number, int) else None for number in found)
        new, whole = Node("random_mrg", [state, *dynamic], {"sizes": static}, make=TensorVariable, loc=here()).results
        assert isinstance(new, TensorVariable)
        sample: TensorVariable = cast(whole, dtype) * constant(NORMS[dtype], dtype=dtype)
        vars(sample)["rstate"], vars(sample)["update"] = state, (state, new)
        self.state_updates.append((state, new, size, nstreams))
        state.default_update = new
        return sample

    def uniform(
        self,
        size: Any,
        low: Any = 0.0,
        high: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: int | None = None,
    ) -> TensorVariable:
        """Numbers between low and high, both excluded, of floatX or the parameters' dtype."""
        low, high = as_tensor_variable(low), as_tensor_variable(high)
        dtype = upcast(config.floatX, low.dtype, high.dtype) if dtype is None else check_dtype(dtype)
        sample = self._draw(_checked(size), ndim, dtype, nstreams)
        low, high = cast(low, dtype), cast(high, dtype)
        result: TensorVariable = sample * (high - low) + low
        if result.broadcastable != sample.broadcastable:
            raise NotImplementedError("Increase the size to match the broadcasting pattern of `low` and `high` arguments")
        vars(result).update({key: vars(sample)[key] for key in ("rstate", "update")})
        return result

    def binomial(
        self,
        size: Any = None,
        n: int = 1,
        p: Any = 0.5,
        ndim: int | None = None,
        dtype: Any = "int64",
        nstreams: int | None = None,
        prob: Any = None,
    ) -> TensorVariable:
        """Ones with probability p, else zeros. NotImplementedError for n above 1."""
        if n != 1:
            raise NotImplementedError("MRG_RandomStreams.binomial with n > 1")
        chance = as_tensor_variable(p if prob is None else prob)
        return cast(T.lt(self.uniform(size, ndim=ndim, nstreams=nstreams), chance), dtype)

    def normal(
        self,
        size: Any,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: int | None = None,
        truncate: bool = False,
    ) -> TensorVariable:
        """Numbers of a normal distribution, in pairs by Box and Muller; `truncate` draws again those beyond 2 deviations."""
        avg, std = as_tensor_variable(avg), as_tensor_variable(std)
        dtype = upcast(config.floatX, avg.dtype, std.dtype) if dtype is None else check_dtype(dtype)
        size = _checked(size)
        found = sizes(size, ndim)
        count: Any = math.prod(found) if all(isinstance(number, int) for number in found) else T.prod(T.stack(found))
        half: Any = (count + 1) // 2
        # Theano takes this size for unknown, which decides about the number of streams.
        even = constant(2 * half, dtype="int64") if isinstance(half, int) else cast(2 * half, "int64")
        points = self._draw((even,), 1, dtype, nstreams)
        radius = T.sqrt(-2.0 * T.log(points[:half]))
        angle = constant(2.0 * np.pi, dtype=dtype) * points[half:]
        sides = [T.cos(angle), T.sin(angle)]
        if truncate:
            samples = T.concatenate(self._truncated(radius, sides, dtype, nstreams))
        else:
            samples = T.concatenate([radius * side for side in sides])
        shaped = T.reshape(samples[:count], found)
        result = shaped * cast(std, dtype) + cast(avg, dtype)
        vars(result).update({key: vars(points)[key] for key in ("rstate", "update")})
        return result

    def _truncated(
        self, radius: TensorVariable, sides: Sequence[TensorVariable], dtype: str, nstreams: int | None
    ) -> list[TensorVariable]:
        """The products within 2, then those beyond it with a new radius that is at most 2; for each side."""
        products = [radius * side for side in sides]
        beyond = [abs(product) > 2.0 for product in products]
        good = [apply("nonzero", T.invert(flags)) for flags in beyond]
        bad = [apply("nonzero", flags) for flags in beyond]
        counts = [dim(places, 0) for places in bad]
        least = constant(1.0 / np.e**2, dtype=dtype)
        drawn = self._draw((counts[0] + counts[1],), 1, dtype, nstreams)
        again = T.sqrt(-2.0 * T.log(drawn * (1 - least) + least))
        new = [again[: counts[0]] * sides[0][bad[0]], again[counts[0] :] * sides[1][bad[1]]]
        return [products[0][good[0]], new[0], products[1][good[1]], new[1]]

    def truncated_normal(
        self,
        size: Any,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: int | None = None,
    ) -> TensorVariable:
        """A normal distribution without what is beyond 2 of its deviations, scaled so that `std` is the result's own."""
        scaled = as_tensor_variable(std) / constant(0.87962566103423978)
        return self.normal(size, avg, scaled, ndim, dtype, nstreams, truncate=True)

    def multinomial(
        self,
        size: Any = None,
        n: Any = 1,
        pvals: Any = None,
        ndim: int | None = None,
        dtype: Any = "int64",
        nstreams: int | None = None,
    ) -> TensorVariable:
        """How often each outcome comes in n trials; `pvals` holds a row of probabilities for each result."""
        rows = _probabilities("multinomial", pvals)
        for name, value in (("a size", size), ("an ndim", ndim)):
            if value is not None:
                raise ValueError(f"Provided {name} argument to MRG_RandomStreams.multinomial, which does not use it.")
        points = self.uniform((dim(rows, 0) * n,), nstreams=nstreams)
        return _host("mrg_multinomial", rows, points, n, dtype, rows.type.shape)

    def choice(
        self,
        size: Any = 1,
        a: Any = None,
        replace: bool = True,
        p: Any = None,
        ndim: int | None = None,
        dtype: Any = "int64",
        nstreams: int | None = None,
    ) -> TensorVariable:
        """Positions drawn from each row of probabilities `p`, none of them twice (only `replace=False` is possible)."""
        if replace:
            raise NotImplementedError("MRG_RandomStreams.choice only works without replacement for now.")
        if a is not None:
            raise TypeError("a has to be None in MRG_RandomStreams.choice: values are between 0 and p.shape[1]-1")
        if ndim is not None:
            raise ValueError("ndim argument to MRG_RandomStreams.choice is not used.")
        rows = _probabilities("choice", p)
        points = self.uniform((dim(rows, 0) * size,), nstreams=nstreams)
        known = size if isinstance(size, int) else None
        return _host("mrg_choice", rows, points, size, dtype, (rows.type.shape[0], known))

    def multinomial_wo_replacement(
        self,
        size: Any = None,
        n: Any = 1,
        pvals: Any = None,
        ndim: int | None = None,
        dtype: Any = "int64",
        nstreams: int | None = None,
    ) -> TensorVariable:
        """`choice` by its old name."""
        warnings.warn("multinomial_wo_replacement is deprecated: use MRG_RandomStreams.choice", stacklevel=2)
        return self.choice(n, None, False, pvals, ndim, dtype, nstreams)


def _probabilities(name: str, given: Any) -> TensorVariable:
    if given is None:
        raise TypeError(f"MRG_RandomStreams.{name} needs the probabilities")
    rows = as_tensor_variable(given)
    if rows.ndim != 2:
        raise NotImplementedError(f"MRG_RandomStreams.{name} is for matrices of probabilities, got {rows.ndim} dimensions")
    return rows


def _host(
    name: str, rows: TensorVariable, points: TensorVariable, count: Any, dtype: Any, shape: Sequence[int | None]
) -> TensorVariable:
    """A choice of outcomes by uniform numbers, made by NumPy."""
    operands = [rows, points, cast(as_tensor_variable(count), "int64")]
    results = types_text([CoreType(check_dtype(dtype), tuple(shape))])
    options = repr({"dtype": check_dtype(dtype)})
    return apply("host", *operands, function=name, results=results, options=options)


__getattr__ = names(__name__)
