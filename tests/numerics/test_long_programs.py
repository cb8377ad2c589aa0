"""Programs of many operations: what is joined has a bound, so that compile time grows as the program does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from xdsl.dialects import llvm, scf

from phintys.codegen.compiler import compile_graph, graph_module, lower
from phintys.ir.parser import parse_graph
from phintys.passes import fuse_loops, fuse_plan


def chain(count: int) -> str:
    """A chain of elementwise operations that all read the argument."""
    links = ("y = cos(y)", "y = y * x", "y = y - x")
    lines = [f"  {links[i % 3].replace('y', f'y{i}').replace(f'y{i} =', f'y{i + 1} =')}" for i in range(count)]
    return "\n".join(["graph chain(y0: f64[?], x: f64[?]) {", *lines, f"  return y{count}", "}"])


def test_loops_do_not_become_longer_than_the_bound() -> None:
    longest: list[int] = []

    def observe(stage: Any, module: Any) -> None:
        if stage.run == "fuse-loops":
            longest.append(max(sum(1 for _ in op.walk()) for op in module.walk() if isinstance(op, scf.ForOp)))

    program = compile_graph(parse_graph(chain(400)), observe, anew=True)
    assert longest
    assert fuse_loops.LONGEST / 2 < max(longest) <= fuse_loops.LONGEST
    x, wanted = np.linspace(-1.0, 1.0, 7), np.linspace(0.0, 1.0, 7)
    found = program.bind([], None, None, True)(wanted, x)
    for i in range(400):
        wanted = (np.cos(wanted), wanted * x, wanted - x)[i % 3]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_planning_is_linear_where_all_read_one_value(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = 0
    legal = fuse_plan._Planner._legal

    def counted(*arguments: Any) -> bool:
        nonlocal tried
        tried += 1
        return legal(*arguments)

    monkeypatch.setattr(fuse_plan._Planner, "_legal", counted)
    counts = []
    for length in (400, 800):
        tried = 0
        lower(graph_module(parse_graph(chain(length))), until="loops")
        counts.append(tried)
    assert counts[1] < 3 * counts[0]


def kernels(*functions: str) -> int:
    """How many kernels a program has that applies the functions to products of matrices."""
    lines = [f"  y{i + 1} = {name}(dot(y{i}, x))" for i, name in enumerate(functions)]
    text = "\n".join(["graph net(y0: f64[?, 64], x: f64[64, 64]) {", *lines, f"  return y{len(functions)}", "}"])
    module = lower(graph_module(parse_graph(text)))
    names = [op.sym_name.data for op in module.walk() if isinstance(op, llvm.FuncOp)]
    return sum(".part" in name and not name.endswith(".call") for name in names)


def test_equal_loops_are_compiled_once() -> None:
    assert kernels("tanh") == kernels("tanh", "tanh", "tanh") == 1
    assert kernels("tanh", "cos", "tanh", "cos", "tanh") == 2
