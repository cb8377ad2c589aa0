"""Random draws that Python makes: NumPy's legacy generator, whose state comes and goes as a tensor of 628 words.

The words are the 624 of the generator's key, its position, whether a normal number is kept, and that number's bits. Each
function gets the state and the parameters, `sized` says whether the last of them is the shape; it returns the next state
and the sample.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from phintys.ir.host import STATE_WORDS

Array = np.ndarray[Any, Any]
RandomState = np.random.RandomState
_KEY, _POSITION, _KEPT, _NUMBER = slice(0, 624), 624, 625, slice(626, 628)


def pack(state: RandomState) -> Array:
    """The state of NumPy's generator as words. TypeError when its bits are not those of the Mersenne Twister."""
    given: Any = state.get_state(legacy=True)
    if given[0] != "MT19937":
        raise TypeError(f"a random stream is a Mersenne Twister, got a RandomState of {given[0]}")
    words = np.empty(STATE_WORDS, "uint32")
    words[_KEY], words[_POSITION], words[_KEPT] = given[1], given[2], given[3]
    words[_NUMBER] = np.array([given[4]]).view("uint32")
    return words


def state_tuple(words: Array) -> tuple[str, Array, int, int, float]:
    """What `RandomState.set_state` takes, of words."""
    number = float(np.ascontiguousarray(words[_NUMBER]).view("float64")[0])
    return "MT19937", words[_KEY].copy(), min(int(words[_POSITION]), _POSITION), int(words[_KEPT] != 0), number


def unpack(words: Array) -> RandomState:
    """A new generator in the state of words."""
    state = RandomState(0)
    state.set_state(state_tuple(words))
    return state


class _Local(threading.local):
    """A generator for each thread, and its key and position as words of memory: setting a state by `set_state`, and reading
    it, takes longer than a small draw. None of the draws here touches the number that normal ones keep.
    """

    def __init__(self) -> None:
        bits = np.random.MT19937(0)
        self.generator = RandomState(bits)
        memory: Any = (ctypes.c_uint32 * (_POSITION + 1)).from_address(bits.ctypes.state_address)
        self.words = np.frombuffer(memory, "uint32")
        if not np.array_equal(self.words, pack(self.generator)[: _POSITION + 1]):
            raise RuntimeError(f"NumPy {np.__version__} lays the state of its Mersenne Twister out in an unknown way")


_LOCAL = _Local()

Draw = Callable[..., Any]


def _drawn(draw: Draw) -> Draw:
    """`draw(generator, size, *parameters)` as a host function."""

    def function(words: Array, *parameters: Array, dtype: str, sized: bool) -> tuple[Array, Array]:
        _LOCAL.words[:] = words[: _POSITION + 1]
        _LOCAL.words[_POSITION] = min(words[_POSITION], _POSITION)
        *given, size = parameters if sized else (*parameters, None)
        shape = None if size is None else tuple(size.tolist())
        sample = np.asarray(draw(_LOCAL.generator, shape, *given))
        state = words.copy()
        state[: _POSITION + 1] = _LOCAL.words
        return state, sample.astype(dtype, copy=False)

    function.__doc__ = draw.__doc__
    return function


@_drawn
def binomial(generator: RandomState, shape: Any, n: Array, p: Array) -> Any:
    """Successes in n trials of probability p."""
    return generator.binomial(n, p, shape)


@_drawn
def poisson(generator: RandomState, shape: Any, lam: Array) -> Any:
    """Events where lam are expected."""
    return generator.poisson(lam, shape)


@_drawn
def random_integers(generator: RandomState, shape: Any, low: Array, high: Array) -> Any:
    """Integers from low to high, both included."""
    wanted = np.broadcast_shapes(low.shape, high.shape) if shape is None else shape
    lows, highs = np.broadcast_to(low, wanted), np.broadcast_to(high, wanted)
    out = np.empty(wanted, "int64")
    for place in np.ndindex(*wanted):
        out[place] = generator.randint(lows[place], highs[place] + 1)
    return out


@_drawn
def choice(generator: RandomState, shape: Any, a: Array, replace: Array, p: Array) -> Any:
    """Elements of a (of range(a) when it is a number); p are their probabilities, empty for equal ones."""
    items = a if a.ndim else int(a)
    return generator.choice(items, shape, bool(replace), p if p.size else None)


@_drawn
def permutation(generator: RandomState, shape: Any, n: Array) -> Any:
    """The numbers below n in a random order, in each row."""
    wanted = () if shape is None else shape
    out = np.empty((*wanted, int(n)), "int64")
    for place in np.ndindex(*wanted):
        out[place] = generator.permutation(int(n))
    return out


@_drawn
def multinomial(generator: RandomState, shape: Any, n: Array, pvals: Array) -> Any:
    """How often each of several outcomes comes in n trials."""
    wanted = np.broadcast_shapes(n.shape, pvals.shape[:-1]) if shape is None else shape
    trials = np.broadcast_to(n, wanted)
    chances = np.broadcast_to(pvals, (*wanted, pvals.shape[-1]))
    out = np.empty(chances.shape, "int64")
    for place in np.ndindex(*wanted):
        out[place] = generator.multinomial(int(trials[place]), _probabilities(chances[place]))
    return out


def _probabilities(row: Array) -> Array:
    """A row of probabilities as NumPy takes them: rounding may have left their sum slightly above one."""
    row = row.astype("float64")
    total = row.sum()
    if 1.0 < total < 1.0 + 1e-5:
        row *= 1.0 - 5e-5
    return row
