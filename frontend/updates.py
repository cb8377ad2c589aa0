"""`OrderedUpdates`: a dict of updates, shared variable to new value, that refuses other keys."""

from __future__ import annotations

from typing import Any

from .tensor.sharedvar import TensorSharedVariable


class OrderedUpdates(dict[Any, Any]):
    """Updates of shared variables, in order; two of them add up, and KeyError tells of a variable in both."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, TensorSharedVariable):
            raise TypeError("OrderedUpdates keys must inherit from SharedVariable", key)
        if key in self and self[key] is not value:
            raise KeyError("Collision", key)
        super().__setitem__(key, value)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Add the pairs of another dict."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def __add__(self, other: Any) -> OrderedUpdates:
        result = OrderedUpdates(self)
        result.update(other)
        return result

    def __radd__(self, other: Any) -> OrderedUpdates:
        return OrderedUpdates(other) + self
