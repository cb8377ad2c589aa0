"""What rewriting passes must not change, and what they must improve: values of programs before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import nd_reference as ref
import numpy as np
import pytest
from random_programs import TYPES, arguments, random_body

from phintys.dialects.text import verify_module
from phintys.ir.diagnostics import DiagnosticError
from phintys.passes.autodiff import Autodiff
from phintys.passes.canonicalize import Canonicalize
from phintys.passes.cse import Cse
from phintys.passes.decompose import Decompose
from phintys.passes.nd_builder import Builder, Term
from phintys.passes.pow_by_squaring import LARGEST, PowBySquaring, addition_chain
from phintys.passes.rewriting import functions
from phintys.passes.rule_counts import counting_rules
from phintys.passes.stabilize import Stabilize
from phintys.passes.worklist import apply_rules

ALL = (Stabilize, Autodiff, Canonicalize, Cse, Stabilize, PowBySquaring, Decompose, Canonicalize, Cse)


def run(module: Any, *passes: Any) -> Any:
    """Apply passes and verify after each."""
    for one in passes:
        one().apply(None, module)
        verify_module(module, name=f"after {one.name}")
    return module


def compute(types: Sequence[str], body: Callable[..., Any], passes: Sequence[Any], *arrays: Any) -> list[Any]:
    return ref.evaluate(run(ref.function(types, body), *passes), *arrays)


def ops(module: Any) -> list[str]:
    """Names of the operations of a module's function."""
    (func,) = functions(module)
    return [op.name.removeprefix("nd.") for op in func.body.block.ops][:-1]


# --- every value stays the same ---------------------------------------------------------------------------------------


def assert_same_bits(found: Any, expected: Any) -> None:
    """Equal, NaN included; zeros may differ in sign (the one liberty of canonicalize) but no infinity may."""
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("seed", range(150))
def test_canonicalize_is_exact(seed: int) -> None:
    """Values of any kind, through the identities: not one bit differs in what is not a zero."""
    module = ref.function(TYPES, random_body(seed))
    inputs = [arguments(seed * 7 + k, special=True, unknown=size) for k, size in enumerate((3, 2, 1))]
    before = [ref.evaluate(module, *arrays) for arrays in inputs]
    run(module, Canonicalize, Cse)
    for arrays, expected in zip(inputs, before, strict=True):
        for found, value in zip(ref.evaluate(module, *arrays), expected, strict=True):
            assert_same_bits(found, value)


@pytest.mark.parametrize("seed", range(50))
def test_a_second_run_changes_nothing(seed: int) -> None:
    """After canonicalize no rule is left that would fire, and so after stabilize."""
    for one in (Canonicalize, Stabilize):
        module = run(ref.function(TYPES, random_body(seed)), one)
        with counting_rules() as fired:
            run(module, one)
        assert not fired


@pytest.mark.parametrize("seed", range(100))
def test_all_passes_keep_gradients(seed: int) -> None:
    """A program's values and gradients, with all passes and with differentiation alone."""

    def body(*inputs: Term) -> list[Term]:
        results = random_body(seed, 9)(*inputs)
        sums = [value.op("tanh").op("sum", axes=range(value.type.ndim)) for value in results]
        cost = sums[0]
        for value in sums[1:]:
            cost = cost + value
        return [cost, *ref.gradient(cost, *inputs)]

    arrays = arguments(seed, special=False)
    for found, expected in zip(compute(TYPES, body, ALL, *arrays), compute(TYPES, body, [Autodiff], *arrays), strict=True):
        # What overflows on the way may come out finite in the stable form.
        keep = np.isfinite(expected)
        np.testing.assert_allclose(found[keep], expected[keep], rtol=1e-9, atol=1e-9)


def test_empty_tensors() -> None:
    body = lambda x: [(x + 0.0) * 1.0, (x.op("exp") + 1.0).op("log"), x.op("sum", axes=(0,))]  # noqa: E731
    found = compute(["f64[?]"], body, ALL, np.zeros(0))
    assert [value.shape for value in found] == [(0,), (0,), ()]


# --- stabilize --------------------------------------------------------------------------------------------------------


def logistic_loss(x: Term, y: Term, logistic: Callable[[Term], Term]) -> Term:
    p = logistic(x)
    return (-(y * p.op("log")) - (1.0 - y) * (1.0 - p).op("log")).sum((0,))


