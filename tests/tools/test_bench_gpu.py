"""`phintys bench --device cuda`, rehearsed on the emulated device: the whole harness, with a few numbers for each workload."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from phintys.codegen import device as devices
from phintys.tools.benchmarks import gpu_measure, gpu_systems, run
from phintys.tools.benchmarks.gpu_rows import BANDWIDTH, COPY, CUBLAS, rows
from phintys.tools.main import main

DEVICE = gpu_systems.EMULATED


@pytest.fixture
def emulated() -> Any:
    """A device of this test's own."""
    gpu_systems.phintys_driver.cache_clear()
    gpu_systems.system.cache_clear()
    before = devices.use(None)
    yield rows(DEVICE, True)
    devices.use(before)
    gpu_systems.phintys_driver.cache_clear()
    gpu_systems.system.cache_clear()


def test_a_rehearsal_says_that_it_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "report.json"
    words = ["bench", "triad", "sum-0", "--device", "cuda_emulated", "--rounds", "1", "--seconds", "0.1", "--json", str(file)]
    assert main(words) == 0
    assert "its times mean nothing" in capsys.readouterr().out
    report = json.loads(file.read_text())
    assert [result["name"] for result in report["results"]] == ["triad", "sum-0"] and report["machine"]["gpu"] == "emulated"
    for result in report["results"]:
        assert set(result["seconds"]) >= {"phintys", COPY} and result["reached"] is None
        assert "No module named" in result["missing"].get("cupy", "No module named")


@pytest.mark.slow
@pytest.mark.usefixtures("emulated")
@pytest.mark.parametrize("name", rows(DEVICE, True))
def test_results_are_numpys(name: str) -> None:
    measured = gpu_measure.measure(rows(DEVICE, True)[name], ["phintys"], DEVICE, 1, 0.0)
    assert "phintys" in measured["samples"], measured["missing"]


def test_a_wrong_result_is_left_out(emulated: Any) -> None:
    row = emulated["triad"]
    wrong = dataclasses.replace(row, reference=lambda: [part + 1e-3 for part in row.reference()], floors={})
    measured = gpu_measure.measure(wrong, ["phintys"], DEVICE, 1, 0.0)
    assert measured["samples"] == {} and measured["missing"]["phintys"].startswith("differs from numpy: by ")


def test_torch_makes_indices_on_the_gpu_and_compiles_each_row_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    torch: Any = ModuleType("torch")
    torch.cuda = SimpleNamespace(is_available=lambda: True, empty_cache=lambda: said.append("memory"))
    torch.compiler = SimpleNamespace(reset=lambda: said.append("compiled"))
    torch.sigmoid = torch.softmax = None
    torch.arange = lambda count, device: said.append((count, device))
    monkeypatch.setitem(sys.modules, "torch", torch)
    there = gpu_systems.Torch("cuda1")
    there.names.arange(3)
    there.release()
    assert said == [(3, "cuda:1"), "compiled", "memory"]


def test_targets_are_those_of_bandwidth_library_and_torch(emulated: Any) -> None:
    def reached(name: str, seconds: dict[str, float]) -> Any:
        result = {"samples": {who: [taken, 2 * taken] for who, taken in seconds.items()}, "missing": {}, "floors": []}
        return run.judged(result, row=emulated[name])["reached"]

    assert BANDWIDTH == 1 / 0.85
    assert reached("logistic", {"phintys": 1.17, COPY: 1.0}) and not reached("logistic", {"phintys": 1.18, COPY: 1.0})
    assert reached("gemm", {"phintys": 1.02, CUBLAS: 1.0}) and not reached("gemm", {"phintys": 1.04, CUBLAS: 1.0})
    assert reached("mlp", {"phintys": 1.0, "torch": 1.0}) and not reached("mlp", {"phintys": 1.01, "torch": 1.0})
    assert reached("mlp", {"phintys": 1.0}) is None and reached("logistic", {COPY: 1.0}) is False


def test_copies_move_as_many_bytes_as_the_workload(emulated: Any) -> None:
    moved = {}
    for name in ("logistic", "triad", "sum-0", "softmax"):
        driver = gpu_systems.phintys_driver(DEVICE)
        driver.events.clear()
        timed = emulated[name].floors[COPY]()
        timed.function()
        (copy,) = [event for event in driver.events if event[0] == "copy"]
        moved[name] = 2 * copy[3]
    assert moved == {"logistic": 2 * 500 * 8, "triad": 3 * 500 * 8, "sum-0": 24 * 24 * 4, "softmax": 2 * 24 * 24 * 4}


def test_calls_are_waited_for_together() -> None:
    calls: list[str] = []
    timed = gpu_systems.Timed(lambda x: calls.append("call"), (1,), lambda: calls.append("wait"), np.asarray)
    sample = gpu_measure.sampler(timed)
    assert calls[: gpu_measure.WARM + 1] == ["call"] * gpu_measure.WARM + ["wait"]
    calls.clear()
    sample()
    assert calls.count("wait") == 1 and calls[-1] == "wait" and calls.count("call") > 10


def test_without_a_gpu_there_is_one_sentence(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phintys.codegen.cuda_library.driver_library", lambda: None)
    assert main(["bench", "--device", "cuda"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "needs an NVIDIA driver" in error
    assert main(["bench", "--device", "cuda", "--list"]) == 0
    assert "mlp" in capsys.readouterr().out
