"""Configuration: attributes, choices, near matches, sections, the environment, temporary changes, and a light import."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import phintys
from phintys import change_flags, config
from phintys.codegen import blas, threads
from phintys.config import read_environment


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    """Leave the configuration as it was."""
    values = vars(config)["_values"]
    saved = dict(values)
    yield
    values.clear()
    values.update(saved)


def test_attributes() -> None:
    config.floatX = "float32"
    assert config.floatX == "float32"
    config.profiling.n_apply = "5"
    assert config.profiling.n_apply == 5
    config.dnn.conv.algo_fwd = "time_once"
    assert config.dnn.conv.algo_fwd == "time_once"
    config.warn.some_old_bug = False
    assert config.warn.some_old_bug is False


@pytest.mark.parametrize(("name", "message"), [("floatx", "did you mean 'floatX'"), ("colour", "there is no flag 'colour'$")])
def test_unknown_flags(name: str, message: str) -> None:
    with pytest.raises(AttributeError, match=message):
        getattr(config, name)
    with pytest.raises(AttributeError, match=message):
        setattr(config, name, 1)


def test_choices() -> None:
    with pytest.raises(ValueError, match="floatX cannot be 'float8'; expected one of float64, float32"):
        config.floatX = "float8"
    with pytest.raises(ValueError, match="expected True or False, got 'maybe'"):
        config.allow_gc = "maybe"
    assert config.floatX == "float64"


def test_environment() -> None:
    read_environment({"THEANO_FLAGS": "floatX=float32, optimizer=None,device=gpu,,", "PHINTYS_FLAGS": "device=cpu"})
    assert (config.floatX, config.optimizer, config.device) == ("float32", "None", "cpu")
    with pytest.raises(ValueError, match="THEANO_FLAGS: there is no flag 'flaotX'; did you mean 'floatX'"):
        read_environment({"THEANO_FLAGS": "flaotX=float32"})
    with pytest.raises(ValueError, match="expected name=value, got 'floatX'"):
        read_environment({"PHINTYS_FLAGS": "floatX"})


def test_change_flags() -> None:
    with change_flags(floatX="float32"), change_flags({"profiling.n_ops": 3}):
        assert (config.floatX, config.profiling.n_ops) == ("float32", 3)
    assert (config.floatX, config.profiling.n_ops) == ("float64", 20)

    @config.change_flags(compute_test_value="raise")
    def inside(value: int) -> tuple[int, str]:
        return value, config.compute_test_value

    assert inside(3) == (3, "raise") and config.compute_test_value == "off"
    with pytest.raises(ValueError, match="floatX"), change_flags(on_unused_input="warn", floatX="float8"):
        pass
    assert config.on_unused_input == "raise"
    with pytest.raises(AttributeError, match="did you mean"):
        change_flags(floatx="float32")


def test_threads() -> None:
    before = threads.threads()
    with change_flags(threads=3):
        assert threads.threads() == blas.thread_count() == 3
        with change_flags(openmp=False):
            assert threads.threads() == 1
        assert threads.threads() == 3
        with pytest.raises(ValueError, match=r"threads: expected a number from 1 to 1024, or 0 .*, got '-1'"):
            config.threads = "-1"
        with pytest.raises(ValueError, match="floatX"), change_flags(threads=5, floatX="float8"):
            pass
        assert threads.threads() == config.threads == 3
    assert threads.threads() == before


def test_threads_of_the_environment() -> None:
    program = "import phintys, sys; from phintys.codegen.threads import threads; print(threads(), 'llvmlite' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "THEANO_FLAGS": "threads=7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "7 False\n"


def test_import_takes_flags_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, phintys, phintys.tensor as T\n"
        "heavy = [name for name in ('xdsl', 'llvmlite', 'lark', 'rich', 'matplotlib') if name in sys.modules]\n"
        "print(T.dscalar().dtype, T.scalar().dtype, heavy)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={"THEANO_FLAGS": "floatX=float32"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split("\n")[0] == "float64 float32 []"


def test_exports() -> None:
    assert all(hasattr(phintys, name) for name in phintys.__all__)
    assert all(hasattr(phintys.tensor, name) for name in phintys.tensor.__all__)


def test_flags_files(tmp_path: Path) -> None:
    theano, own = tmp_path / "theanorc", tmp_path / "phintysrc"
    theano.write_text("[global]\nfloatX = float32\ndevice = gpu\nnothing_known = 1\n[nvcc]\nfastmath = True\n")
    own.write_text("[global]\non_unused_input = warn\n[NanGuardMode]\nbig_is_error = False\n")
    read_environment({"THEANORC": str(theano), "PHINTYSRC": str(own), "PHINTYS_FLAGS": "on_unused_input=ignore"})
    assert config.floatX == "float32" and config.nvcc.fastmath is True
    assert config.on_unused_input == "ignore" and config.NanGuardMode.big_is_error is False
    own.write_text("[global]\nfloatY = float32\n")
    with pytest.raises(ValueError, match="phintysrc: there is no flag 'floatY'; did you mean 'floatX'"):
        read_environment({"THEANORC": "", "PHINTYSRC": str(own)})
