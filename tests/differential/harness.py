"""Compiled functions against the NumPy evaluator of `nd`: `check` compiles, calls and compares, outputs and states alike.

The evaluator runs the module as it comes from the expression graph, gradients expanded and nothing else, so that a difference
is the doing of a rewrite, of the lowering or of native code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import nd_reference as ref
import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

import phintys
from phintys.codegen.compiler import graph_module
from phintys.ir.graph import Graph
from phintys.passes.autodiff import Autodiff
from phintys.tensor.build import apply
from phintys.types import TensorType

Array = np.ndarray[Any, Any]

INTS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float32", "float64"]
DTYPES = ["bool", *INTS, *FLOATS]
ULPS = {"float32": 1.2e-7, "float64": 2.3e-16}


def op(name: str, *operands: Any, **attrs: Any) -> Any:
    """One operation of the table applied to variables."""
    return apply(name, *operands, **attrs)


def variable(dtype: str, shape: Sequence[int | None], name: str | None = None) -> Any:
    """An input of the given type."""
    return TensorType(dtype, shape=shape)(name)


def values(dtype: str, shape: Sequence[int], seed: int = 0, low: float = -3, high: float = 3) -> Array:
    """Tame random values: ints and floats between the bounds, without negative ones where the dtype has none."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return np.asarray(rng.random(shape) < 0.5)
    if np.dtype(dtype).kind == "f":
        return np.asarray(rng.uniform(low, high, shape).astype(dtype))
    return np.asarray(rng.integers(0 if dtype.startswith("u") else int(low), int(high) + 1, shape).astype(dtype))


def special(dtype: str) -> Array:
    """Values at which implementations differ, and some ordinary ones; 37 of them, so that vector loops have a rest."""
    kind = np.dtype(dtype).kind
    if kind == "b":
        found: list[Any] = [True, False]
    elif kind in "iu":
        info = np.iinfo(dtype)
        found = [0, 1, 2, 3, 7, 100, info.max, info.max - 1, info.max // 2 + 1, info.min, info.min + 1]
        found += [-1, -2, -7, -100] if kind == "i" else []
    else:
        info = np.finfo(dtype)
        found = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, info.max, info.min, info.tiny, info.smallest_subnormal]
        found += [-info.smallest_subnormal, info.eps, 0.5, -0.5, 2.5, -2.5, 3.7, -3.7, 1e3, -1e3, 88.0, -88.0, 20.0]
    return np.resize(np.array(found, dtype), 37)


def expanded(graph: Graph) -> ModuleOp:
    """A graph's module with its gradients expanded."""
    module = graph_module(graph)
    Autodiff().apply(Context(), module)
    return module


def reference(graph: Graph, arrays: Sequence[Any]) -> list[Array]:
    """Outputs and new states by the evaluator."""
    return ref.evaluate(expanded(graph), *arrays)


def same(found: Any, expected: Any, rtol: float = 0.0, atol: float = 0.0, label: str = "") -> None:
    """Equal dtype and shape, and values: NaN where NaN, ints exactly, floats within the tolerances."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype, f"{label}: {found.dtype} instead of {expected.dtype}"
    assert found.shape == expected.shape, f"{label}: {found.shape} instead of {expected.shape}"
    if found.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol, err_msg=label)
    else:
        np.testing.assert_array_equal(found, expected, err_msg=label)


def check(
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    arguments: Sequence[Any],
    updates: Mapping[Any, Any] | None = None,
    ulps: float = 0.0,
    scale: float = 0.0,
    labels: Sequence[str] = (),
    calls: int = 1,
) -> Any:
    """Compile, call `calls` times and compare outputs and states with the evaluator each time; the function.

    `ulps` bounds the relative error; sums that cancel are off by that share of `scale`, the size of their terms.
    """
    f = phintys.function(list(inputs), list(outputs), updates=list((updates or {}).items()), on_unused_input="ignore")
    graph = f.maker.plan.graph
    states = f.get_shared()
    for _ in range(calls):
        before = [state.get_value() for state in states]
        given = [np.array(argument) for argument in arguments]
        expected = reference(graph, [*given, *before])
        found = f(*arguments)
        names = [*labels] or [str(number) for number in range(len(found))]
        for label, a, b in zip(names, found, expected[: len(found)], strict=True):
            tolerance = ulps * ULPS.get(str(b.dtype), 0)
            same(a, b, tolerance, tolerance * scale, label=label)
        new = dict(zip(map(id, (old for old, _ in graph.updates)), expected[len(found) :], strict=True))
        for state, old in zip(states, before, strict=True):
            wanted = new.get(id(state), old)
            tolerance = ulps * ULPS.get(str(wanted.dtype), 0)
            same(state.get_value(), wanted, tolerance, tolerance * scale, label=f"state {state}")
        for argument, copy in zip(arguments, given, strict=True):
            np.testing.assert_array_equal(np.asarray(argument), copy, err_msg="an argument was written to")
    return f
