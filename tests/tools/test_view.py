"""The page that shows a program pass by pass: what is in it, and that it stands alone. `test_view_browser.py` opens it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.codegen import engine, machine
from phintys.codegen.compiler import lower
from phintys.codegen.translate import translate
from phintys.ir.diagnostics import Source
from phintys.ir.parser import parse_graphs
from phintys.passes.convert_graph_to_nd import graphs_to_module
from phintys.passes.pipeline import PIPELINE
from phintys.tools.opt import main
from phintys.tools.view.memory import memory_boxes
from phintys.tools.view.native import native_steps
from phintys.tools.view.page import page
from phintys.tools.view.recorder import Recorder
from phintys.tools.view.sources import Sources
from phintys.tools.view.walk import start

PROGRAM = """\
# "</script><script>alert(1)</script>" <!-- in a comment ends nothing
graph train(x: f64[?, 3], y: i32[?]) state(w: f64[3, 2]) {
  p = softmax(dot(x, w))
  cost = -mean(log(p)[arange(shape(y)[0]), y]) * 1
  gw = grad(cost, w)
  update w = w - 0.13 * gw
  return cost, exp(x) + exp(x), tanh(x)
}
"""


def data_of(html: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


@pytest.fixture(scope="module")
def train_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("view")
    (folder / "train.phi").write_text(PROGRAM)
    assert main([str(folder / "train.phi"), "--view", str(folder / "train.html")]) == 0
    return folder / "train.html"


@pytest.fixture(scope="module")
def data(train_page: Path) -> Any:
    return data_of(train_page.read_text())


def test_nothing_is_loaded_and_nothing_breaks_out(train_page: Path) -> None:
    html = train_page.read_text()
    assert not re.findall(r"https?:|\bsrc=|@import|url\((?!data:)", html)
    assert re.findall(r'href="(?!data:)', html) == []
    assert html.count("</script") == 2 and "<!-- in" not in html


def test_steps_are_the_pipeline_and_llvm(data: Any) -> None:
    names = [stage.run for stage in PIPELINE]
    assert [step["name"] for step in data["steps"]] == ["written", *names, "translate", "optimize", "assembly"]
    assert all(step["level"] in data["levels"] for step in data["steps"])


def test_references_lead_somewhere(data: Any) -> None:
    before: set[int] = set()
    for index, step in enumerate(data["steps"]):
        if step["same"] is not None:
            assert step["same"] < index and data["steps"][step["same"]]["same"] is None
            continue
        rows = {row[0]: row for row in step["rows"]}
        lines = step["text"].split("\n")
        assert all(0 <= first <= last < len(lines) for _, first, last, _, _ in rows.values())
        assert all(number < len(data["ops"]) for number in rows)
        assert all(number in rows for row in rows.values() for number in [*row[4], row[3]] if number >= 0)
        assert all(set(origins) <= before and set(numbers) <= rows.keys() for origins, numbers in step["from"])
        assert set(step["removed"]) == before - rows.keys() and set(step["altered"]) <= rows.keys() & before
        boxes = {box[0] for drawing in step["drawings"] for box in drawing["boxes"]}
        assert boxes - {-1} <= rows.keys()
        before = set(rows)
    assert all(place[0] < len(data["sources"]) for place in data["places"])


def origins(data: Any, name: str, wanted: Callable[[str], bool], until: str) -> set[str]:
    """Names of the operations in step `until` that those of step `name` whose line is wanted came from."""
    steps = data["steps"]
    last = next(index for index, step in enumerate(steps) if step["name"] == name and step["same"] is None)
    lines = steps[last]["text"].split("\n")
    numbers = {row[0] for row in steps[last]["rows"] if wanted(lines[row[1]])}
    assert numbers
    for index in range(last, 0, -1):
        if steps[index]["name"] == until:
            break
        known = {number: old for old, group in steps[index]["from"] for number in group}
        was = next(step for step in reversed(steps[:index]) if step["same"] is None)
        alive = {row[0] for row in was["rows"]}
        numbers = {one for number in numbers for one in [number, *known.get(number, [])] if one in alive}
    return {data["ops"][number][0] for number in numbers}


def test_operations_are_followed_down_to_the_machine_code(data: Any) -> None:
    assert origins(data, "fuse", lambda line: "math.tanh" in line, "written") == {"nd.tanh"}
    assert origins(data, "expand-math", lambda line: "@phi_tanh_f64(" in line and "call" in line, "written") == {"nd.tanh"}
    assert origins(data, "assembly", lambda line: "phi_dgemm" in line, "written") >= {"nd.dot", "nd.grad"}
    assert "nd.tanh" in origins(data, "optimize", lambda line: "fdiv" in line or "fma" in line, "written")


def test_what_gave_way_to_another_is_linked_to_it(data: Any) -> None:
    steps = {step["name"]: step for step in reversed(data["steps"]) if step["same"] is None}
    [merged] = [number for number in steps["cse"]["removed"] if data["ops"][number][0] == "nd.exp"]
    [[_, kept]] = [group for group in steps["cse"]["from"] if merged in group[0]]
    assert [data["ops"][number][0] for number in kept] == ["nd.exp"]


def test_lines_of_the_program(data: Any) -> None:
    assert data["sources"][0]["pieces"] == [[1, PROGRAM.splitlines()]]
    lines = {data["ops"][row[0]][0]: data["places"][data["ops"][row[0]][1]] for row in data["steps"][0]["rows"]}
    assert lines["nd.softmax"] == [0, 3, 7] and lines["nd.grad"] == [0, 5, 8]


def test_following_instructions_changes_none() -> None:
    """With the numbers taken out again LLVM's text is what it is without them."""
    module = graphs_to_module(parse_graphs(PROGRAM))
    recorder = start(module, "nd")
    from xdsl.context import Context

    from phintys.tools.view.walk import record_ladder

    record_ladder(recorder, "nd", "llvm", Context())
    native_steps(recorder)
    plain = translate(module, attributes=machine.function_attributes())
    translated, _, assembly = recorder.steps[-3:]
    strip = [re.sub(r"!\d+", "!", line) for line in translated.lines if line]
    assert strip == [re.sub(r"!\d+", "!", line) for line in plain.splitlines() if line]
    code = [
        line.expandtabs()
        for line in engine.assembly(engine.optimize(plain), optimize=False).splitlines()
        if not re.match(r"\s*\.(file|cfi)|\.L", line)
    ]
    assert [line for line in assembly.lines if not line.startswith(".L")] == code


