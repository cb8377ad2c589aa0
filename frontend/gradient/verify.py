"""Gradients checked by finite differences: `verify_grad`, `numeric_grad`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..function import function
from ..tensor.build import cast
from ..tensor.reduction import sum as sum_
from ..types import Array, TensorType
from .reverse import grad

# Steps of finite differences: about the square root of the precision of each dtype.
STEPS = {"float64": 1e-7, "float32": 3e-4}
TOLERANCES = {"float64": 1e-4, "float32": 1e-2}


class GradientError(Exception):
    """A symbolic gradient differs from finite differences: argument, place, both values, and how far they are apart."""

    def __init__(self, arg: int, err_pos: int, shape: Any, val1: float, val2: float, abs_err: float, rel_err: float) -> None:
        super().__init__(arg, err_pos, shape, val1, val2, abs_err, rel_err)
        self.arg, self.err_pos, self.shape = arg, err_pos, shape
        self.val1, self.val2, self.abs_err, self.rel_err = val1, val2, abs_err, rel_err

    def __str__(self) -> str:
        return (
            f"GradientError: numeric gradient and analytic gradient exceed tolerance:\n"
            f"        At position {self.err_pos} of argument {self.arg} with shape {self.shape},\n"
            f"            val1 = {self.val1}      ,  val2 = {self.val2}\n"
            f"            abs. error = {self.abs_err},  rel. error = {self.rel_err}"
        )


class numeric_grad:  # noqa: N801, RUF100  (Theano's name)
    """The gradient of `f(*pt)`, a number, by central differences; `gf` has the shapes of `pt`.

    `eps` is the step. TypeError for points that are not floating.
    """

    def __init__(self, f: Callable[..., Any], pt: Any, eps: float | None = None, out_type: str | None = None) -> None:
        single = not isinstance(pt, list | tuple)
        points = [np.array(point) for point in ([pt] if single else pt)]
        if any(point.dtype.name not in STEPS for point in points):
            raise TypeError(f"numeric_grad needs float32 or float64 points, got {[str(point.dtype) for point in points]}")
        step = eps or max(STEPS[name] for name in (*(point.dtype.name for point in points), out_type or "float64"))
        gradients = [self._slopes(f, points, number, step) for number in range(len(points))]
        self.gf: Any = gradients[0] if single else gradients

    @staticmethod
    def _slopes(f: Callable[..., Any], points: Sequence[Array], number: int, step: float) -> Array:
        point = points[number]
        result = np.zeros(point.shape, point.dtype)
        for place in np.ndindex(point.shape):
            values = []
            for sign in (1, -1):
                moved = [other.copy() for other in points]
                moved[number][place] += sign * step
                values.append((float(f(*moved)), float(moved[number][place])))
            (above, right), (below, left) = values
            result[place] = (above - below) / (right - left)
        return result

    @staticmethod
    def abs_rel_err(a: Any, b: Any) -> tuple[Array, Array]:
        """Absolute and relative errors, element by element."""
        difference = np.abs(np.asarray(a) - np.asarray(b))
        return difference, difference / np.maximum(np.abs(a) + np.abs(b), 1e-8)

    def abs_rel_errors(self, g_pt: Sequence[Any]) -> list[tuple[Array, Array]]:
        """The errors of other gradients against these."""
        own = self.gf if isinstance(self.gf, list) else [self.gf]
        return [self.abs_rel_err(a, b) for a, b in zip(g_pt, own, strict=True)]

    def max_err(self, g_pt: Sequence[Any], abs_tol: float, rel_tol: float) -> tuple[int, int, float, float]:
        """Argument and place of the worst error, relative to the tolerances, and both errors there."""
        worst = (0, 0, 0.0, 0.0)
        for number, (absolute, relative) in enumerate(self.abs_rel_errors(g_pt)):
            scaled = np.minimum(absolute / abs_tol, relative / rel_tol).ravel()
            scaled = np.where(np.isfinite(scaled), scaled, np.inf)
            if not scaled.size:
                continue
            place = int(scaled.argmax())
            if scaled[place] >= min(worst[2] / abs_tol, worst[3] / rel_tol):
                worst = (number, place, float(absolute.flat[place]), float(relative.flat[place]))
        return worst


def verify_grad(
    fun: Callable[..., Any],
    pt: Sequence[Any],
    n_tests: int = 2,
    rng: Any = None,
    eps: float | None = None,
    out_type: str | None = None,
    abs_tol: float | None = None,
    rel_tol: float | None = None,
    mode: Any = None,
    cast_to_output_type: bool = False,
    no_debug_ref: bool = True,
) -> None:
    """Compare the gradient of `fun(*variables)`, a tensor, with finite differences at the arrays `pt`.

    The tensor is multiplied by `n_tests` random ones and summed; `rng` is a RandomState or a module like numpy.random.
    GradientError where an element is off by more than both tolerances; TypeError for points that are not floating.
    """
    points = [np.array(point) for point in pt]
    if any(point.dtype.name not in STEPS for point in points):
        raise TypeError(f"verify_grad needs float32 or float64 points, got {[str(point.dtype) for point in points]}")
    if rng is None:
        raise TypeError(
            "rng should be a valid instance of numpy.random.RandomState. You may want to use numpy.random.RandomState(0)"
        )
    types = [TensorType(point.dtype, [size == 1 for size in point.shape]) for point in points]
    inputs = [type(f"input {number}") for number, type in enumerate(types)]
    output = fun(*inputs)
    if isinstance(output, list | tuple):
        raise NotImplementedError("can't (yet) autotest gradient of fn with multiple outputs")
    narrow = min((point.dtype.name for point in points), key=lambda name: STEPS[name] * -1)
    tolerance = TOLERANCES["float32" if "float32" in (narrow, output.dtype, out_type) else "float64"]
    absolute, relative = (tolerance if given is None else given for given in (abs_tol, rel_tol))
    options = {"on_unused_input": "ignore", "mode": mode, "allow_input_downcast": True}
    shape = function(inputs, output, **options)(*points).shape
    weights = TensorType(output.dtype, [size == 1 for size in shape])("weights")
    cost = sum_(output * weights)
    value = function([*inputs, weights], cast(cost, out_type) if cast_to_output_type and out_type else cost, **options)
    slope = function([*inputs, weights], grad(cost, inputs, disconnected_inputs="ignore"), **options)
    for _ in range(n_tests):
        drawn = np.asarray(rng.uniform(0.5, 1.5, size=shape) * rng.choice([-1.0, 1.0], size=shape), output.dtype)
        numeric = numeric_grad(lambda *moved, drawn=drawn: value(*moved, drawn), points, eps, out_type)
        symbolic = slope(*points, drawn)
        arg, place, abs_err, rel_err = numeric.max_err(symbolic, absolute, relative)
        if not (abs_err <= absolute or rel_err <= relative):
            pair = (float(numeric.gf[arg].flat[place]), float(symbolic[arg].flat[place]))
            raise GradientError(arg, place, points[arg].shape, *pair, abs_err, rel_err)


verify_grad.E_grad = GradientError  # type: ignore[attr-defined]

__all__ = ["GradientError", "numeric_grad", "verify_grad"]
