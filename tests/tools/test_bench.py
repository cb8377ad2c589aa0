"""The measuring process: turns, agreement, targets; without timing anything that matters."""

from __future__ import annotations

import numpy as np
import pytest

from phintys.tools import measure
from phintys.tools.workloads import WORKLOADS, Target, Workload


def test_take_turns_gives_the_best_median() -> None:
    times = iter([5.0, 1.0, 3.0, 2.0, 9.0, 2.5])
    assert measure.take_turns({"a": lambda: next(times)}, rounds=2, count=3) == {"a": 2.5}


def test_everyone_is_compared_with_numpy() -> None:
    row = Workload("w", "", {}, Target(ratio=1.0, floor="floor"))
    right = (lambda: [np.array(1.0)], ())
    measure.check_agreement(row, {"numpy": right, "phintys": right, "floor": (lambda: None, ())})
    with pytest.raises(AssertionError, match="w: phintys differs from numpy"):
        measure.check_agreement(row, {"numpy": right, "phintys": (lambda: [np.array(2.0)], ())})


def test_missing_contenders_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> measure.Call:
        raise ImportError("no such package")

    monkeypatch.setattr(measure, "ROUNDS", 1)
    monkeypatch.setattr(measure, "SAMPLE_SECONDS", 1e-4)
    row = Workload("w", "", {"numpy": lambda: (np.add, (1.0, 2.0)), "absent": absent}, Target(seconds=1.0))
    figures, missing = measure.measure_calls(row)
    assert figures["numpy"] > 0
    assert missing == ["absent"]


def test_sampler_calls_with_the_arguments() -> None:
    seen: list[tuple[int, int]] = []
    measure.sampler(lambda x, y: seen.append((x, y)), (1, 2))()
    assert set(seen) == {(1, 2)}


def test_targets() -> None:
    assert Target(seconds=2.0).limit({}) == 2.0
    assert Target(ratio=1.5, floor="f").limit({"f": 2.0}) == 3.0


@pytest.mark.parametrize("name", ["add", "xor", "xor-int", "rosenbrock", "hessian", "regression"])
def test_floors_exist_and_numpy_runs(name: str) -> None:
    row = WORKLOADS[name]
    assert row.target.floor in ("", *row.contenders)
    function, arguments = row.contenders["numpy"]()
    assert all(np.isfinite(part).all() for part in measure.as_list(function(*arguments)))