def test_a_pass_that_refuses_leaves_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "f.mlir").write_text(
        "func.func @f(%x: tensor<?x4xf64>) -> tensor<?x4xf64> {\n"
        "  %0 = nd.softmax %x {axis = 1 : i64} : (tensor<?x4xf64>) -> tensor<?x4xf64>\n"
        "  func.return %0 : tensor<?x4xf64>\n}\n"
    )
    passes = "canonicalize,convert-nd-to-loops"
    assert main([str(tmp_path / "f.mlir"), "-p", passes, "--view", str(tmp_path / "f.html")]) == 1
    assert "nd.softmax should have been lowered before" in capsys.readouterr().err
    found = data_of((tmp_path / "f.html").read_text())
    assert [step["name"] for step in found["steps"]] == ["written", "canonicalize"]


def test_it_writes_one_page_or_says_why_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "f.phi").write_text("graph f(x: f64[]) { return x }")
    with pytest.raises(SystemExit):
        main([str(tmp_path / "f.phi"), "--view", str(tmp_path / "f.html"), "--run"])
    assert main([str(tmp_path / "f.phi"), "--view", str(tmp_path / "no" / "f.html")]) == 1
    assert "No such file or directory" in capsys.readouterr().err


def test_chosen_passes_and_levels(tmp_path: Path) -> None:
    (tmp_path / "f.mlir").write_text(
        "func.func @f(%x: tensor<?xf64>) -> tensor<?xf64> {\n"
        "  %0 = nd.neg %x : (tensor<?xf64>) -> tensor<?xf64>\n"
        "  %1 = nd.neg %0 : (tensor<?xf64>) -> tensor<?xf64>\n"
        "  func.return %1 : tensor<?xf64>\n}\n"
    )
    out = tmp_path / "f.html"
    assert main([str(tmp_path / "f.mlir"), "-p", "canonicalize,cse", "--view", str(out)]) == 0
    found = data_of(out.read_text())
    assert [step["name"] for step in found["steps"]] == ["written", "canonicalize", "cse"]
    assert found["steps"][1]["removed"] and found["steps"][2]["same"] == 1
    assert main([str(tmp_path / "f.mlir"), "--emit=fused", "--view", str(out)]) == 0
    assert data_of(out.read_text())["steps"][-1]["name"] == "fuse"


