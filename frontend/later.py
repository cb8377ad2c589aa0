"""Names of Theano's that programs import and that have no meaning here yet: calling one says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from .aliases import names

Refusing = Callable[..., NoReturn]


def later(name: str, instead: str) -> Refusing:
    """A function, or a class, that raises NotImplementedError when it is called: what is missing, and what to do instead."""

    def function(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"{name} is not available in Phintys yet: {instead}")

    short, text = name.rpartition(".")[2], f"Not available yet: {instead}."
    if short[0].isupper():
        return type(short, (), {"__doc__": text, "__new__": function})
    function.__name__ = function.__qualname__ = short
    function.__doc__ = text
    return function


LOOP = "write a loop of known length in Python, or keep the state in shared variables and call a function for each step"
CONVOLUTION = "there are no convolutions, pools and sparse matrices in this version"

scan = later("theano.scan", LOOP)
map = later("theano.map", LOOP)
reduce = later("theano.reduce", LOOP)
foldl = later("theano.foldl", LOOP)
foldr = later("theano.foldr", LOOP)
scan_checkpoints = later("theano.scan_checkpoints", LOOP)
until = later("theano.scan_module.until", LOOP)
conv2d = later("theano.tensor.nnet.conv2d", CONVOLUTION)
pool_3d = later("theano.tensor.signal.pool.pool_3d", CONVOLUTION)
pool_2d = later("theano.tensor.signal.pool.pool_2d", CONVOLUTION)

__getattr__ = names(__name__)
