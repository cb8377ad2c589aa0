"""Without a GPU: one sentence that says what is missing, before anything is done; no GPU is asked for unless a program does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.codegen import cuda_library, device
from phintys.codegen.driver import DeviceError


@pytest.fixture(autouse=True)
def no_device_yet() -> Iterator[None]:
    before = device.use(None)
    yield
    device.use(before)


CASES = {
    "no driver": (None, (0, 0), True, r"needs an NVIDIA driver, and this machine has none .*install NVIDIA's driver"),
    "no device": (object(), (0, 100), True, r"needs an NVIDIA GPU, .*no device \(CUDA error 100\).*nvidia-smi"),
    "no pycuda": (object(), (1, 0), False, r"needs pycuda, which is not installed: `pip install 'phintys\[cuda\]'`"),
}


@pytest.fixture(params=CASES)
def message(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    library, devices, pycuda, message = CASES[request.param]
    monkeypatch.setattr(cuda_library, "driver_library", lambda: library)
    monkeypatch.setattr(cuda_library, "device_count", lambda: devices)
    monkeypatch.setattr(cuda_library, "find_spec", lambda name: object() if pycuda else None)
    return message


def test_function_says_what_is_missing(message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("compiled")

    monkeypatch.setattr("phintys.codegen.compiler.lower", refuse)
    x, w = T.dvector("x"), phintys.shared(np.ones(2), "w")
    with pytest.raises(DeviceError, match=message) as caught:
        phintys.function([x], x, updates=[(w, w + x)], target="cuda")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 250
    with phintys.change_flags(device="cuda"), pytest.raises(DeviceError, match=message):
        phintys.function([x], x)
    assert w.get_value().tolist() == [1, 1]


def test_shared_variables_say_what_is_missing(message: str) -> None:
    w = phintys.shared(np.ones(2), "w")
    with phintys.change_flags(device="cuda"):
        with pytest.raises(DeviceError, match=message):
            phintys.shared(1.0)
        with pytest.raises(DeviceError, match=message):
            w.set_value(np.zeros(2))
    assert w.get_value().tolist() == [1, 1]


@pytest.mark.parametrize(
    ("spelling", "device"),
    [("cuda", "cuda"), ("cuda0", "cuda"), ("gpu", "cuda"), ("gpu0", "cuda"), ("cuda1", "cuda1"), ("gpu3", "cuda3")],
)
def test_spellings_of_the_flag(spelling: str, device: str) -> None:
    with phintys.change_flags(device=spelling):
        assert phintys.config.device == device


def test_names_of_no_device() -> None:
    with pytest.raises(ValueError, match=r"device: expected one of cpu, cuda, .*or cuda1, cuda2, .*got 'cuda-1'"):
        phintys.config.device = "cuda-1"


def test_importing_asks_for_no_gpu() -> None:
    code = "import sys, phintys; print([name for name in sys.modules if 'pycuda' in name or 'phintys.codegen.cuda' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**_environment()})
    assert done.stdout.strip() == "[]"


def _environment() -> dict[str, str]:
    return {**os.environ, "THEANO_FLAGS": "device=cuda0,floatX=float32"}
