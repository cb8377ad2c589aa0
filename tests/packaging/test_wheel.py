"""The wheel: what it must hold, what it must not make importable, and what `import phintys` must not load."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PROJECT["tool"]["setuptools"]
FOLDERS: dict[str, str] = SETUPTOOLS["package-dir"]
BESIDE = ["pyproject.toml", "README.md", "LICENSE"]
HEAVY = ["xdsl", "llvmlite", "lark", "rich", "matplotlib", "tqdm", "platformdirs", "scipy_openblas64"]


def in_package(package: str, file: Path, folder: Path) -> str:
    """Path inside the wheel of `file`, which lies somewhere under the `folder` mapped to `package`."""
    return "/".join([*package.split("."), *file.relative_to(folder).parts])


def shipped_files() -> set[str]:
    """All modules and data files of the mapped folders, as the wheel should name them."""
    return {
        in_package(package, file, ROOT / folder)
        for package, folder in FOLDERS.items()
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and not file.name.startswith(".")
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy: setuptools leaves build/lib in the tree, whose stale files get into the next wheel."""
    copy = tmp_path_factory.mktemp("source")
    for name in [*FOLDERS.values(), *BESIDE]:
        source = ROOT / name
        shutil.copytree(source, copy / name) if source.is_dir() else shutil.copy(source, copy / name)
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", out, copy]
    subprocess.run(command, check=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's contents in a folder of their own, as `pip install --target` lays them out."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run_python(code: str, path: Path, cwd: Path) -> str:
    """Output of `code` in a fresh interpreter that finds the packages in `path` first and starts outside the tree."""
    environment = {**os.environ, "PYTHONPATH": str(path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_wheel_holds_every_module_and_data_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert shipped_files() - names == set()


def test_only_phintys_is_at_the_top(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"phintys"}


@pytest.mark.parametrize("folder", [*sorted(FOLDERS.values()), "tests"])
def test_no_folder_is_importable_by_itself(folder: str, tmp_path: Path) -> None:
    """After the editable installation too: this interpreter is the one the tests run in."""
    code = f"import importlib.util; print(importlib.util.find_spec({folder!r}))"
    found = run_python(code, tmp_path, tmp_path)
    assert str(ROOT / folder) not in found


def test_installed_wheel_imports(installed: Path, tmp_path: Path) -> None:
    modules = ", ".join(SETUPTOOLS["packages"])
    assert run_python(f"import {modules}; print(phintys.__file__)", installed, tmp_path).startswith(str(installed))


def test_import_is_light(installed: Path, tmp_path: Path) -> None:
    code = f"import sys, phintys, phintys.tensor; print([name for name in {HEAVY} if name in sys.modules])"
    assert run_python(code, installed, tmp_path) == "[]"


def xdsl_opt(arguments: list[str], text: str, path: Path, cwd: Path) -> str:
    """Output of xDSL's own driver, reading standard input, with the packages in `path` installed."""
    command = [sys.executable, "-c", "from xdsl.tools.xdsl_opt import main; main()", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(path), "COLUMNS": "9999"}
    done = subprocess.run(command, env=environment, cwd=cwd, check=True, capture_output=True, text=True, input=text)
    return done.stdout


def test_xdsl_opt_lists_our_passes(installed: Path, tmp_path: Path) -> None:
    listed = re.split(r"[\s,{}]+", xdsl_opt(["--help"], "", installed, tmp_path))
    assert {"pow-by-squaring", "autodiff", "nd-canonicalize", "nd-cse", "convert-nd-to-loops"} <= set(listed)


def test_xdsl_opt_runs_our_passes_on_our_dialects(installed: Path, tmp_path: Path) -> None:
    module = """
      func.func @f(%x: tensor<?xf64>) -> tensor<?xf64> {
        %0 = nd.constant {value = dense<4.0> : tensor<f64>} : () -> tensor<f64>
        %1 = nd.pow %x, %0 : (tensor<?xf64>, tensor<f64>) -> tensor<?xf64>
        func.return %1 : tensor<?xf64>
      }"""
    found = xdsl_opt(["-p", "pow-by-squaring,nd-canonicalize,nd-cse"], module, installed, tmp_path)
    assert found.count("nd.mul") == 2 and "nd.pow" not in found
    loops = xdsl_opt(["-p", "pow-by-squaring,fuse,convert-nd-to-loops"], module, installed, tmp_path)
    assert "scf.for" in loops and "nd.constant" not in loops


def test_every_package_folder_is_named_in_pyproject() -> None:
    found = {
        in_package(package, file.parent, ROOT / folder).replace("/", ".")
        for package, folder in FOLDERS.items()
        for file in (ROOT / folder).rglob("__init__.py")
    }
    assert found == set(SETUPTOOLS["packages"])


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = next(line for line in (ROOT / ".ci/run").read_text().splitlines() if line.startswith("python3 -m venv"))
    assert command in (ROOT / "README.md").read_text()
