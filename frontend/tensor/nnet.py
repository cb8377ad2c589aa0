"""Functions of neural networks: activations, normalized exponentials, losses."""

from __future__ import annotations

from typing import Any

from ..apply import LogSoftmax, Softmax
from ..later import conv2d
from .build import apply, as_tensor_variable
from .elementwise import abs_, log, neg, sigmoid, softplus
from .filling import arange
from .indexing import index
from .reduction import sum as sum_
from .shaping import dim, shape_padleft
from .var import TensorVariable

__all__ = [
    "LogSoftmax",
    "Softmax",
    "binary_crossentropy",
    "categorical_crossentropy",
    "conv2d",
    "crossentropy_categorical_1hot",
    "logsoftmax",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
]


def _rows(x: Any) -> TensorVariable:
    """A floating vector (as a matrix of one row, as Theano has it) or matrix. ValueError for others."""
    x = as_tensor_variable(x)
    if x.ndim not in (1, 2) or x.type.kind != "f":
        raise ValueError(f"x must be 1-d or 2-d tensor of floats. Got {x.type}")
    return shape_padleft(x) if x.ndim == 1 else x


def softmax(c: Any) -> TensorVariable:
    """`exp(x) / sum(exp(x))` of each row, without overflow. A vector gives a matrix of one row.

    ValueError for other ranks.
    """
    return apply("softmax", _rows(c), axis=1)


def logsoftmax(c: Any) -> TensorVariable:
    """`log(softmax(x))`, without underflow."""
    return apply("log_softmax", _rows(c), axis=1)


def relu(x: Any, alpha: Any = 0) -> TensorVariable:
    """`x` where it is positive, `alpha * x` elsewhere.

    At zero its derivative is the mean of both sides (Theano's choice).
    """
    value = as_tensor_variable(x)
    if isinstance(alpha, int | float) and alpha == 0:
        return 0.5 * (value + abs_(value))
    slope = as_tensor_variable(alpha)
    return 0.5 * (1 + slope) * value + 0.5 * (1 - slope) * abs_(value)


def binary_crossentropy(output: Any, target: Any) -> TensorVariable:
    """`-(target * log(output) + (1 - target) * log(1 - output))`, element by element; `output` lies between 0 and 1."""
    output, target = as_tensor_variable(output), as_tensor_variable(target)
    return neg(target * log(output) + (1.0 - target) * log(1.0 - output))


def crossentropy_categorical_1hot(coding_dist: Any, true_one_of_n: Any) -> TensorVariable:
    """`-log(coding_dist[i, true_one_of_n[i]])` for each row.

    TypeError unless these are a float matrix and an integer vector.
    """
    coding, true = as_tensor_variable(coding_dist), as_tensor_variable(true_one_of_n)
    if coding.ndim != 2:
        raise TypeError(f"matrix required for argument: coding; got {coding.type}")
    if true.ndim != 1 or true.type.kind not in "iu":
        raise TypeError(f"integer vector required for argument: true_one_of_n; got {true.type}")
    return neg(index(log(coding), (arange(dim(coding, 0)), true)))


def categorical_crossentropy(coding_dist: Any, true_dist: Any) -> TensorVariable:
    """Cross entropy of each row: `true_dist` holds distributions like `coding_dist`, or the number of the true class.

    TypeError when the ranks do not fit.
    """
    coding, true = as_tensor_variable(coding_dist), as_tensor_variable(true_dist)
    if true.ndim == coding.ndim:
        return neg(sum_(true * log(coding), axis=coding.ndim - 1))
    if true.ndim == coding.ndim - 1:
        return crossentropy_categorical_1hot(coding, true)
    raise TypeError("rank mismatch between coding and true distributions")
