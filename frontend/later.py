"""Names of Theano's that programs import and that have no meaning here yet: calling one says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

Refusing = Callable[..., NoReturn]


def later(name: str, instead: str) -> Refusing:
    """A function that raises NotImplementedError: what is missing, and what to do instead."""

    def function(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"{name} is not available in Phintys yet: {instead}")

    function.__name__ = function.__qualname__ = name.rpartition(".")[2]
    function.__doc__ = f"Not available yet: {instead}."
    return function


_LOOP = "write a loop of known length in Python, or keep the state in shared variables and call a function for each step"
_CONVOLUTION = "there are no convolutions, pools and sparse matrices in this version"

scan = later("theano.scan", _LOOP)
map = later("theano.map", _LOOP)
reduce = later("theano.reduce", _LOOP)
foldl = later("theano.foldl", _LOOP)
foldr = later("theano.foldr", _LOOP)
scan_checkpoints = later("theano.scan_checkpoints", _LOOP)
conv2d = later("theano.tensor.nnet.conv2d", _CONVOLUTION)
pool_3d = later("theano.tensor.signal.pool.pool_3d", _CONVOLUTION)
pool_2d = later("theano.tensor.signal.pool.pool_2d", _CONVOLUTION)
