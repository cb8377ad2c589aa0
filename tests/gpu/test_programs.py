"""The complete programs of tests/programs, run on the device: what their own tests say of the CPU holds there."""

from __future__ import annotations

import inspect
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import phintys

HERE = Path(__file__).parent
PROGRAMS = HERE.parent / "programs"
SEEDS = (("test_seed_003", "test_notebook"), ("test_seed_002", "test_program"), ("test_seed_000", "test_program"))
SMALL = ("test_first_steps", "test_xor")
LONG = ("test_seed_002", "test_seed_000", "test_xor")  # minutes without a GPU: 100,000 launches and more


def load(name: str) -> ModuleType:
    spec = spec_from_file_location(f"{name}_on_device", PROGRAMS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run_seed(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """As the fixture of tests/programs, on the device."""
    sys.path.insert(0, str(PROGRAMS))
    conftest = spec_from_file_location("programs_conftest", PROGRAMS / "conftest.py")
    assert conftest is not None and conftest.loader is not None
    module = module_from_spec(conftest)
    sys.modules[conftest.name] = module
    conftest.loader.exec_module(module)

    def run(name: str) -> Any:
        results = tmp_path / "results.pkl"
        where = "cuda" if request.config.getoption("--device") == "cuda" else "emulated"
        command = [sys.executable, HERE / "run_seed.py", where, module.SEEDS / "notebook.py", module.SEEDS / name, results]
        environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        shown, final, _ = pickle.loads(results.read_bytes())
        return module.Run(done.stdout, shown, final)

    return run


@pytest.fixture(autouse=True)
def long_ones_on_a_gpu_only(request: pytest.FixtureRequest) -> None:
    if request.getfixturevalue("name") in LONG and request.config.getoption("--device") != "cuda":
        pytest.skip("takes minutes without a GPU")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "test"), SEEDS)
def test_seeds(name: str, test: str, run_seed: Any, tmp_path: Path) -> None:
    function = getattr(load(name), test)
    given = {"run_seed": run_seed, "tmp_path": tmp_path}
    function(**{parameter: given[parameter] for parameter in inspect.signature(function).parameters})


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("name", SMALL)
def test_small_programs(name: str) -> None:
    module = load(name)
    ran = 0
    with phintys.change_flags(device="cuda"):
        for test in vars(module).copy().values():
            if getattr(test, "__name__", "").startswith("test_") and not inspect.signature(test).parameters:
                test()
                ran += 1
    assert ran