@pytest.mark.parametrize(
    "logistic",
    [lambda x: 1.0 / ((-x).op("exp") + 1.0), lambda x: x.op("sigmoid"), lambda x: x.op("exp") / (x.op("exp") + 1.0)],
    ids=["1/(1+exp(-x))", "sigmoid", "exp(x)/(1+exp(x))"],
)
def test_logistic_loss_at_800(logistic: Callable[[Term], Term]) -> None:
    """Value and gradient of the cross-entropy, right and wrong by 800: 0 and 800, slopes 0 and +-1."""

    def body(x: Term, y: Term) -> list[Term]:
        cost = logistic_loss(x, y, logistic)
        return [cost, *ref.gradient(cost, x)]

    x, y = [800.0, -800.0, 800.0, -800.0, 0.0], [1.0, 0.0, 0.0, 1.0, 1.0]
    cost, gradient = compute(["f64[?]", "f64[?]"], body, ALL, x, y)
    assert cost == pytest.approx(1600 + np.log(2))
    np.testing.assert_allclose(gradient, [0.0, 0.0, 1.0, -1.0, -0.5], atol=1e-300)


def test_softmax_loss_at_1000() -> None:
    def body(x: Term, y: Term) -> list[Term]:
        rows = x.b.term(x.b.op("arange", *(x.b.constant(k, "int64") for k in (0, 3, 1))))
        cost = -x.op("softmax", axis=1).op("gather", rows, y).op("log").sum((0,))
        return [cost, *ref.gradient(cost, x)]

    x = np.array([[1000.0, 0.0], [0.0, 1000.0], [3.0, 3.0]])
    cost, gradient = compute(["f64[?, 2]", "i64[?]"], body, ALL, x, [0, 0, 1])
    assert cost == pytest.approx(1000 + np.log(2))
    np.testing.assert_allclose(gradient, [[0, 0], [-1, 1], [0.5, -0.5]], atol=1e-12)


def log_sum(x: Term) -> Term:
    return x.op("exp").sum((1,)).op("log")


def test_log_sum_of_exponentials() -> None:
    inf, nan = np.inf, np.nan
    x = np.array([[1000.0, 1000.0], [-1000.0, -1001.0], [-inf, 2.0], [-inf, -inf], [inf, 1.0], [nan, 1.0]])
    (found,) = compute(["f64[?, 2]"], log_sum, ALL, x)
    np.testing.assert_allclose(found[:3], [1000 + np.log(2), -1000 + np.log1p(np.exp(-1)), 2.0])
    np.testing.assert_array_equal(found[3:], [-inf, inf, nan])


def test_gradient_of_log_sum_is_the_softmax() -> None:
    body = lambda x: ref.gradient(log_sum(x).sum((0,)), x)  # noqa: E731
    (found,) = compute(["f64[?, 2]"], body, ALL, [[1000.0, 1000.0], [-1000.0, -1001.0]])
    np.testing.assert_allclose(found, [[0.5, 0.5], [1 / (1 + np.exp(-1)), 1 / (1 + np.e)]])


def test_log_of_two_exponentials() -> None:
    body = lambda x, y: (x.op("exp") + y.op("exp")).op("log")  # noqa: E731
    inf = np.inf
    x, y = [1000.0, -1000.0, inf, -inf, -inf, 1.0], [1000.0, -1001.0, inf, -inf, 1.0, np.nan]
    (found,) = compute(["f64[?]", "f64[?]"], body, ALL, x, y)
    np.testing.assert_allclose(found, [1000 + np.log(2), -1000 + np.log1p(np.exp(-1)), inf, -inf, 1.0, np.nan])


STABLE: dict[str, tuple[Callable[[Term], Term], Callable[[Any], Any]]] = {
    "log1p": (lambda x: (x + 1.0).op("log"), np.log1p),
    "log1p of a difference": (lambda x: (1.0 - x).op("log"), lambda x: np.log1p(-x)),
    "expm1": (lambda x: x.op("exp") - 1.0, np.expm1),
    "expm1, added": (lambda x: x.op("exp") + (-1.0), np.expm1),
    "-expm1": (lambda x: 1.0 - x.op("exp"), lambda x: -np.expm1(x)),
    "softplus": (lambda x: (x.op("exp") + 1.0).op("log"), lambda x: np.logaddexp(0, x)),
    "softplus of log1p": (lambda x: x.op("exp").op("log1p"), lambda x: np.logaddexp(0, x)),
    "log sigmoid": (lambda x: x.op("sigmoid").op("log"), lambda x: -np.logaddexp(0, -x)),
    "log of 1 - sigmoid": (lambda x: (1.0 - x.op("sigmoid")).op("log"), lambda x: -np.logaddexp(0, x)),
    "log of -sigmoid + 1": (lambda x: (x.op("sigmoid") * -1.0 + 1.0).op("log"), lambda x: -np.logaddexp(0, x)),
    "log1p of -sigmoid": (lambda x: (-x.op("sigmoid")).op("log1p"), lambda x: -np.logaddexp(0, x)),
    "sigmoid * exp": (lambda x: x.op("sigmoid") * (-x).op("exp"), lambda x: np.exp(-np.logaddexp(0, x))),
    "product": (lambda x: 3.0 / (x.op("exp") + 1.0) * x.op("exp"), lambda x: 3 * np.exp(-np.logaddexp(0, -x))),
}


