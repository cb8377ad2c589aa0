"""Commands: the plan as a rung of the ladder, and what `phintys doctor` says of GPUs."""

from __future__ import annotations

from typing import Any

import pytest

from phintys.codegen import cuda_library
from phintys.tools.doctor_gpu import rows
from phintys.tools.opt import main


def test_the_plan_is_a_rung(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "f.phi"
    source.write_text("graph f(x: f64[?, 4], w: f64[4]) { return dot(x, w) + 1 }")
    plans = []
    for level in ("gpu", "nvvm"):
        below = tmp_path / f"{level}.mlir"
        assert main([str(source), f"--emit={level}", "-o", str(below)]) in (0, None)
        assert main([str(below), "--emit=plan"]) in (0, None)
        plans.append(capsys.readouterr().out)
    assert main([str(source), "--emit=plan"]) in (0, None)
    assert plans == [capsys.readouterr().out] * 2
    assert plans[0].startswith("def main(*arguments):\n    # input f64[?, 4] x\n") and "gemm('float64', 1.0, (x_d," in plans[0]


def test_the_doctor_without_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_library, "driver_library", lambda: None)
    found = {subject: (there, text) for there, subject, text in rows()}
    assert found["GPU driver"][0] is False and "no NVIDIA driver" in found["GPU driver"][1]
    assert found["device=cuda"] == (False, (cuda_library.missing() or "").removeprefix("device=cuda "))
    assert {"GPU pycuda", "GPU cuBLAS", "GPU ptxas"} < set(found) and "GPU" not in found


class Driver:
    """A driver of two devices."""

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> int:
            if name == "cuDeviceGetCount":
                arguments[0]._obj.value = 2
            elif name == "cuDriverGetVersion":
                arguments[0]._obj.value = 13020
            elif name == "cuDeviceGetName":
                arguments[0].value = b"Stand-in"
            return 0

        return call


def test_the_doctor_with_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_library, "driver_library", lambda: Driver())
    monkeypatch.setattr(cuda_library, "find_spec", lambda name: object())
    monkeypatch.setattr(cuda_library, "cublas_path", lambda: "libcublas.so.13")
    found = [row for row in rows() if row[0]]
    assert (True, "GPU driver", "NVIDIA's, for CUDA up to 13.2") in found
    assert (True, "GPU", "cuda0: Stand-in") in found and (True, "GPU", "cuda1: Stand-in") in found
    assert found[-1][1] == "device=cuda"
