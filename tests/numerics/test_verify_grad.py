"""Every derivative row by the public `verify_grad`, first and second derivatives; what is defined at the kinks."""

from __future__ import annotations

import numpy as np
import pytest
from gradient_rows import KINKS, MARKED, SLOPES, VECTOR, sample

import phintys.tensor as T
from phintys import function
from phintys.gradient import GradientError
from phintys.passes.autodiff import VJPS
from phintys.tensor.build import apply


def verify(name: str, twice: bool) -> None:
    """Differences of the expression; or of the gradient of a sum of its squares, which no linear operation loses."""
    row = SLOPES[name]

    def slopes(*xs: T.TensorVariable) -> T.TensorVariable:
        gradients = T.grad((row.build(*xs) ** 2).sum(), list(xs), disconnected_inputs="ignore")
        return T.concatenate([T.flatten(part) for part in gradients])

    T.verify_grad(
        slopes if twice else row.build,
        row.points,
        n_tests=1,
        rng=np.random.RandomState(3),
        eps=row.step,
        abs_tol=row.tolerance,
        rel_tol=row.tolerance * (10 if twice else 1),
        mode="FAST_COMPILE",
    )


@pytest.mark.parametrize("name", SLOPES)
def test_first_derivatives(name: str) -> None:
    verify(name, False)


@pytest.mark.parametrize("name", [name for name, row in SLOPES.items() if row.twice])
def test_second_derivatives(name: str) -> None:
    verify(name, True)


@pytest.mark.parametrize("name", MARKED)
def test_marks(name: str) -> None:
    build, slope = MARKED[name]
    x = T.dvector("x")
    np.testing.assert_allclose(function([x], T.grad(build(x).sum(), x))(VECTOR), slope(VECTOR))


def test_every_row_is_verified() -> None:
    assert {*SLOPES} | {*MARKED} == {*VJPS}
    assert not {*SLOPES} & {*MARKED}


def test_a_wrong_slope_is_noticed() -> None:
    """The tolerances are so narrow that a thousandth is seen."""
    with pytest.raises(GradientError):
        T.verify_grad(
            lambda x: 0.999 * x**2 + 1e-3 * apply("stop_grad", x**2),
            [sample(3)],
            rng=np.random.RandomState(3),
            abs_tol=1e-6,
            rel_tol=1e-6,
        )


@pytest.mark.parametrize("name", KINKS)
@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE"])
def test_kinks(name: str, mode: str) -> None:
    build, points, expected = KINKS[name]
    arrays = [np.array(point) for point in points]
    xs = [T.TensorType("float64", [False] * array.ndim)() for array in arrays]
    found = function(xs, T.grad(build(*xs).sum(), xs), mode=mode)(*arrays)
    for slope, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(slope, wanted)
