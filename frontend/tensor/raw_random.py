"""Random numbers as expressions of a stream's state: each function gives the next state and the sample.

    state = random_state_type()
    next_state, sample = uniform(state, (2, 3))

`RandomStreams` keeps the state in a shared variable instead. The numbers are those of NumPy's RandomState, to the bit
(normal ones to the last place). Sources: the legacy generator of numpy.random; Matsumoto and Nishimura, Mersenne Twister
(1998); Marsaglia and Bray's polar method (1964).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from phintys.ir.graph import Node
from phintys.ir.host import STATE, options_text, types_text
from phintys.ir.types import TensorType, upcast

from ..aliases import names
from ..config import config
from ..location import here
from ..types import check_dtype
from .build import as_tensor_variable, cast, known_scalar
from .indexing import index
from .random_state import RandomStateType, is_state, random_state_type
from .shaping import dim, sizes
from .var import TensorVariable

__all__ = [
    "RandomStateType",
    "RandomStreamsBase",
    "binomial",
    "choice",
    "multinomial",
    "normal",
    "permutation",
    "poisson",
    "random_integers",
    "random_state_type",
    "uniform",
]

Draw = tuple[TensorVariable, TensorVariable]
Size = list[int | TensorVariable]


def _state(value: Any) -> TensorVariable:
    """A state given to a draw; TypeError for any other value."""
    if isinstance(value, RandomStateType):
        value = value()
    if not isinstance(value, TensorVariable) or not is_state(value):
        raise TypeError(f"expected a variable of random_state_type, the state of a stream; got {value!r}")
    return value


def _size(size: Any, ndim: int | None, parameters: Sequence[TensorVariable]) -> Size:
    """The sizes of a draw: as given, or those to which the parameters broadcast. ValueError where `ndim` differs."""
    if size is not None:
        found = sizes(size, ndim)
    else:
        rank = max((value.ndim for value in parameters), default=0)
        found = [_broadcast(axis - rank, parameters) for axis in range(rank)]
    if ndim is not None and len(found) != ndim:
        raise ValueError(f"ndim={ndim} but the size has {len(found)} dimensions")
    for value in parameters:
        if value.ndim > len(found):
            raise ValueError(f"the parameter {value} has {value.ndim} dimensions, more than the {len(found)} of the size")
    return found


def _broadcast(axis: int, parameters: Sequence[TensorVariable]) -> int | TensorVariable:
    """Size of a dimension, counted from the last, of the broadcast of parameters."""
    here_too = [value for value in parameters if value.ndim >= -axis]
    for value in here_too:
        if value.type.shape[axis] != 1:
            known = value.type.shape[axis]
            return dim(value, value.ndim + axis) if known is None else known
    return 1


def _static(found: Size) -> tuple[int | None, ...]:
    return tuple(size if isinstance(size, int) else None for size in found)


def _results(node: Node, state: TensorVariable) -> Draw:
    """The next state and the sample."""
    new, sample = node.results
    assert isinstance(new, TensorVariable) and isinstance(sample, TensorVariable)
    new.type = random_state_type
    return new, sample


def _native(op: str, state: Any, found: Size) -> Draw:
    """Standard numbers, drawn by compiled code."""
    state = _state(state)
    dynamic = [cast(size, "int64") for size in found if isinstance(size, TensorVariable)]
    node = Node(op, [state, *dynamic], {"sizes": _static(found)}, make=TensorVariable, loc=here())
    return _results(node, state)


def _host(name: str, state: Any, parameters: Sequence[Any], size: Any, dtype: Any, shape: Sequence[int | None]) -> Draw:
    """Numbers drawn by NumPy when the function runs; `shape` is what is known of the sample's."""
    state = _state(state)
    operands = [state, *map(as_tensor_variable, parameters)]
    dtype = check_dtype(dtype)
    options = {"dtype": dtype, "sized": size is not None}
    if size is not None:
        operands.append(cast(as_tensor_variable(size), "int64") if len(size) else _no_sizes())
    results = types_text([STATE, TensorType(dtype, tuple(shape))])
    attrs = {"function": f"random_{name}", "results": results, "options": options_text(options)}
    return _results(Node("host", operands, attrs, make=TensorVariable, loc=here()), state)


