"""The state of a random stream, as a type, as a shared variable, and as programs see it: a NumPy RandomState.

Compiled functions see 628 words (`codegen/host_random.py`); a RandomState is made of them where one is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from phintys.ir.graph import Value
from phintys.ir.host import STATE

from ..location import here
from ..residence import on_host
from ..types import Array, TensorType
from .sharedvar import TensorSharedVariable

RandomState = np.random.RandomState
_DRAWS = ("random_uniform", "random_normal")


class RandomStateType(TensorType):
    """The type of a random stream's state: its values are RandomStates."""

    def __init__(self) -> None:
        super().__init__(STATE.dtype, shape=STATE.shape)

    def __reduce__(self) -> tuple[Any, ...]:
        return RandomStateType, ()

    def __str__(self) -> str:
        return "RandomStateType"

    __repr__ = __str__

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Array:
        """The words of a RandomState, or words themselves. TypeError for anything else."""
        from phintys.codegen.host_random import pack

        if isinstance(value, RandomState):
            return pack(value)
        words = isinstance(value, np.ndarray) and value.dtype == np.dtype("uint32") and value.shape == STATE.shape
        if not words:
            raise TypeError(f"{self} expects a numpy.random.RandomState, got {value!r:.80} of type {type(value).__name__}")
        return super().filter(value, strict, allow_downcast)


random_state_type = RandomStateType()


class BorrowedState(RandomState):
    """The RandomState of a shared variable, borrowed: `seed` and `set_state` reach the variable at once."""

    owner: TensorSharedVariable | None = None

    def seed(self, *args: Any, **kwargs: Any) -> None:
        """Begin anew, here and in the shared variable."""
        super().seed(*args, **kwargs)
        self._store()

    def set_state(self, *args: Any, **kwargs: Any) -> None:
        """Go on from a state, here and in the shared variable."""
        super().set_state(*args, **kwargs)
        self._store()

    def _store(self) -> None:
        if self.owner is not None:
            self.owner.set_value(self, borrow=True)

    def __reduce__(self) -> tuple[Any, ...]:
        plain = RandomState(0)
        plain.set_state(self.get_state())
        return plain.__reduce__()


class RandomStateSharedVariable(TensorSharedVariable):
    """A shared variable whose value is a RandomState."""

    @classmethod
    def of_state(cls, value: RandomState, name: str | None = None) -> RandomStateSharedVariable:
        """A shared variable that starts in the state of `value`, which is copied."""
        made = cls.of(random_state_type, random_state_type.filter(value), name, False, None, here())
        assert isinstance(made, RandomStateSharedVariable)
        return made

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Any:
        """The state as a RandomState. Borrowed, its `seed` and `set_state` change this variable too."""
        from phintys.codegen.host_random import state_tuple

        state = BorrowedState(0) if borrow else RandomState(0)
        state.set_state(state_tuple(on_host(self.container.read())))
        if isinstance(state, BorrowedState):
            state.owner = self
        return state

    def zero(self, borrow: bool = False) -> None:
        """TypeError: a state is no number."""
        raise TypeError(f"{self} holds the state of a random stream, which cannot be zero: use set_value(RandomState(seed))")


def is_state(value: Value) -> bool:
    """Whether a value is the state of a random stream: an input, a shared one, or the next one of a draw."""
    if isinstance(value.type, RandomStateType):
        return True
    node = value.node
    if node is None or value.index:
        return False
    return node.op in _DRAWS or (node.op == "host" and str(node.attrs["function"]).startswith("random_"))


def returning_states(call: Callable[..., Any], outputs: Sequence[Value], unpack: bool) -> Callable[..., Any]:
    """`call`, with states among its results as RandomStates; `call` itself when there are none."""
    places = [place for place, value in enumerate(outputs) if is_state(value)]
    if not places:
        return call

    def with_states(*args: Any, **kwargs: Any) -> Any:
        from phintys.codegen.host_random import unpack as restored

        results = call(*args, **kwargs)
        if unpack:
            return restored(results)
        for place in places:
            results[place] = restored(results[place])
        return results

    return with_states