@pytest.mark.parametrize("name", STABLE)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_stable_forms(name: str, dtype: str) -> None:
    """Against formulas that neither overflow nor cancel, from tiny to huge."""
    body, exact = STABLE[name]
    limit = np.float64(np.finfo(dtype).tiny)
    x = np.array([limit, 1e-20, -1e-20, 1e-7, 0.5, -0.5, 30.0, -30.0], dtype)
    if not name.startswith(("log1p", "expm1", "-expm1")):
        x = np.append(x, np.array([800.0, -800.0], dtype))
    x = x[x < 1] if name == "log1p of a difference" else x[x > -1] if name == "log1p" else x
    (found,) = compute([f"{'f64' if dtype == 'float64' else 'f32'}[?]"], body, ALL, x)
    with np.errstate(under="ignore"):
        np.testing.assert_allclose(found, exact(x.astype("float64")), rtol=16 * np.finfo(dtype).eps, atol=limit)


# --- powers -----------------------------------------------------------------------------------------------------------


def power(exponent: float) -> Callable[[Term], Term]:
    return lambda x: x.op("pow", exponent)


@pytest.mark.parametrize("twice", range(-2 * LARGEST, 2 * LARGEST + 1))
def test_constant_powers(twice: int) -> None:
    x = np.array([0.3, 0.999, 1.0, 1.7, 2.0, 0.0, np.inf, np.nan])
    x = np.concatenate([x, -x]) if twice % 2 == 0 else x
    module = run(ref.function(["f64[?]"], power(twice / 2)), PowBySquaring)
    assert "pow" not in ops(module)
    with np.errstate(all="ignore"):
        expected = np.power(x, twice / 2)
    np.testing.assert_allclose(ref.evaluate(module, x)[0], expected, rtol=1e-14)


def test_tenth_power_takes_four_multiplications() -> None:
    assert ops(run(ref.function(["f64[?]"], power(10.0)), PowBySquaring)) == ["mul"] * 4


def test_addition_chains_are_short() -> None:
    """Known lengths of shortest chains (OEIS A003313)."""
    lengths = [0, 1, 2, 2, 3, 3, 4, 3, 4, 4, 5, 4, 5, 5, 5, 4, 5, 5, 6, 5, 6, 6, 6, 5, 6, 6, 6, 6, 7, 6, 7, 5]
    assert [len(addition_chain(n)) - 1 for n in range(1, 33)] == lengths


@pytest.mark.parametrize("dtype", ["i8", "i32", "u8", "i64"])
def test_integer_powers_wrap_as_numpy_does(dtype: str) -> None:
    x = np.array([0, 1, 2, 3, 5, 11], ref.parse_type(dtype).dtype)
    for n in (0, 1, 2, 7):
        (found,) = compute([f"{dtype}[?]"], lambda x, n=n: x.op("pow", n), [PowBySquaring], x)
        np.testing.assert_array_equal(found, np.power(x, n).astype(x.dtype))


# --- the driver -------------------------------------------------------------------------------------------------------


def test_rules_that_undo_one_another_are_named() -> None:
    def left(op: Any, b: Builder) -> Any:
        return b.op("add", op.operands[1], op.operands[0])

    (func,) = functions(ref.function(["f64", "f64"], lambda x, y: x + y))
    with pytest.raises(DiagnosticError, match="the rules left undo one another"):
        apply_rules(func, {"add": (left,)})


def test_fired_rules_are_counted() -> None:
    with counting_rules() as fired:
        run(ref.function(["f64"], lambda x: (-x).op("neg")), Canonicalize)
    run(ref.function(["f64"], lambda x: (-x).op("neg")), Canonicalize)
    assert fired["negate_negative"] == 1


def test_a_rule_that_gives_up_leaves_nothing() -> None:
    def hopeless(op: Any, b: Builder) -> None:
        b.op("exp", op.operands[0])

    module = ref.function(["f64"], lambda x: -x)
    (func,) = functions(module)
    apply_rules(func, {"neg": (hopeless,)})
    assert ops(module) == ["neg"]


def test_a_value_that_a_gradient_is_taken_of_is_not_bypassed() -> None:
    """Without care `log(1 + exp(x))` becomes softplus(x), which does not depend on `exp(x)` any more."""

    def body(x: Term) -> list[Term]:
        a = x.op("exp")
        return ref.gradient((a + 1.0).op("log"), a)

    assert compute(["f64"], body, ALL, 2.0)[0] == pytest.approx(1 / (1 + np.exp(2.0)))
