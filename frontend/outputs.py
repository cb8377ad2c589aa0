"""What becomes of the outputs of a call: one alone, on other devices, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .residence import moved
from .types import Array


def unpacked(call: Callable[..., Any]) -> Callable[..., Any]:
    """The one output of a call that returns a list."""

    def single(*arrays: Any) -> Any:
        return call(*arrays)[0]

    return single


def moving(call: Callable[..., Any], moves: Mapping[int, str], unpack: bool) -> Callable[..., Any]:
    """The call of a function some of whose outputs go to other devices than the one it runs on."""

    def there(*args: Any, **kwargs: Any) -> Any:
        found = call(*args, **kwargs)
        if unpack:
            return moved(found, moves[0])
        return [moved(value, moves[number]) if number in moves else value for number, value in enumerate(found)]

    return there


def as_dict(call: Callable[..., Any], keys: Sequence[str]) -> Callable[..., Any]:
    """The call of a function whose outputs were given as a dict."""

    def named(*args: Any, output_subset: Sequence[str] | None = None, **kwargs: Any) -> dict[str, Array]:
        found = dict(zip(keys, call(*args, **kwargs), strict=True))
        return found if output_subset is None else {key: found[key] for key in output_subset}

    return named