def _no_sizes() -> TensorVariable:
    """The shape of a scalar."""
    import numpy as np

    return as_tensor_variable(np.zeros(0, dtype="int64"))


def _given(size: Any, ndim: int | None) -> Size | None:
    return None if size is None else sizes(size, ndim)


def uniform(
    random_state: Any, size: Any = None, low: Any = 0.0, high: Any = 1.0, ndim: int | None = None, dtype: Any = None
) -> Draw:
    """Numbers in [low, high), of floatX or the parameters' dtype. `size`: numbers, scalars or a vector (with `ndim`)."""
    low, high = as_tensor_variable(low), as_tensor_variable(high)
    dtype = upcast(config.floatX, low.dtype, high.dtype) if dtype is None else check_dtype(dtype)
    new, sample = _native("random_uniform", random_state, _size(size, ndim, [low, high]))
    if not (_is(low, 0) and _is(high, 1)):
        low, high = cast(low, "float64"), cast(high, "float64")
        sample = low + (high - low) * sample
    return new, cast(sample, dtype)


def normal(
    random_state: Any, size: Any = None, avg: Any = 0.0, std: Any = 1.0, ndim: int | None = None, dtype: Any = None
) -> Draw:
    """Numbers of the normal distribution of mean `avg` and deviation `std`; `size` and `dtype` as in `uniform`."""
    avg, std = as_tensor_variable(avg), as_tensor_variable(std)
    dtype = upcast(config.floatX, avg.dtype, std.dtype) if dtype is None else check_dtype(dtype)
    new, sample = _native("random_normal", random_state, _size(size, ndim, [avg, std]))
    if not (_is(avg, 0) and _is(std, 1)):
        sample = cast(avg, "float64") + cast(std, "float64") * sample
    return new, cast(sample, dtype)


def _is(value: TensorVariable, number: float) -> bool:
    """Whether a parameter is that number."""
    return not value.ndim and known_scalar(value) == number


def binomial(
    random_state: Any,
    size: Any = None,
    n: Any = 1,
    p: Any = 0.5,
    ndim: int | None = None,
    dtype: Any = "int64",
    prob: Any = None,
) -> Draw:
    """Successes in `n` trials of probability `p` (`prob` is its old name)."""
    parameters = [as_tensor_variable(n), as_tensor_variable(p if prob is None else prob)]
    return _broadcasting("binomial", random_state, parameters, size, ndim, dtype)


def poisson(random_state: Any, size: Any = None, lam: Any = 1.0, ndim: int | None = None, dtype: Any = "int64") -> Draw:
    """Events of a Poisson process where `lam` are expected."""
    return _broadcasting("poisson", random_state, [as_tensor_variable(lam)], size, ndim, dtype)


def random_integers(
    random_state: Any, size: Any = None, low: Any = 0, high: Any = 1, ndim: int | None = None, dtype: Any = "int64"
) -> Draw:
    """Integers from `low` to `high`, both included. TypeError for bounds that are not integers."""
    parameters = [as_tensor_variable(low), as_tensor_variable(high)]
    for value in parameters:
        if value.type.kind not in "iu":
            raise TypeError(f"random_integers takes integers, got {value} of dtype {value.dtype}")
    return _broadcasting("random_integers", random_state, parameters, size, ndim, dtype)


def _broadcasting(name: str, state: Any, parameters: Sequence[TensorVariable], size: Any, ndim: int | None, dtype: Any) -> Draw:
    found = _size(size, ndim, parameters)
    return _host(name, state, parameters, found if size is not None else None, dtype, _static(found))


