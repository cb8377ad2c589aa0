"""`phintys bench`: wrong words, agreement before timing, turns, targets, reports; without timing anything that matters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phintys.tools import bench
from phintys.tools.benchmarks import floors, fresh, measure, picture, run, sweep, sweep_report, tables
from phintys.tools.benchmarks.row import PEERS, Row, Target, results
from phintys.tools.benchmarks.table import WORKLOADS
from phintys.tools.main import main

LARGE = ("pow10", "logistic", "chain", "gemm", "sum-", "mean-", "max-", "argmax-", "mlp", "cross-")
SMALL = [row for row in WORKLOADS.values() if not row.fresh and not row.name.startswith(LARGE)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["logistik"], "did you mean logistic"),
        (["qqqq"], "there are: add, "),
        (["add", "--peers", "numbra"], "did you mean numba"),
        (["add", "--threads", "two"], "--threads expects numbers"),
        (["add", "--threads", "0"], "from 1 to 1024"),
        (["add", "--threads", "2,2"], "different numbers"),
        (["add", "--rounds", "0"], "--rounds and --seconds"),
        (["add", "--plot", "report.txt"], "ends in .png"),
        (["--device", "moon"], "--device expects cpu, cuda"),
        (["--device", "cuda", "--sweep"], "--sweep is not for --device cuda"),
        (["--device", "cuda", "--peers", "numba"], "there are: cupy, jax, torch"),
        (["add", "--json", "nowhere/at/all.json"], "there is no folder"),
    ],
)
def test_wrong_words_are_answered_before_measuring(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("phintys bench: ")
    assert message in error


def test_cuda_is_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "softmax", "--device", "cuda"]) == 1
    assert "device=cuda" in capsys.readouterr().err


def test_groups_and_names_in_the_order_of_the_table() -> None:
    groups = {"a": "small", "b": "large", "c": "small"}
    assert bench.chosen_workloads(["b", "a"], groups) == ["a", "b"]
    assert bench.chosen_workloads(["small"], groups) == ["a", "c"]
    assert bench.chosen_workloads([], groups) == ["a", "b", "c"]
    assert bench.chosen_peers("none") == []
    assert bench.chosen_peers(None) == list(PEERS)


def test_turns_end_with_the_time() -> None:
    taken = measure.take_turns({"a": lambda: 1.0, "b": lambda: 2.0}, rounds=5, seconds=60.0)
    assert taken == {"a": [1.0] * 5, "b": [2.0] * 5}
    assert len(measure.take_turns({"a": lambda: 1.0}, rounds=5, seconds=0.0)["a"]) == measure.LEAST_ROUNDS


def test_the_first_of_few_calls_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "SAMPLE_SECONDS", 1e-9)
    calls: list[int] = []
    sample = measure.sampler(lambda: calls.append(0), ())
    before = len(calls)
    sample()
    assert len(calls) == before + 2
    monkeypatch.setattr(measure, "MANY_CALLS", 1)
    sample()
    assert len(calls) == before + 3


def test_on_several_threads_each_turn_begins_with_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Any] = []
    monkeypatch.setattr(measure, "sleep", events.append)
    measure.take_turns({"a": lambda: float(events.append("a") or 1.0)}, rounds=1, seconds=1.0, rest=0.25)
    assert events == [0.25, "a"]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_floors_move_everything_on_all_threads(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", str(threads))
    source = np.random.default_rng(0).random((331, 499))
    function, (target, same) = floors.copied(source)
    assert (function is np.copyto) is (threads == 1)
    function(target, same)
    assert np.array_equal(target, source)
    function, (filled,) = floors.written(np.zeros(1 << 18))
    function(filled)
    assert (filled == 1.0).all()
    assert floors.copied(np.zeros(10))[0] is np.copyto


def calls(**functions: Any) -> dict[str, Any]:
    return {name: (function, ()) for name, function in functions.items()}


def test_who_differs_from_numpy_is_not_timed() -> None:
    row, missing = Row("w", "", "", {}, Target()), dict[str, str]()
    states = iter([1.0, 1.0])  # a state that is not updated gives the same result twice
    right = iter([1.0, 2.0])
    contenders = calls(numpy=lambda: next(right), jax=lambda: next(states), torch=lambda: np.ones(2))
    measure.disagreeing(row, contenders, missing)
    assert list(contenders) == ["numpy"]
    assert missing["jax"].startswith("differs from numpy: by 5.0e-01")
    assert missing["torch"].startswith("differs from numpy: shape (2,) for ()")


def test_nan_does_not_agree() -> None:
    with pytest.raises(AssertionError):
        measure.compare([np.array(np.nan)], [np.array(1.0)], 1e-9)


def test_the_missing_are_skipped_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> measure.Call:
        raise ImportError("No module named 'absent'")

    monkeypatch.setattr(measure, "SAMPLE_SECONDS", 1e-4)
    row = Row(
        "w", "", "", {"numpy": lambda: (np.add, (1.0, 2.0)), "absent": absent}, Target(), {"floor": lambda: (max, (1, 2))}
    )
    measured = measure.measure_calls(row, ["numpy", "absent"], lambda s: {name: [sample()] for name, sample in s.items()})
    assert set(measured["samples"]) == {"numpy", "floor"}
    assert measured["missing"] == {"absent": "not installed (No module named 'absent')"}


def test_targets() -> None:
    assert Target(2.0).limit({}) == 2.0
    assert Target(2.0, 1.5, "jax").limit({"jax": 4.0}) == 6.0
    assert Target(2.0, 1.5, "jax").limit({}) == 2.0
    assert Target(ratio=1.5, of="jax").limit({}) is None
    assert str(Target(2.0, 1.5, "jax")) == "≤ 1.5 × jax (else 2 s)"


@pytest.mark.parametrize("row", SMALL, ids=lambda row: row.name)
def test_small_workloads_agree_with_numpy(row: Row) -> None:
    made = {name: row.contenders[name]() for name in ("numpy", "phintys")}
    missing: dict[str, str] = {}
    measure.disagreeing(row, made, missing)
    assert not missing


def test_targets_name_what_is_measured() -> None:
    for row in WORKLOADS.values():
        assert row.target.of in ("", *row.contenders, *row.floors)
        assert {"phintys", "numpy"} <= set(row.contenders)


def made_up(name: str, **seconds: float) -> dict[str, Any]:
    samples = {key: [2 * value, value] for key, value in seconds.items()}
    result = {"name": name, "threads": 1, "samples": samples, "missing": {}, "floors": ["copy"], "imports": {}}
    return run.judged(result)


def test_results_are_judged_by_the_least_time() -> None:
    result = made_up("pow10", phintys=1.0, numpy=9.0, jax=4.0, copy=1.0)
    assert result["reached"] is True
    assert result["medians"]["jax"] == 6.0
    assert run.best_peer(result) == "jax"
    assert made_up("pow10", phintys=1.2, numpy=9.0, copy=1.0)["reached"] is False
    assert made_up("pow10", numpy=9.0, copy=1.0)["reached"] is False


def test_more_threads_stand_beside_their_floor(capsys: pytest.CaptureFixture[str]) -> None:
    one = made_up("pow10", phintys=3e-6, numpy=9e-6, copy=2e-6)
    two = made_up("pow10", phintys=2e-6, numpy=9e-6, copy=1.6e-6) | {"threads": 2}
    tables.speedups([one, two, made_up("add", numpy=1e-6)], [1, 2])
    printed = capsys.readouterr().out
    assert "3 µs (1.00 ×)" in printed
    assert "2 µs (1.50 ×, copy 1.25 ×)" in printed


def test_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = [made_up(name, phintys=1e-6, numpy=2e-6, jax=3e-6, copy=5e-7) for name in ("pow10", "logistic", "add")]
    curves = {"operations": {"a": {1: 1.0, 10: 10.0, 100: 1000.0}}}
    report = {"machine": run.machine(), "versions": run.versions(), "results": shown, "sweep": curves}
    tables.show(shown[0], True)
    tables.summary(report, [1])
    printed = capsys.readouterr().out
    assert "floor: copy" in printed
    assert "MISSED" in printed
    assert "| x ** 10, 10 M | **1 µs** | 2 µs | 3 µs | 500 ns copy |" in tables.markdown(report)
    sweep_report.show("operations", curves["operations"])
    assert "power 2.00: MORE THAN LINEAR" in capsys.readouterr().out
    picture.draw(report, tmp_path / "report.png")
    assert {path.name for path in tmp_path.iterdir()} == {"report.png", "report-sweep.png"}


def test_saved_reports_are_put_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = {"machine": run.machine(), "versions": run.versions(), "sweep": {"operations": {"a": {1: 1.0}}}}
    for number, ours in enumerate((2e-6, 1e-6)):
        result = made_up("pow10", phintys=ours, numpy=3e-6, copy=1e-6)
        (tmp_path / f"{number}.json").write_text(json.dumps({**report, "results": [result]}))
    saved = [word for number in range(2) for word in ("--from", str(tmp_path / f"{number}.json"))]
    assert main(["bench", "pow10", *saved, "--json", str(tmp_path / "both.json")]) == 0
    both = json.loads((tmp_path / "both.json").read_text())
    assert both["results"][0]["samples"]["phintys"] == [4e-6, 2e-6, 2e-6, 1e-6]
    assert "reached" in capsys.readouterr().out
    (tmp_path / "0.json").write_text("[]")
    assert main(["bench", *saved]) == 1
    assert "is not a report" in capsys.readouterr().err


def test_a_run_from_words_to_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "report.json"
    status = main(["bench", "add", "--peers", "none", "--rounds", "1", "--json", str(file)])
    report = json.loads(file.read_text())
    assert status == (0 if report["results"][0]["reached"] else 1)
    assert set(report["results"][0]["samples"]) == {"phintys", "numpy", "C call"}
    assert report["versions"]["numpy"] == np.__version__
    assert "Summary" in capsys.readouterr().out


def test_sweep_reaches_every_panel(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(measure, "SAMPLE_SECONDS", 1e-4)
    monkeypatch.setattr(sweep.os, "sched_setaffinity", lambda *_: None, raising=False)
    sweep.main({"peers": [], "threads": 1, "part": 0.001})
    points = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {point["panel"] for point in points} == {"elements", "operations", "shared variables"}
    assert all(point["seconds"] > 0 for point in points)


def test_results_are_copies() -> None:
    state = np.zeros(2)
    before = results([state])
    state += 1
    assert before[0].tolist() == [0.0, 0.0]


def test_what_a_first_result_consists_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cold, warm = (fresh.run("phintys", "first-pow10-cold", str(tmp_path), split=True) for _ in range(2))
    for taken in (cold, warm):
        assert sum(taken["parts"].values()) == pytest.approx(taken["first"], rel=0.05)
        assert all(seconds > -0.005 for seconds in taken["parts"].values()), taken["parts"]
    parts = ("importing xDSL", "LLVM, optimization", "LLVM, code generation", "passes, in Python")
    assert all(cold["parts"][part] > 1e-3 and warm["parts"][part] == 0.0 for part in parts)
    assert cold["parts"]["runtime that all functions share"] > 5 * warm["parts"]["runtime that all functions share"]
    samples = {"phintys": [cold["first"]]}
    result = {"name": "first-pow10-cold", "threads": 1, "samples": samples, "missing": {}, "floors": [], "imports": {}}
    tables.show(run.judged({**result, "parts": cold["parts"]}), with_threads=False)
    assert "importing xDSL" in capsys.readouterr().out