def test_view_of_a_function_has_the_lines_of_its_program(tmp_path: Path) -> None:
    x = T.dvector("x")
    w = phintys.shared(np.ones(3), name="w")
    y = T.exp(x * w)  # this line
    f = phintys.function([x], y.sum(), updates=[(w, w + x)], name="step")
    found = data_of(phintys.view(f, tmp_path / "f.html").read_text())
    assert found["title"] == "step"
    [source] = found["sources"]
    assert Path(source["name"]).name == "test_view.py"
    line = next(
        found["places"][found["ops"][row[0]][1]][1] for row in found["steps"][0]["rows"] if found["ops"][row[0]][0] == "nd.exp"
    )
    shown = {first + offset: text for first, lines in source["pieces"] for offset, text in enumerate(lines)}
    assert shown[line].endswith("# this line")


def test_view_of_expressions_and_wrong_things(tmp_path: Path) -> None:
    x = T.dscalar("x")
    found = data_of(phintys.view([x**2, T.grad(x**3, x)], tmp_path / "e.html").read_text())
    assert found["title"] == "expression" and any(name == "nd.grad" for name, _ in found["ops"])
    with pytest.raises(TypeError, match="view shows"):
        phintys.view(3, tmp_path / "e.html")


def test_a_recording_of_nothing(tmp_path: Path) -> None:
    recorder = Recorder(graphs_to_module([]))
    recorder.start("written", "as it was written", "nd")
    assert data_of(page(recorder, Sources([Source("empty.phi", "")]), "empty"))["steps"][0]["rows"] == []


def test_what_a_pattern_takes_in_is_linked_to_what_came_of_it(tmp_path: Path) -> None:
    (tmp_path / "f.phi").write_text("graph f(x: f64[?]) {\n  p = 1 / (1 + exp(-x))\n  return log(p)\n}\n")
    assert main([str(tmp_path / "f.phi"), "--emit=nd", "-p", "stabilize", "--view", str(tmp_path / "f.html")]) == 0
    step = data_of((tmp_path / "f.html").read_text())["steps"][1]
    named = data_of((tmp_path / "f.html").read_text())["ops"]
    softplus = next(number for number, (name, _) in enumerate(named) if name == "nd.softplus")
    [origins] = [old for old, new in step["from"] if softplus in new]
    assert {named[number][0] for number in origins} >= {"nd.log", "nd.div", "nd.add", "nd.exp"}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read_on_every_background(train_page: Path, dark: bool) -> None:
    """A contrast of 4.5 to 1, as the Web Content Accessibility Guidelines ask for."""
    light_part, _, rest = train_page.read_text().partition("@media (prefers-color-scheme: dark)")
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", rest.partition("* {")[0] if dark else light_part))
    plain = ("ink", "soft", "faint", "op", "type", "number", "string", "value", "symbol", "comment")
    behind = ("pane", "back", "chip", "hold", "operand-back", "user-back", "kin-back", "add-back", "alter-back", "gone-back")
    boxes = ("box", "input", "state", "constant", "fused-box", "check", "output", "update", "hold", "operand-back", "user-back")
    marks = [("add", "pane"), ("gone", "pane"), ("alter", "pane")]
    levels = [(level, "back") for level in ("nd", "fused", "loops", "llvm", "llvmir", "asm")]
    pairs = [(a, b) for a in plain for b in behind] + [(a, b) for a in ("ink", "soft") for b in boxes] + marks + levels
    found = {pair: sorted(luminance(colours[name]) for name in pair) for pair in pairs}
    assert {
        pair: (high + 0.05) / (low + 0.05) for pair, (low, high) in found.items() if (high + 0.05) / (low + 0.05) < 4.5
    } == {}


def test_routines_of_lapack_hand_memory_on() -> None:
    """LAPACK works in place: the copy of the matrix goes into the factors, and they into the solution."""
    program = 'graph f(x: f64[3, 3], b: f64[3]) { return host(x, b, function="solve", results="f64[3]", options="") }'
    module = lower(graphs_to_module(parse_graphs(program)), "loops")
    boxes, ops, arrows = memory_boxes(next(iter(module.ops)))
    names = [op.name if op is not None else box.title for op, box in zip(ops, boxes, strict=True)]
    flow = {(names[arrow.source], names[arrow.target]) for arrow in arrows}
    assert {("scf.for", "lapack.getrf"), ("lapack.getrf", "lapack.getrs"), ("scf.for", "lapack.getrs")} <= flow
