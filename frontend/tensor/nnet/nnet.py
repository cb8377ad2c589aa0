"""Normalized exponentials and losses."""

from __future__ import annotations

from typing import Any

from ..build import apply, as_tensor_variable, cast
from ..elementwise import eq, exp, log, neg, sigmoid, softplus
from ..filling import alloc, arange
from ..indexing import index
from ..joining import concatenate
from ..linalg import dot, tensordot
from ..products import batched_dot
from ..reduction import argmax, max
from ..reduction import sum as sum_
from ..shaping import dim, dimshuffle, reshape, shape_padleft
from ..sort import unique
from ..var import TensorVariable

__all__ = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "confusion_matrix",
    "crossentropy_categorical_1hot",
    "crossentropy_softmax_1hot",
    "crossentropy_softmax_1hot_with_bias",
    "crossentropy_softmax_argmax_1hot_with_bias",
    "crossentropy_softmax_max_and_argmax_1hot",
    "crossentropy_softmax_max_and_argmax_1hot_with_bias",
    "h_softmax",
    "logsoftmax",
    "prepend_0_to_each_row",
    "prepend_1_to_each_row",
    "prepend_scalar_to_each_row",
    "sigmoid",
    "sigmoid_binary_crossentropy",
    "softmax",
    "softmax_graph",
    "softmax_with_bias",
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


def softmax_graph(c: Any) -> TensorVariable:
    """`exp(c) / sum(exp(c))` along the last dimension, of any rank."""
    x = as_tensor_variable(c)
    return exp(x) / sum_(exp(x), axis=-1, keepdims=True)


def softmax_with_bias(x: Any, b: Any) -> TensorVariable:
    """`softmax(x + b)`, with a vector added to each row."""
    return softmax(as_tensor_variable(x) + _bias(b))


def _bias(b: Any) -> TensorVariable:
    bias = as_tensor_variable(b)
    if bias.ndim != 1 or bias.type.kind != "f":
        raise ValueError(f"b must be 1-d tensor of floats. Got {bias.type}")
    return bias


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


def sigmoid_binary_crossentropy(output: Any, target: Any) -> TensorVariable:
    """`binary_crossentropy(sigmoid(output), target)`, without overflow."""
    x, wanted = as_tensor_variable(output), as_tensor_variable(target)
    return wanted * softplus(-x) + (1.0 - wanted) * softplus(x)


# --- softmax and cross entropy together: the loss of row i is -log(softmax(x)[i, y[i]]) ---------------------------------


def crossentropy_softmax_argmax_1hot_with_bias(x: Any, b: Any, y_idx: Any) -> list[TensorVariable]:
    """The losses of the rows of `x + b`, their softmax, and the positions of their largest elements."""
    shifted = as_tensor_variable(x) + _bias(b)
    losses = neg(index(logsoftmax(shifted), (arange(dim(shifted, 0)), as_tensor_variable(y_idx))))
    return [losses, softmax(shifted), argmax(shifted, axis=1)]


def _without_bias(x: Any) -> TensorVariable:
    value = as_tensor_variable(x)
    return alloc(apply("cast", 0, dtype=value.dtype), dim(value, 1))


def crossentropy_softmax_1hot_with_bias(x: Any, b: Any, y_idx: Any, **kwargs: Any) -> list[TensorVariable]:
    """The losses of the rows of `x + b`, and their softmax."""
    return crossentropy_softmax_argmax_1hot_with_bias(x, b, y_idx)[:2]


def crossentropy_softmax_1hot(x: Any, y_idx: Any, **kwargs: Any) -> list[TensorVariable]:
    """The losses of the rows of `x`, and their softmax."""
    return crossentropy_softmax_1hot_with_bias(x, _without_bias(x), y_idx)


def crossentropy_softmax_max_and_argmax_1hot_with_bias(x: Any, b: Any, y_idx: Any, **kwargs: Any) -> list[TensorVariable]:
    """The losses of the rows of `x + b`, their softmax, its largest elements and their positions."""
    losses, probabilities, positions = crossentropy_softmax_argmax_1hot_with_bias(x, b, y_idx)
    return [losses, probabilities, max(probabilities, axis=-1), positions]


def crossentropy_softmax_max_and_argmax_1hot(x: Any, y_idx: Any, **kwargs: Any) -> list[TensorVariable]:
    """The losses of the rows of `x`, their softmax, its largest elements and their positions."""
    return crossentropy_softmax_max_and_argmax_1hot_with_bias(x, _without_bias(x), y_idx)


# --- rows, counts, classes of classes -----------------------------------------------------------------------------------


def prepend_scalar_to_each_row(val: Any, mat: Any) -> TensorVariable:
    """A matrix with one more column in front, all of it `val`."""
    matrix = as_tensor_variable(mat)
    number = cast(as_tensor_variable(val), matrix.dtype)
    if number.ndim or matrix.ndim != 2:
        raise TypeError(f"a number goes in front of the rows of a matrix; got {number.type} and {matrix.type}")
    return concatenate([alloc(number, dim(matrix, 0), 1), matrix], axis=1)


def prepend_0_to_each_row(mat: Any) -> TensorVariable:
    """A matrix with a column of zeros in front."""
    return prepend_scalar_to_each_row(0, mat)


def prepend_1_to_each_row(mat: Any) -> TensorVariable:
    """A matrix with a column of ones in front."""
    return prepend_scalar_to_each_row(1, mat)


def confusion_matrix(actual: Any, pred: Any) -> list[TensorVariable]:
    """How often each class (a row) was taken for each class (a column), and the classes in order.

    ValueError unless both are vectors.
    """
    actual, pred = as_tensor_variable(actual), as_tensor_variable(pred)
    for name, value in (("actual", actual), ("pred", pred)):
        if value.ndim != 1:
            raise ValueError(f"{name} must be 1-d tensor variable")
    order = unique(concatenate([actual, pred]))
    assert isinstance(order, TensorVariable)
    hot = [cast(eq(dimshuffle(value, 0, "x"), order), "int64") for value in (actual, pred)]
    return [dot(hot[0].T, hot[1]), order]


def h_softmax(
    x: Any,
    batch_size: Any,
    n_outputs: Any,
    n_classes: Any,
    n_outputs_per_class: Any,
    W1: Any,
    b1: Any,
    W2: Any,
    b2: Any,
    target: Any = None,
) -> TensorVariable:
    """Softmax in two steps: of classes (`dot(x, W1) + b1`), then of the outputs of each class (`W2`, `b2`).

    `W2` has a matrix for each class. With `target`, the number of an output for each row, only the probabilities of these
    are computed (a vector); without it those of all outputs (a matrix). Morin and Bengio 2005.
    """
    x, W2, b2 = as_tensor_variable(x), as_tensor_variable(W2), as_tensor_variable(b2)
    classes = softmax(dot(x, W1) + b1)
    if target is None:
        inner = softmax(reshape(tensordot(x, W2, (1, 1)) + b2, [-1, n_outputs_per_class]))
        both = dimshuffle(classes, 0, 1, "x") * reshape(inner, [batch_size, n_classes, n_outputs_per_class])
        return reshape(both, [batch_size, -1])[:, :n_outputs]
    wanted = as_tensor_variable(target).flatten()
    of_class, place = wanted // n_outputs_per_class, wanted % n_outputs_per_class
    rows = arange(batch_size)
    inner = softmax(batched_dot(x, index(W2, (of_class,))) + index(b2, (of_class,)))
    return index(classes, (rows, of_class)) * index(inner, (rows, place))
