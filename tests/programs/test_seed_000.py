"""The Spanish notebook: functions, defaults, shared state, logistic regression of 300,000 steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

LOGISTIC = [[0.5, 0.73105858], [0.26894142, 0.11920292]]


@pytest.mark.slow
def test_program(run_seed: Any, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    io = pytest.importorskip("scipy.io")
    rng = np.random.RandomState(0)
    classes = np.arange(100) % 2
    points = rng.uniform(30, 60, (100, 2)) + 30 * classes[:, None]
    io.savemat(tmp_path / "dataLR.mat", {"data": np.column_stack([points, classes])})
    run = run_seed("seed_000.py")
    assert run.values("f(2,3)") == [5.0]
    np.testing.assert_array_equal(run.values("f([[1, 2], [3, 4]], [[10, 20], [30, 40]])")[0], [[11, 22], [33, 44]])
    difference, absolute, square = run.values("f([[1, 1], [1, 1]], [[0, 1], [2, 3]])")[0]
    assert difference.tolist() == [[1, 0], [-1, -2]]
    assert absolute.tolist() == [[1, 0], [1, 2]] and square.tolist() == [[1, 0], [1, 4]]
    assert run.values("f(33)") == [34.0, 68.0]
    assert [int(value) for value in run.values("state.get_value()")] == [0, 1]
    assert run.values("accumulator(1)") == [0]
    for name in ("logistic", "logistic2"):
        np.testing.assert_allclose(run.values(f"{name}([[0, 1], [-1, -2]])")[0], LOGISTIC, atol=1e-8)
    assert run.output.startswith("Modelo inicial:\nW (tamaño): (2,)\nb (valor): array(0.)\n")
    assert run.final["pp"].dtype == bool and run.final["pp"].shape == (100,)
    assert (run.final["pp"] == classes).mean() > 0.9
    for name in ("logistic", "logistic2", "classes"):
        assert (tmp_path / f"{name}.png").stat().st_size > 5000
