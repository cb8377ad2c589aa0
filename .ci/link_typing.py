"""Lay out build/typing/phintys: the package as type checkers must see it.

Setuptools maps `frontend/` to `phintys` and `ir/` to `phintys.ir`; a type checker reads folders only. This script
links the entries of `frontend/`, and every other mapped folder, under one folder named `phintys`.
"""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "build" / "typing"


def mapped_folders() -> dict[str, Path]:
    """The package-dir table of pyproject.toml: dotted package name to folder."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {name: ROOT / folder for name, folder in project["tool"]["setuptools"]["package-dir"].items()}


def link(source: Path, target: Path) -> None:
    """Make `target` a relative link to `source`, so that the checkout may be moved."""
    target.symlink_to(os.path.relpath(source, target.parent), target_is_directory=source.is_dir())


def main() -> None:
    """Rebuild the tree of links from nothing: stale links are what makes such trees lie."""
    shutil.rmtree(TARGET, ignore_errors=True)
    for name, folder in sorted(mapped_folders().items()):
        place = TARGET.joinpath(*name.split("."))
        if "." in name:
            link(folder, place)
            continue
        place.mkdir(parents=True)
        for entry in sorted(folder.iterdir()):
            if entry.name != "__pycache__":
                link(entry, place / entry.name)


if __name__ == "__main__":
    main()
