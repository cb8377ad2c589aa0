"""Theano's names are where programs look for them: `surface.txt` lists those that resolve, module by module."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LIST = Path(__file__).with_name("surface.txt")

PROGRAM = """
import functools, importlib, json, sys
import phintys
phintys.install_as_theano()
import theano
missing = []
for module, names in json.loads(sys.argv[1]):
    for name in names:
        try:
            if module == "most used":
                path = name.replace("T.", "tensor.", 1) if name.startswith("T.") else name.removeprefix("theano.")
                functools.reduce(getattr, path.split("."), theano)
            else:
                getattr(importlib.import_module(module), name)
        except (AttributeError, ImportError) as error:
            missing.append(f"{module}: {name} ({error})")
print("\\n".join(missing))
"""


def sections() -> list[tuple[str, list[str]]]:
    """Module and names."""
    found: list[tuple[str, list[str]]] = []
    for line in LIST.read_text().splitlines():
        if line.endswith(":"):
            found.append((line[:-1], []))
        elif not line.startswith("#"):
            found[-1][1].extend(line.split())
    return found


def test_names_resolve() -> None:
    """In a process of its own, since `import theano` is taken over."""
    names = sections()
    assert len(names) > 10 and sum(len(listed) for _, listed in names) > 600
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(names)], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    assert run.stdout.strip() == ""