def choice(
    random_state: Any,
    size: Any = None,
    a: Any = 2,
    replace: Any = True,
    p: Any = None,
    ndim: int | None = None,
    dtype: Any = "int64",
) -> Draw:
    """Elements of the vector `a`, or numbers below it, with probabilities `p` (equal ones without it)."""
    import numpy as np

    items = as_tensor_variable(a)
    if items.ndim > 1:
        raise TypeError(f"choice takes a number or a vector, got {items} of {items.ndim} dimensions")
    found = _size(size if size is not None else (), ndim, [])
    again = as_tensor_variable(np.array(bool(replace)) if isinstance(replace, bool | int) else replace)
    chances = as_tensor_variable(np.zeros(0) if p is None else p)
    return _host("choice", random_state, [items, again, chances], found, dtype, _static(found))


def permutation(random_state: Any, size: Any = None, n: Any = 1, ndim: int | None = None, dtype: Any = "int64") -> Draw:
    """The numbers below `n` in a random order, `size` times: the sample has one dimension more than `size`."""
    found = _size(size if size is not None else (), ndim, [])
    number = known_scalar(n) if not isinstance(n, TensorVariable) or not n.ndim else None
    length = None if number is None else int(number)
    return _host("permutation", random_state, [n], found, dtype, (*_static(found), length))


def multinomial(
    random_state: Any,
    size: Any = None,
    n: Any = 1,
    pvals: Any = (0.5, 0.5),
    ndim: int | None = None,
    dtype: Any = "int64",
) -> Draw:
    """How often each outcome of probabilities `pvals` (along the last dimension) comes in `n` trials."""
    trials, chances = as_tensor_variable(n), as_tensor_variable(list(pvals) if isinstance(pvals, tuple) else pvals)
    if not chances.ndim:
        raise TypeError(f"multinomial takes a vector of probabilities, got the scalar {chances}")
    rows = index(chances, (Ellipsis, 0)) if chances.ndim > 1 else as_tensor_variable(0.0)
    found = _size(size, ndim, [trials, rows])
    shape = (*_static(found), chances.type.shape[-1])
    return _host("multinomial", random_state, [trials, chances], found if size is not None else None, dtype, shape)


class RandomStreamsBase:
    """The distributions as methods; `gen(function, *arguments)` of a derived class draws from a stream of its own."""

    def gen(self, op: Callable[..., Draw], *args: Any, **kwargs: Any) -> TensorVariable:
        """A random variable of the function `op`."""
        raise NotImplementedError

    def shuffle_row_elements(self, input: Any) -> TensorVariable:
        """`input` with the elements of each row (along the last dimension) in a random order."""
        value = as_tensor_variable(input)
        lead = [dim(value, axis) for axis in range(value.ndim - 1)]
        order = self.gen(permutation, size=lead, n=dim(value, value.ndim - 1), ndim=value.ndim - 1)
        return permute_rows(value, order)


def permute_rows(value: TensorVariable, order: TensorVariable) -> TensorVariable:
    """Each row of `value` in the order of the positions in the same row of `order`."""
    from .filling import arange

    places: list[Any] = []
    for axis in range(value.ndim - 1):
        rest = ["x"] * axis, ["x"] * (value.ndim - 1 - axis)
        places.append(arange(dim(value, axis)).dimshuffle([*rest[0], 0, *rest[1]]))
    return index(value, (*places, order))


def _method(function: Callable[..., Draw]) -> Callable[..., TensorVariable]:
    @wraps(function)
    def method(self: RandomStreamsBase, *args: Any, **kwargs: Any) -> TensorVariable:
        return self.gen(function, *args, **kwargs)

    return method


for _function in (binomial, choice, multinomial, normal, permutation, poisson, random_integers, uniform):
    setattr(RandomStreamsBase, _function.__name__, _method(_function))

__getattr__ = names(__name__)
