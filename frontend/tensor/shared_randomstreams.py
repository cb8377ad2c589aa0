"""`RandomStreams`: random variables, each with a stream of its own that goes on from call to call.

    srng = RandomStreams(seed=234)
    u = srng.uniform((2, 2))

A variable is drawn once in a call, however often it is used. `u.rng` is the shared variable of its stream; functions move
it on (`default_update`) unless they are made with `no_default_updates`. Seeds follow one another as in Theano, so that a
program draws the numbers that it drew there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..aliases import names
from .random_state import RandomStateSharedVariable, random_state_type
from .raw_random import Draw, RandomStreamsBase
from .var import TensorVariable

__all__ = ["RandomStateSharedVariable", "RandomStreams", "random_state_type", "randomstate_constructor"]

SEEDS = 2**30


def randomstate_constructor(
    value: Any, name: str | None = None, strict: bool = False, allow_downcast: Any = None, borrow: bool = False
) -> RandomStateSharedVariable:
    """A shared variable of a RandomState. TypeError for another value."""
    if not isinstance(value, np.random.RandomState):
        raise TypeError(f"expected a numpy.random.RandomState, got {value!r}")
    return RandomStateSharedVariable.of_state(value, name)


class RandomStreams(RandomStreamsBase):
    """Random variables by distribution: uniform, normal, binomial, multinomial, random_integers, choice, poisson, ..."""

    def __init__(self, seed: int | None = None) -> None:
        """`seed` decides about all numbers; without one they differ from run to run."""
        self.state_updates: list[tuple[RandomStateSharedVariable, TensorVariable]] = []
        self.default_instance_seed = seed
        self.gen_seedgen = np.random.RandomState(seed)

    def updates(self) -> list[tuple[RandomStateSharedVariable, TensorVariable]]:
        """Pairs of a stream's state and the next one, of all variables."""
        return list(self.state_updates)

    def seed(self, seed: int | None = None) -> None:
        """Seed all streams anew, from `seed` or from the one that the object was made with."""
        seeds = np.random.RandomState(self.default_instance_seed if seed is None else seed)
        for state, _ in self.state_updates:
            state.set_value(np.random.RandomState(int(seeds.randint(SEEDS))), borrow=True)

    def gen(self, op: Callable[..., Draw], *args: Any, **kwargs: Any) -> TensorVariable:
        """A random variable of a function of `raw_random`, on a new stream."""
        seed = int(self.gen_seedgen.randint(SEEDS))
        state = RandomStateSharedVariable.of_state(np.random.RandomState(seed))
        state.tag.is_rng = True
        new, sample = op(state, *args, **kwargs)
        fields = vars(sample)
        fields["rng"], fields["update"] = state, (state, new)
        self.state_updates.append((state, new))
        state.default_update = new
        return sample

    def _find(self, item: Any) -> RandomStateSharedVariable:
        for state, new in self.state_updates:
            if item is state or item is new:
                return state
        raise KeyError(item)

    def __getitem__(self, item: Any) -> Any:
        """The RandomState of a stream, by its shared variable."""
        return self._find(item).get_value(borrow=True)

    def __setitem__(self, item: Any, value: Any) -> None:
        self._find(item).set_value(value, borrow=True)


__getattr__ = names(__name__)
