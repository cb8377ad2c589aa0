"""Where programs run in the tests: `--device=cuda` runs on a GPU what says nothing else, `--device=emulated` rehearses that.

    python -m pytest tests/gpu tests/programs tests/differential tests/frontend --device=cuda

The tests of these folders say of a device what they say of the CPU; all others stay as they are. Those with the mark `cpu` are
about what only the CPU's functions have (levels below the loops, native entries, the very same array).

Draws of hypothesis are the same in every run, alone or among others; with `PHINTYS_FRESH=1` they are others each time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers

HERE = Path(__file__).parent
FOLDERS = ("programs", "differential", "frontend")
TERMINAL = ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")  # how wide and bright text is
CHILDREN = {"cuda": "cuda", "emulated": "cuda_emulated"}  # device of processes that a test starts


# Newer versions draw constants from the project's modules, too: those that happen to be loaded.
if hasattr(providers, "_get_local_constants"):
    NO_CONSTANTS = providers.Constants()
    providers._get_local_constants = lambda: NO_CONSTANTS
settings.register_profile("fixed", derandomize=True, database=None)
settings.register_profile("fresh", database=None, print_blob=True)
settings.load_profile("fresh" if os.environ.get("PHINTYS_FRESH") else "fixed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", choices=("cpu", "emulated", "cuda"), default="cpu", help="where programs run (cpu)")


def pytest_configure(config: pytest.Config) -> None:
    """Modules of tests compile functions while they are imported, too. Nothing is as somebody's terminal or files say."""
    for variable in (*TERMINAL, "DEBUG"):
        os.environ.pop(variable, None)
    os.environ.update(THEANORC="", PHINTYSRC="")  # the files of whoever runs the tests
    where = config.getoption("--device")
    if where == "cpu":
        return
    import phintys
    from phintys.codegen import device
    from phintys.codegen.emulated_kernels import EmulatedDevice

    if where == "emulated":
        device.use(EmulatedDevice())
    phintys.config.device = "cuda"


@pytest.fixture(autouse=True)
def on_device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The tests of `FOLDERS` on the device, those of other folders on the CPU."""
    where = request.config.getoption("--device")
    if where == "cpu":
        yield
        return
    import phintys

    if request.path.relative_to(HERE).parts[0] not in FOLDERS:
        with phintys.change_flags(device="cpu"):
            yield
        return
    if request.node.get_closest_marker("cpu"):
        pytest.skip("is about the CPU's functions")
    flags = [os.environ.get("PHINTYS_FLAGS", ""), f"device={CHILDREN[where]}"]
    monkeypatch.setenv("PHINTYS_FLAGS", ",".join(filter(None, flags)))
    yield
