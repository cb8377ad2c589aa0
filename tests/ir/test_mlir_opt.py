"""What we print passes the real `mlir-opt`, and what that prints in generic form is read back as the same module.

Skipped where no `mlir-opt` of version 19 or later is installed (Debian: mlir-19-tools or mlir-22-tools).
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from phintys.codegen.compiler import compile_module, graph_module, lower
from phintys.dialects.context import make_context
from phintys.dialects.text import module_text, parse_module, verify_module
from phintys.ir.examples import example
from phintys.ir.ops import OPS
from phintys.ir.parser import parse_graph, parse_graphs
from phintys.passes.convert_graph_to_nd import graphs_to_module

HERE = Path(__file__).parent
PLACES = [Path(f"/usr/lib/llvm-{version}/bin") for version in range(30, 18, -1)]
OURS = re.compile(r'^ *(?:%.* = )?"?(?:nd|rt|blas|lapack|xmath)\.', re.MULTILINE)  # a line that is one of our operations
SEPARATOR = "// -----\n"
LEVELS = ("nd", "fused", "loops", "llvm")


def find(name: str) -> str | None:
    """The newest installed tool of this name; the plain name counts where it is of version 19 or later."""
    for folder in PLACES:
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    return found if found is not None and version(found) >= 19 else None


def version(tool: str) -> int:
    """What a tool says of itself, 0 where it says nothing."""
    said = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"version (\d+)", said)
    return int(match[1]) if match else 0


MLIR_OPT, MLIR_TRANSLATE = find("mlir-opt"), find("mlir-translate")
needs_mlir_opt = pytest.mark.skipif(MLIR_OPT is None, reason="mlir-opt 19 or later is not installed")
needs_translate = pytest.mark.skipif(MLIR_TRANSLATE is None, reason="mlir-translate 19 or later is not installed")


def mlir_opt(modules: list[str], *arguments: str) -> list[str]:
    """What `mlir-opt` prints for each module, in generic form; AssertionError with its errors."""
    assert MLIR_OPT is not None
    command = [MLIR_OPT, "--split-input-file", "--mlir-print-op-generic", *arguments]
    done = subprocess.run(command, input=SEPARATOR.join(modules), capture_output=True, text=True, check=False)
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    assert not errors, "\n".join(errors[:8])
    # a default that mlir-opt prints for functions that it has read in custom syntax only
    return done.stdout.replace(", unnamed_addr = 0 : i64", "").split(SEPARATOR)


def check(modules: list[str], *arguments: str) -> None:
    """mlir-opt accepts the modules; what it prints reads back, and printed by us again means the same to it."""
    printed = mlir_opt(modules, *arguments)
    assert len(printed) == len(modules)
    again = []
    for text in printed:
        module = parse_module(text, context=make_context(allow_unregistered=True))
        verify_module(module)
        custom = module_text(module)
        again.append(module_text(module, generic=True) if OURS.search(custom) else custom)
    assert mlir_opt(again, *arguments) == printed


def rungs() -> dict[str, list[str]]:
    """The example of every operation of the table at every level: our text where all is upstream's, else generic form."""
    found: dict[str, list[str]] = {level: [] for level in LEVELS}
    for name in OPS:
        module = graph_module(parse_graph(example(name)))
        reached = {"nd": module.clone()}
        lower(module, "llvm", observe=lambda stage, state, reached=reached: reached.update({stage.level: state.clone()}))  # type: ignore[misc]
        for level in LEVELS:
            text = module_text(reached[level])
            found[level].append(module_text(reached[level], generic=True) if OURS.search(text) else text)
    return found


@pytest.fixture(scope="module")
def ladder() -> dict[str, list[str]]:
    return rungs()


@needs_mlir_opt
@pytest.mark.parametrize("level", LEVELS)
def test_every_operation_at_every_level(level: str, ladder: dict[str, list[str]]) -> None:
    modules = ladder[level]
    upstream = [text for text in modules if not text.startswith('"builtin.module"')]
    rest = [text for text in modules if text.startswith('"builtin.module"')]
    assert len(upstream) >= {"nd": 0, "fused": 2, "loops": 70, "llvm": len(OPS)}[level]
    if upstream:
        check(upstream)  # as it is, and nothing unregistered in it
    if rest:
        check(rest, "--allow-unregistered-dialect")


@needs_mlir_opt
def test_text_tests() -> None:
    """The graphs and modules of the text tests beside this file."""
    generic = []
    for path in sorted(HERE.glob("*.*")):
        if path.suffix not in (".mlir", ".phi") or "invalid" in path.name:
            continue
        for piece in re.split(r"^(?://|#) -----\n", path.read_text(), flags=re.MULTILINE):
            if "gpu.module" in piece and version(str(MLIR_OPT)) < 20:
                continue  # 19's generic form ends such a module by an operation that later versions do not have
            context = make_context(allow_unregistered=True)
            module = graphs_to_module(parse_graphs(piece)) if path.suffix == ".phi" else parse_module(piece, context=context)
            generic.append(module_text(module, generic=True))
    assert len(generic) > 80
    check(generic, "--allow-unregistered-dialect")


@needs_mlir_opt
def test_a_training_step() -> None:
    text = """
      graph train(x: f64[?, 784], y: i64[?]) state(w: f64[784, 10], b: f64[10]) {
        p = log_softmax(dot(x, w) + b)
        cost = -mean(p[arange(shape(y)[0]), y]) + 0.001 * sum(w ** 2)
        gw, gb = grad(cost, [w, b])
        update w = w - 0.13 * gw
        update b = b - 0.13 * gb
        return cost, mean(argmax(p, axis=1) != y)
      }"""
    module = graph_module(parse_graph(text))
    for level in ("loops", "llvm"):
        lowered = lower(module.clone(), level)
        custom = module_text(lowered)
        check([module_text(lowered, generic=True) if OURS.search(custom) else custom], "--allow-unregistered-dialect")


@needs_mlir_opt
def test_what_mlir_opt_prints_still_runs() -> None:
    module = graph_module(parse_graph("graph f(x: f64[?], y: f64[?]) { return sum(x * y), exp(x) - y }"))
    x, y = np.arange(5.0), np.linspace(-1, 1, 5)
    for level in ("loops", "llvm"):
        lowered = lower(module.clone(), level)
        (text,) = mlir_opt([module_text(lowered, generic=level == "loops")], "--allow-unregistered-dialect")
        function = compile_module(parse_module(text), level).bind_strict([], fail=lambda number, values: None, unpack=False)  # type: ignore[arg-type,return-value]
        total, rest = function(x, y)
        np.testing.assert_allclose(total, x @ y)
        np.testing.assert_allclose(rest, np.exp(x) - y, rtol=1e-15)


@needs_mlir_opt
@needs_translate
def test_mlir_translate_writes_llvm_ir(ladder: dict[str, list[str]]) -> None:
    assert MLIR_TRANSLATE is not None
    command = [MLIR_TRANSLATE, "--mlir-to-llvmir", "--split-input-file"]
    done = subprocess.run(command, input=SEPARATOR.join(ladder["llvm"]), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]
    assert done.stdout.count("define i32 @example(") == len(OPS)
