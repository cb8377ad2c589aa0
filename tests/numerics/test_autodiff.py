"""Every derivative row against central differences, in several shapes; second derivatives; subgradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import nd_reference as ref
import numpy as np
import pytest
from gradient_rows import BINARY, OF_ORDER, UNARY

from phintys.ir.diagnostics import DiagnosticError
from phintys.ir.ops import OPS
from phintys.ir.types import parse_type
from phintys.passes.autodiff import VJPS, Autodiff
from phintys.passes.nd_builder import Term
from phintys.passes.vjp_elementwise import ELEMENTWISE
from phintys.passes.vjp_math import MATH
from phintys.passes.vjp_reduction import REDUCTION
from phintys.passes.vjp_sequence import SEQUENCE
from phintys.passes.vjp_shape import SHAPE

Body = Callable[..., Term]
STEP = 1e-5


def autodiff(module: Any) -> Any:
    Autodiff().apply(None, module)  # type: ignore[arg-type]
    module.verify()
    return module


def weigh(result: Term, weights: Term) -> Term:
    """A scalar that depends on each element of `result` differently."""
    return (result * weights).sum(range(result.type.ndim))


def differentiable(types: Sequence[str]) -> list[int]:
    return [index for index, text in enumerate(types) if parse_type(text).kind == "f"]


def check(body: Body, types: Sequence[str], arrays: Sequence[Any], tolerance: float = 1e-7) -> None:
    """Compare `nd.grad` of a weighted sum of `body` with central differences, for each floating operand."""
    rng = np.random.default_rng(7)
    result = ref.function(types, body)
    weights = rng.uniform(0.5, 1.5, ref.evaluate(result, *arrays)[0].shape)
    wtype = ref.result_types(result)[0].text
    wrt = differentiable(types)

    def with_gradient(*terms: Term) -> list[Term]:
        cost = weigh(body(*terms[:-1]), terms[-1])
        return [cost, *ref.gradient(cost, *(terms[index] for index in wrt))]

    module = autodiff(ref.function([*types, wtype], with_gradient))
    _, *gradients = ref.evaluate(module, *arrays, weights)
    for index, found in zip(wrt, gradients, strict=True):
        expected = differences(lambda *xs: ref.evaluate(result, *xs)[0], arrays, index, weights)
        assert found.shape == np.shape(arrays[index])
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def differences(compute: Callable[..., Any], arrays: Sequence[Any], index: int, weights: Any) -> Any:
    gradient = np.zeros(np.shape(arrays[index]))
    for position in ref.positions(gradient.shape):
        sides = []
        for sign in (1, -1):
            moved = [np.array(x) for x in arrays]
            moved[index][position] += sign * STEP
            sides.append((compute(*moved) * weights).sum())
        gradient[position] = (sides[0] - sides[1]) / (2 * STEP)
    return gradient


def sizes(text: str, unknown: int) -> list[int]:
    return [unknown if size is None else size for size in parse_type(text).shape]


def draw(text: str, low: float = -2.0, high: float = 2.0, unknown: int = 3, seed: int = 0) -> Any:
    """Values that keep away from 0 and the integers, where functions have corners."""
    rng = np.random.default_rng(seed + 100)
    values = rng.uniform(low, high, sizes(text, unknown))
    return np.where(np.abs(values - np.round(values)) < 0.05, values + 0.1, values)


SHAPES = ["f64[]", "f64[?]", "f64[?, 2]", "f64[1, 1]", "f64[0]", "f64[2, ?, 1]"]


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("type", SHAPES)
def test_unary(name: str, type: str) -> None:
    check(lambda x: x.op(name), [type], [draw(type, *UNARY[name])])


PAIRS = [
    ("f64[]", "f64[]"), ("f64[?]", "f64[?]"), ("f64[?]", "f64[]"), ("f64[]", "f64[?, 2]"), ("f64[?, 2]", "f64[2]"),
    ("f64[1, ?]", "f64[?, 1]"), ("f64[?, 1]", "f64[2, ?, 4]"), ("f64[1, 1]", "f64[?, ?]"), ("f64[1]", "f64[1]"),
    ("f64[0]", "f64[]"), ("f64[?]", "f64[3]"), ("f64[4, 1]", "f64[1, 0]"),
]  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("types", PAIRS)
def test_binary(name: str, types: tuple[str, str]) -> None:
    x, y = (draw(text, *BINARY[name], seed=index) for index, text in enumerate(types))
    check(lambda x, y: x.op(name, y), types, [x, y])


@pytest.mark.parametrize("name", OF_ORDER)
def test_functions_of_an_order(name: str) -> None:
    """Their derivative is by the second operand only."""
    check(lambda x: x.b.term(x.b.constant(1.3, "float64")).op(name, x), ["f64[?, 2]"], [draw("f64[?, 2]", 0.5, 3)])


@pytest.mark.parametrize("types", PAIRS)
def test_select(types: tuple[str, str]) -> None:
    x, y = (draw(text, seed=index) for index, text in enumerate(types))
    check(lambda x, y: x.op("gt", y).select(x * x, y), types, [x, y])


REDUCED = [("f64[?]", (0,)), ("f64[?, 4]", (0,)), ("f64[?, 4]", (1,)), ("f64[?, 4]", (0, 1)), ("f64[?, 4]", ()),
           ("f64[1, ?]", (0,)), ("f64[2, ?, 4]", (0, 2)), ("f64[2, ?, 4]", (1,)), ("f64[]", ())]  # fmt: skip


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min"])
@pytest.mark.parametrize(("type", "axes"), REDUCED)
def test_reduction(name: str, type: str, axes: tuple[int, ...]) -> None:
    check(lambda x: x.op(name, axes=axes), [type], [draw(type)])


@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_product_with_zeros(zeros: int) -> None:
    x = draw("f64[4]")
    x[:zeros] = 0.0
    check(lambda x: x.op("prod", axes=(0,)), ["f64[?]"], [x])


@pytest.mark.parametrize("name", ["sum", "prod"])
def test_reduction_of_nothing(name: str) -> None:
    check(lambda x: x.op(name, axes=(0,)), ["f64[?, 3]"], [np.zeros((0, 3))])


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize(("type", "axis"), [("f64[?]", 0), ("f64[?, 4]", 1), ("f64[?, 4]", 0), ("f64[2, ?, 4]", 1)])
def test_softmax(name: str, type: str, axis: int) -> None:
    check(lambda x: x.op(name, axis=axis), [type], [draw(type)])


@pytest.mark.parametrize(
    ("x", "y"),
    [("f64[?]", "f64[?]"), ("f64[?, 4]", "f64[4]"), ("f64[4]", "f64[4, ?]"), ("f64[?, 4]", "f64[4, 2]"),
     ("f64[?, ?]", "f64[3, 2]"), ("f64[1, 1]", "f64[1, ?]"), ("f64[0]", "f64[0]"), ("f64[2, 0]", "f64[0, 3]")],
)  # fmt: skip
def test_dot(x: str, y: str) -> None:
    check(lambda x, y: x.op("dot", y), [x, y], [draw(x), draw(y, seed=1)])


SHAPED: dict[str, tuple[Body, tuple[str, ...]]] = {
    "transpose": (lambda x: x.op("dimshuffle", order=(1, 0)), ("f64[?, 2]",)),
    "insert": (lambda x: x.op("dimshuffle", order=(-1, 0, -1)), ("f64[?]",)),
    "drop": (lambda x: x.op("dimshuffle", order=(2, 0)), ("f64[?, 1, 2]",)),
    "insert and drop": (lambda x: x.op("dimshuffle", order=(-1, 1)), ("f64[1, ?]",)),
    "reshape": (lambda x: x.op("reshape", sizes=(2, -1)), ("f64[?, 4]",)),
    "reshape to scalar": (lambda x: x.op("reshape", sizes=()), ("f64[1, 1]",)),
    "alloc": (lambda x: x.op("alloc", sizes=(2, 3)), ("f64[]",)),
    "alloc rows": (lambda x: x.op("alloc", sizes=(2, 3, 4)), ("f64[1, 4]",)),
    "make_vector": (lambda x, y: x.op("make_vector", y, x), ("f64[]", "f64[]")),
    "concatenate": (lambda x, y: x.op("concatenate", y, x, axis=0), ("f64[?, 2]", "f64[2, 2]")),
    "concatenate columns": (lambda x, y: x.op("concatenate", y, axis=1), ("f64[3, 3]", "f64[?, 2]")),
    "subtensor": (lambda x: x.op("subtensor", index="1:, 0"), ("f64[?, 2]",)),
    "subtensor steps": (lambda x: x.op("subtensor", index="::-2"), ("f64[?]",)),
    "subtensor negative": (lambda x: x.op("subtensor", index="-1"), ("f64[?, 2]",)),
    "set": (lambda x, y: x.op("set_subtensor", y, index="1:"), ("f64[3]", "f64[2]")),
    "set one": (lambda x, y: x.op("set_subtensor", y, index="0:2"), ("f64[?, 2]", "f64[]")),
    "inc": (lambda x, y: x.op("inc_subtensor", y * y, index=":, 1"), ("f64[?, 2]", "f64[?]")),
    "arange": (lambda x, y: x.op("arange", 3.05, y), ("f64[]", "f64[]")),
}


@pytest.mark.parametrize("name", SHAPED)
def test_shape(name: str) -> None:
    body, types = SHAPED[name]
    check(body, types, [draw(text, 0.2, 0.8, seed=index) for index, text in enumerate(types)])


def test_symbolic_subtensor() -> None:
    body: Body = lambda x, i, n: x.op("subtensor", i, n, index="?:?")  # noqa: E731
    check(body, ["f64[?]", "i64", "i64"], [draw("f64[?]", unknown=6), 1, 4])


INDEX = np.array([2, 0, 2])


def test_gather() -> None:
    check(lambda x, i: x.op("gather", i), ["f64[?, 2]", "i64[?]"], [draw("f64[3, 2]"), INDEX])
    check(lambda x, i, j: x.op("gather", i, j), ["f64[3, 4]", "i64[?]", "i32[?]"], [draw("f64[3, 4]"), INDEX, INDEX])


def test_scatter_add() -> None:
    types = ["f64[?, 2]", "f64[?, 2]", "i64[?]"]
    check(lambda x, y, i: x.op("scatter_add", y, i), types, [draw("f64[4, 2]"), draw("f64[3, 2]"), INDEX])
    check(lambda x, y, i: x.op("scatter_add", y, i), ["f64[4]", "f64[]", "i64[?]"], [draw("f64[4]"), 0.5, INDEX])


def test_scatter_set() -> None:
    once = np.array([2, 0, 1])
    types = ["f64[?, 2]", "f64[?, 2]", "i64[?]"]
    check(lambda x, y, i: x.op("scatter_set", y, i), types, [draw("f64[4, 2]"), draw("f64[3, 2]"), once])
    check(lambda x, y, i: x.op("scatter_set", y, i), ["f64[4]", "f64[]", "i64[?]"], [draw("f64[4]"), 0.5, once])


@pytest.mark.parametrize(("type", "axis"), [("f64[?]", 0), ("f64[?, 4]", 1), ("f64[?, 4]", 0), ("f64[2, ?, 4]", 1)])
def test_running(type: str, axis: int) -> None:
    check(lambda x: x.op("cumsum", axis=axis), [type], [draw(type)])
    x = draw(type)
    for zeros in (0, 1, 2):
        flat = x.reshape(-1)
        flat[: 3 * zeros : 3] = 0.0
        check(lambda x: x.op("cumprod", axis=axis), [type], [x])


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("zeros", [0, 1, 3])
def test_running_products_of_pairs(axis: int, zeros: int) -> None:
    x = draw("f64[?, 2, 2]")
    x.reshape(-1, 2)[: 2 * zeros : 2] = 0.0
    check(lambda x: x.op("cumprod_pairs", axis=axis), ["f64[?, 2, 2]"], [x])


@pytest.mark.parametrize(("type", "axis"), [("f64[?]", 0), ("f64[?, 4]", 1), ("f64[?, 4]", 0), ("f64[2, ?, 4]", 1)])
def test_sort(type: str, axis: int) -> None:
    check(lambda x: x.op("sort", axis=axis), [type], [draw(type)])


def test_specify_shape() -> None:
    check(lambda x: x.op("specify_shape", sizes=(-1, 2)) * x, ["f64[?, ?]"], [draw("f64[3, 2]")])


def test_batched_dot() -> None:
    types = ["f64[?, 2, 3]", "f64[?, 3, ?]"]
    check(lambda x, y: x.op("batched_dot", y), types, [draw("f64[4, 2, 3]"), draw("f64[4, 3, 5]", seed=1)])


def test_gemm() -> None:
    types = ["f64[?, 5]", "f64[]", "f64[?, 3]", "f64[3, ?]", "f64[]"]
    points = [draw(text, seed=number) for number, text in enumerate(["f64[2, 5]", "f64[]", "f64[2, 3]", "f64[3, 5]", "f64[]"])]
    check(lambda c, alpha, x, y, beta: c.op("gemm", alpha, x, y, beta), types, points)


def test_cast() -> None:
    body: Body = lambda x: x.op("cast", dtype="float32").op("cast", dtype="float64")  # noqa: E731
    module = autodiff(ref.function(["f64[?]"], lambda x: ref.gradient(weigh(body(x), x), x)))
    x = draw("f64[?]")
    np.testing.assert_allclose(ref.evaluate(module, x)[0], 2 * x, rtol=1e-6)
    module = autodiff(ref.function(["f64[?]"], lambda x: ref.gradient(weigh(x.op("cast", dtype="int32").op(
        "cast", dtype="float64"), x), x)))  # fmt: skip
    np.testing.assert_allclose(ref.evaluate(module, x)[0], np.trunc(x))


def test_all_rows_are_tested() -> None:
    tested = {
        *UNARY,
        *BINARY,
        *OF_ORDER,
        "sum",
        "prod",
        "max",
        "min",
        "softmax",
        "log_softmax",
        "dot",
        "select",
        "cast",
        "alloc",
    }
    tested |= {"dimshuffle", "reshape", "make_vector", "concatenate", "arange", "subtensor", "set_subtensor"}
    tested |= {
        "inc_subtensor",
        "gather",
        "scatter_add",
        "scatter_set",
        "cumsum",
        "cumprod",
        "cumprod_pairs",
        "batched_dot",
        "gemm",
        "specify_shape",
        "sort",
    }
    assert {*ELEMENTWISE, *MATH, *REDUCTION, *SEQUENCE, *SHAPE} == tested


# --- gradients of gradients -------------------------------------------------------------------------------------------

SMOOTH: dict[str, Body] = {
    **{name: lambda x, name=name: x.op(name) for name, (low, _) in UNARY.items()
       if name not in {"abs", "sign", "floor", "ceil", "neg", "tetra_gamma"}},
    "power": lambda x: x.op("pow", x), "square": lambda x: x.op("pow", 2.0), "quotient": lambda x: 1.0 / (x * x),
    "softmax": lambda x: x.op("softmax"), "log_softmax": lambda x: x.op("log_softmax"),
    "prod": lambda x: x * x.op("prod", axes=(0,)), "max": lambda x: x * x.op("max", axes=(0,)),
    "dot": lambda x: x * x.op("dot", x), "concatenate": lambda x: x.op("concatenate", x * x),
    "slice": lambda x: x.op("subtensor", index="1:") * x.op("subtensor", index=":2"),
    "increment": lambda x: x.op("inc_subtensor", x * x, index=":"),
}  # fmt: skip


@pytest.mark.parametrize("name", SMOOTH)
def test_second_derivative(name: str) -> None:
    """The gradient of a weighted sum of the gradient, against differences of the gradient."""

    def first(x: Term) -> Term:
        (g,) = ref.gradient(SMOOTH[name](x).op("sum", axes=(0,)), x)
        return g

    x = draw("f64[?]", 0.6, 0.95)
    weights = np.array([0.7, 1.1, 1.3])
    second = autodiff(ref.function(["f64[?]", "f64[?]"], lambda x, w: ref.gradient(weigh(first(x), w), x)))
    gradient = autodiff(ref.function(["f64[?]"], first))
    expected = differences(lambda v: ref.evaluate(gradient, v)[0], [x], 0, weights)
    np.testing.assert_allclose(ref.evaluate(second, x, weights)[0], expected, rtol=2e-6, atol=1e-7)


def test_third_derivative() -> None:
    def body(x: Term) -> list[Term]:
        first = ref.gradient(x.op("exp") * x, x)[0]
        return ref.gradient(ref.gradient(first, x)[0], x)

    assert ref.evaluate(autodiff(ref.function(["f64"], body)), 0.5)[0] == pytest.approx(np.exp(0.5) * 3.5)


# --- corners ----------------------------------------------------------------------------------------------------------


def gradients(types: Sequence[str], body: Body, *arrays: Any) -> list[Any]:
    def main(*xs: Term) -> list[Term]:
        cost = body(*xs)
        return ref.gradient(cost.op("sum", axes=range(cost.type.ndim)), *xs)

    return ref.evaluate(autodiff(ref.function(types, main)), *arrays)


def test_subgradients() -> None:
    assert gradients(["f64"], lambda x: x.op("abs"), 0.0)[0] == 0.0
    assert gradients(["f64", "f64"], lambda x, y: x.op("maximum", y), 2.0, 2.0) == [1.0, 0.0]
    assert gradients(["f64", "f64"], lambda x, y: x.op("minimum", y), 2.0, 2.0) == [1.0, 0.0]
    assert gradients(["f64[?]"], lambda x: x.op("max", axes=(0,)), [1.0, 3.0, 3.0])[0].tolist() == [0.0, 1.0, 1.0]


def test_power_at_zero() -> None:
    assert gradients(["f64"], lambda x: x.op("pow", 2.0), 0.0)[0] == 0.0
    assert gradients(["f64"], lambda x: x.op("pow", 0.0), 0.0)[0] == 0.0
    assert gradients(["f64"], lambda x: x.op("pow", 3.0), -2.0)[0] == 12.0
    assert gradients(["f64", "f64"], lambda x, y: x.op("pow", y), 0.0, 2.0) == [0.0, 0.0]
    assert gradients(["f64", "f64"], lambda x, y: x.op("pow", y), 0.0, 0.0) == [0.0, 0.0]


def test_masked_branch_does_not_leak() -> None:
    """The branch that was not taken has an infinite slope at 0."""
    found = gradients(["f64[?]"], lambda x: x.op("gt", 0.0).select(x.op("exp"), x), [0.0, -1.0, 1.0])
    assert found[0].tolist() == [1.0, 1.0, np.exp(1.0)]


def test_unrelated_value_has_zero_gradient() -> None:
    found = gradients(["f64[?]", "f64[?, 1]"], lambda x, y: x * x, [1.0, 2.0], [[5.0]])
    assert found[0].tolist() == [2.0, 4.0]
    assert found[1].tolist() == [[0.0]]


def test_gradient_of_the_cost_itself_and_of_intermediates() -> None:
    def body(x: Term) -> list[Term]:
        y = x * x
        cost = y * x
        return ref.gradient(cost, cost, y, x)

    assert ref.evaluate(autodiff(ref.function(["f64"], body)), 3.0) == [1.0, 3.0, 27.0]


def test_static_sizes_of_the_operand_are_kept() -> None:
    """`x` is `f64[?]` beside a constant of size 3: its gradient has the type of `x`."""
    module = autodiff(ref.function(["f64[?]", "f64[3]"], lambda x, c: ref.gradient(weigh(x, c), x)))
    assert ref.evaluate(module, [1.0, 2.0, 3.0], [4.0, 5.0, 6.0])[0].tolist() == [4.0, 5.0, 6.0]


def test_complex_is_refused() -> None:
    body: Body = lambda x: x.op("cast", dtype="complex128").op("abs")  # noqa: E731
    with pytest.raises(DiagnosticError, match="abs: complex operands have no derivative"):
        gradients(["f64"], body, 1.0)


# Operations without a row, and why none of them needs one.
WITHOUT_ROW = {
    "truth values and bits": "invert and or xor eq ne lt le gt ge all any threefry",
    "positions": "argmax argmin argsort searchsorted nonzero",
    "no operands, or sizes": "constant dim",
    "taken apart by expand-complex": "real imag conj angle complex",
    "draws": "random_uniform random_normal random_mrg",
    "derivatives themselves": "grad jacobian",
    "rows of their own, by the function's name": "host",
    "the last of the derivatives of gammaln that there are": "penta_gamma",
}


def test_every_operation_has_a_derivative_or_a_reason() -> None:
    left_out = {name for names in WITHOUT_ROW.values() for name in names.split()}
    assert {name for name in OPS if name not in VJPS} == left_out
