"""Every batching row against its definition, the operation on one row after the other: dense batches and diagonal ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import nd_reference as ref
import numpy as np
import pytest

from phintys.ir.diagnostics import DiagnosticError
from phintys.ir.ops import OPS
from phintys.ir.types import TensorType, parse_type
from phintys.passes.batch import Batches, Diagonal, Rows, Size, size_of
from phintys.passes.batch_diagonal import DIAGONAL
from phintys.passes.batch_shape import FAMILIES
from phintys.passes.nd_builder import Term
from phintys.passes.vectorize import DENSE, Vectorizer

Body = Callable[..., Term]
Array = np.ndarray[Any, Any]
COUNT = 3

# An operation, the types of its operands, and how many of these come first that may differ from row to row.
CASES: dict[str, tuple[Body, tuple[str, ...], int]] = {
    "neg": (lambda x: -x, ("f64[?, 3]",), 1),
    "cast": (lambda x: x.op("cast", dtype="float32"), ("f64[?]",), 1),
    "mul": (lambda x, y: x * y, ("f64[3, 1]", "f64[3]"), 2),
    "mul scalar": (lambda x, y: x * y, ("f64[]", "f64[?, 3]"), 2),
    "mul unit": (lambda x, y: x * y, ("f64[1, 3]", "f64[?, 3]"), 2),
    "div": (lambda x, y: x / y, ("f64[?]", "f64[2, ?]"), 2),
    "add": (lambda x, y: x + y, ("f64[?, 3]", "f64[?, 3]"), 2),
    "add row": (lambda x, y: x + y, ("f64[?, 3]", "f64[1, 3]"), 2),
    "sub": (lambda x, y: x - y, ("f64[?]", "f64[?]"), 2),
    "select": (lambda x, y, c: c.select(x, y), ("f64[?]", "f64[?]", "bool[?]"), 2),
    "select or zero": (lambda x, c: c.select(x, 0.0), ("f64[?]", "bool[2, ?]"), 1),
    "zero or select": (lambda x, c: c.select(Term(c.b, c.b.constant(0.0, "float64")), x), ("f64[?]", "bool[?]"), 1),
    "tanh": (lambda x: x.op("tanh"), ("f64[2, ?]",), 1),
    "maximum": (lambda x, y: x.op("maximum", y), ("f64[?]", "f64[?]"), 2),
    "zero_grad": (lambda x: x.op("zero_grad"), ("f64[?]",), 1),
    "transfer": (lambda x: x.op("transfer", target="cpu"), ("f64[?]",), 1),
    "stop_grad": (lambda x: x.op("stop_grad"), ("f64[?]",), 1),
    "grad_scale": (lambda x, y: x.op("grad_scale", y), ("f64[?]", "f64[]"), 1),
    "sum": (lambda x: x.sum((1,)), ("f64[2, ?, 3]",), 1),
    "sum all": (lambda x: x.sum((0, 1)), ("f64[?, 3]",), 1),
    "sum vector": (lambda x: x.sum((0,)), ("f64[?]",), 1),
    "prod": (lambda x: x.op("prod", axes=(0,)), ("f64[?, 3]",), 1),
    "max": (lambda x: x.op("max", axes=(1,)), ("f64[?, 3]",), 1),
    "argmax": (lambda x: x.op("argmax", axes=(0, 1)), ("f64[?, 3]",), 1),
    "softmax": (lambda x: x.op("softmax", axis=0), ("f64[?, 3]",), 1),
    "log_softmax": (lambda x: x.op("log_softmax", axis=1), ("f64[?, 3]",), 1),
    "cumsum": (lambda x: x.op("cumsum", axis=0), ("f64[?, 3]",), 1),
    "cumprod": (lambda x: x.op("cumprod", axis=1), ("f64[?, 3]",), 1),
    "cumprod_pairs": (lambda x: x.op("cumprod_pairs", axis=0), ("f64[?, 3, 2]",), 1),
    "sort": (lambda x: x.op("sort", axis=0), ("f64[?, 3]",), 1),
    "argsort": (lambda x: x.op("argsort", axis=-1), ("f64[?, 3]",), 1),
    "dimshuffle": (lambda x: x.op("dimshuffle", order=(-1, 2, 0)), ("f64[?, 1, 3]",), 1),
    "reshape": (lambda x: x.op("reshape", sizes=(-1, 2)), ("f64[2, ?]",), 1),
    "reshape same": (lambda x: x.op("reshape", sizes=(3, -1)), ("f64[3, ?]",), 1),
    "alloc": (lambda x: x.op("alloc", sizes=(2, 3, 4)), ("f64[3, 1]",), 1),
    "specify_shape": (lambda x: x.op("specify_shape", sizes=(-1, 3)), ("f64[?, ?]",), 1),
    "concatenate": (lambda x, y: x.op("concatenate", y, axis=1), ("f64[?, 2]", "f64[?, 3]"), 2),
    "make_vector": (lambda x, y: x.op("make_vector", y), ("f64[]", "f64[]"), 2),
    "subtensor": (lambda x: x.op("subtensor", index="1:, ::-1"), ("f64[?, 3]",), 1),
    "subtensor one": (lambda x: x.op("subtensor", index="1"), ("f64[?, 3]",), 1),
    "subtensor last": (lambda x: x.op("subtensor", index=":, -1"), ("f64[?, 3]",), 1),
    "subtensor bounds": (lambda x, i: x.op("subtensor", i, i, index="?, -2:?"), ("f64[3, ?]", "i64"), 1),
    "set_subtensor": (lambda x, y: x.op("set_subtensor", y, index="::2"), ("f64[3, ?]", "f64[2, ?]"), 2),
    "set one": (lambda x, y: x.op("set_subtensor", y, index=":, 0"), ("f64[?, 2]", "f64[]"), 2),
    "set zero": (lambda x: x.op("set_subtensor", 0.0, index="1:"), ("f64[?]",), 1),
    "inc_subtensor": (lambda x, y: x.op("inc_subtensor", y, index=":, 1:"), ("f64[?, 4]", "f64[?, 3]"), 2),
    "inc zeros": (lambda y: _zeros(y, 5).op("inc_subtensor", y, index="2:"), ("f64[3]",), 1),
    "inc zeros back": (lambda y: _zeros(y, 5).op("inc_subtensor", y, index="4:1:-1"), ("f64[3]",), 1),
    "inc zeros column": (lambda y: _zeros(y, 3, 2).op("inc_subtensor", y, index=":, 1"), ("f64[3]",), 1),
    "inc zeros columns": (lambda y: _zeros(y, 2, 5).op("inc_subtensor", y, index=":, 1:4"), ("f64[3]",), 1),
    "inc zeros rows": (lambda y: _zeros(y, 2, 3).op("inc_subtensor", y, index=":2"), ("f64[1, 3]",), 1),
    "gather": (lambda x, i: x.op("gather", i), ("f64[3, ?]", "i64[4]"), 1),
    "gather one": (lambda x, i: x.op("gather", i), ("f64[3, ?]", "i64"), 1),
    "gather square": (lambda x, i: x.op("gather", i), ("f64[3, ?]", "i64[2, 2]"), 1),
    "gather pairs": (lambda x, i, j: x.op("gather", i, j), ("f64[3, 3, 2]", "i64[4]", "i64[2, 1]"), 1),
    "scatter_add": (lambda x, y, i: x.op("scatter_add", y, i), ("f64[3, ?]", "f64[4, ?]", "i64[4]"), 2),
    "scatter_add zeros": (lambda y, i: _zeros(y, 3).op("scatter_add", y, i), ("f64[?]", "i64[3]"), 1),
    "scatter_add rows": (lambda y, i: _zeros(y, 3, 3).op("scatter_add", y, i), ("f64[3, 3]", "i64[3]"), 1),
    "scatter_add row": (lambda x, y, i: x.op("scatter_add", y, i), ("f64[3, ?]", "f64[?]", "i64[4]"), 2),
    "scatter_set": (lambda x, y, i: x.op("scatter_set", y, i), ("f64[3, ?]", "f64[3, ?]", "i64[3]"), 2),
    "searchsorted": (lambda y, x: x.op("searchsorted", y), ("f64[?, 2]", "f64[4]"), 1),
    "dot vectors": (lambda x, y: x.op("dot", y), ("f64[?]", "f64[?]"), 2),
    "dot left": (lambda x, y: x.op("dot", y), ("f64[3]", "f64[3, ?]"), 2),
    "dot right": (lambda x, y: x.op("dot", y), ("f64[2, ?]", "f64[?]"), 2),
    "dot matrices": (lambda x, y: x.op("dot", y), ("f64[2, ?]", "f64[3, 4]"), 2),
    "dot squares": (lambda x, y: x.op("dot", y), ("f64[?, ?]", "f64[3, 3]"), 2),
    "batched_dot": (lambda x, y: x.op("batched_dot", y), ("f64[?, 2, 3]", "f64[3, 3, 4]"), 2),
}


def _zeros(y: Term, *sizes: int) -> Term:
    return Term(y.b, y.b.op("alloc", y.b.constant(0.0, "float64"), sizes=sizes))


def draw(text: str, seed: int) -> Array:
    """Values for a type, unknown sizes being 3; integers are positions."""
    type, rng = parse_type(text), np.random.default_rng(seed)
    sizes = [3 if size is None else size for size in type.shape]
    if type.kind == "b":
        return np.asarray(rng.random(sizes) < 0.5)
    if type.kind == "i":
        return np.resize([2, 0, 1, -1], sizes).astype(type.dtype) if sizes else np.asarray(1)
    return np.sort(rng.uniform(0.5, 2.0, sizes), axis=0) if sizes else np.asarray(rng.uniform(0.5, 2.0))


def subsets(numbers: int) -> list[tuple[int, ...]]:
    chosen = product((False, True), repeat=numbers)
    return [tuple(n for n, taken in enumerate(flags) if taken) for flags in chosen if any(flags)]


def one_by_one(name: str, batches: Sequence[Array], batched: Sequence[int]) -> Array:
    body, types, _ = CASES[name]
    module = ref.function(types, body)
    count = len(batches[batched[0]])
    rows = [[x[row] if number in batched else x for number, x in enumerate(batches)] for row in range(count)]
    return np.stack([ref.evaluate(module, *row)[0] for row in rows])


def finish(rows: Vectorizer, body: Body, ones: Sequence[Term]) -> Term:
    """The operations of `body` on one row, and the batch of their result."""
    anchor = ones[0].b.anchor
    last = anchor.prev_op
    result = body(*ones)
    rows.visit_after(last)
    whole = rows.dense(result.value)
    assert whole is not None
    return Term(result.b, whole)


@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_dense(name: str, static: bool) -> None:
    body, types, number = CASES[name]
    for batched in subsets(number):
        full = [parse_type(text) for text in types]
        given = [draw(text, seed) for seed, text in enumerate(types)]
        for n in batched:
            full[n] = TensorType(full[n].dtype, (COUNT if static else None, *full[n].shape))
            given[n] = np.stack([draw(types[n], 10 * n + row) for row in range(COUNT)])

        def main(*xs: Term, batched: tuple[int, ...] = batched) -> Term:
            ones = [x.op("subtensor", index="0") if n in batched else x for n, x in enumerate(xs)]
            rows = Vectorizer(xs[0].b.anchor, size_of(xs[0].b, xs[batched[0]].value, 0))
            rows.batches.found.update((ones[n].value, xs[n].value) for n in batched)
            return finish(rows, body, ones)

        (found,) = ref.evaluate(ref.function(full, main), *given)
        np.testing.assert_allclose(found, one_by_one(name, given, batched), rtol=1e-6 if name == "cast" else 1e-12)


KINDS = [  # and whether the number of rows is known
    *(("whole", False), ("whole", True), ("shifted", False), ("shifted back", True)),
    *(("index", False), ("one row", True), ("some row", False), ("two", True)),
]


def diagonals(kind: str, x: Term, axis: int | None) -> tuple[Diagonal, ...]:
    """Diagonals of COUNT rows, where `x` has COUNT elements along `axis`, or any number without one."""
    index = Term(x.b, x.b.constant([2, 0, 2], "int64"))
    whole = Rows(complete=True)
    if kind in ("one row", "some row"):
        rows = Rows(2) if kind == "one row" else Rows(index=index.op("subtensor", index="1").value)
        return (Diagonal(x.value, None, rows),)
    chosen = {
        "whole": [whole],
        "shifted": [Rows(1, complete=True, inside=False)],
        "shifted back": [Rows(-1, complete=True, inside=False)],
        "index": [Rows(index=index.value, complete=True)],
        "two": [whole, Rows(1, complete=True, inside=False)],
    }[kind]
    return tuple(Diagonal(x.value, axis, rows) for rows in chosen)


@pytest.mark.parametrize(("kind", "static"), KINDS)
@pytest.mark.parametrize("name", [name for name in CASES if name.split()[0] in DIAGONAL])
def test_diagonal(name: str, kind: str, static: bool) -> None:
    """One operand is a sum of diagonals, along each of its dimensions in turn; another form of the same is the definition."""
    body, types, number = CASES[name]
    given = [draw(text, seed) for seed, text in enumerate(types)]
    for n in range(number):
        axes = [axis for axis in range(given[n].ndim) if given[n].shape[axis] == COUNT] if "row" not in kind else [None]
        for axis in axes:

            def main(*xs: Term, n: int = n, axis: int | None = axis) -> list[Term]:
                b = xs[0].b
                count: Size = COUNT if static else b.op("dim", b.constant(np.zeros(COUNT), "float64"), axis=0)
                rows = Vectorizer(b.anchor, count)
                one = xs[n].op("zero_grad")
                rows.batches.found[one.value] = diagonals(kind, xs[n], axis)
                dense = rows.dense(one.value)
                assert dense is not None
                return [Term(b, dense), finish(rows, body, [one if m == n else x for m, x in enumerate(xs)])]

            batch, found = ref.evaluate(ref.function(types, main), *given)
            expected = one_by_one(name, [batch if m == n else x for m, x in enumerate(given)], [n])
            np.testing.assert_allclose(found, expected, rtol=1e-6 if name == "cast" else 1e-12)


def test_linear_operations_keep_diagonals() -> None:
    """The form is the point: Jacobians of chains are then made of vectors."""
    kept = {"neg", "mul", "select or zero", "add", "inc zeros", "gather", "dot squares", "dimshuffle", "reshape same"}
    for name in kept:
        body, types, _ = CASES[name]
        seen: list[Any] = []

        def main(*xs: Term, body: Body = body, seen: list[Any] = seen) -> Term:
            batches = Vectorizer(xs[0].b.anchor, COUNT)
            ones = [xs[0].op("zero_grad"), *xs[1:]]
            batches.batches.found[ones[0].value] = diagonals("whole", xs[0], 0)
            last = xs[0].b.anchor.prev_op
            result = body(*ones)
            batches.visit_after(last)
            seen.append(batches.batches.found[result.value])
            return result

        ref.function(types, main)
        assert isinstance(seen[0], tuple) or name == "add", name  # a sum with what is the same in all rows is dense


def test_rows_known_by_number_are_stacked() -> None:
    def main(x: Term, y: Term) -> Term:
        batches = Batches(x.b.anchor, 3)
        return Term(x.b, batches.spread(x.b, tuple(Diagonal(z.value, None, Rows(n)) for n, z in ((2, x), (0, y), (2, y)))))

    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    (found,) = ref.evaluate(ref.function(["f64[?]", "f64[?]"], main), x, y)
    np.testing.assert_array_equal(found, [y, [0, 0], x + y])


def test_operations_without_a_row_are_named() -> None:
    def main(x: Term) -> Term:
        rows = Vectorizer(x.b.anchor, 3)
        one = x.op("subtensor", index="0")
        rows.batches.found[one.value] = x.value
        return finish(rows, lambda one: one.op("gt", 0.0).op("nonzero"), [one])

    with pytest.raises(DiagnosticError, match="nonzero: there is no batching row"):
        ref.function(["f64[3, 4]"], main)


# Operations that give no floats, or that gradients are not made of: `test_operations_without_a_row_are_named`.
WITHOUT = {"constant", "dim", "arange", "nonzero", "random_uniform", "random_normal", "random_mrg", "gemm", "grad", "jacobian"}


def test_all_rows_are_tested() -> None:
    assert {*DENSE, *DIAGONAL} <= {name.split()[0] for name in CASES}
    assert {name for name, row in OPS.items() if name not in DENSE and row.family not in FAMILIES} - {"host"} == WITHOUT
