"""What a plain `xdsl-opt` finds of Phintys once both are installed: dialects and passes, by the entry point `xdsl.universe`.

Names that xDSL has itself are left to it: its `llvm` dialect stays (ours only adds operations to it, which `phintys-opt`
reads), so does its `gpu` (the same operations, in generic form only), and our passes of the same name are published with `nd-`
before it: `nd-canonicalize`, `nd-cse`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from xdsl.dialects import get_all_dialects
from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.transforms import get_all_passes
from xdsl.universe import Universe

from phintys.dialects.context import DIALECTS
from phintys.passes.pipeline import PASSES, load_pass

PREFIX = "nd-"


def _dialect(path: str) -> Callable[[], Dialect]:
    def load() -> Dialect:
        module, _, name = path.partition(":")
        found: Dialect = getattr(import_module(module), name)
        return found

    return load


def _pass(name: str, published: str) -> Callable[[], type[ModulePass]]:
    def load() -> type[ModulePass]:
        found = load_pass(name)
        # xDSL compares the name that was asked for with that of the class.
        return found if name == published else type(found.__name__, (found,), {"name": published})

    return load


def _universe() -> Universe:
    theirs = get_all_passes()
    names = {name: f"{PREFIX}{name}" if name in theirs else name for name in PASSES}
    dialects = {name: paths[0] for name, paths in DIALECTS.items() if name not in get_all_dialects()}
    return Universe(
        all_dialects={name: _dialect(path) for name, path in dialects.items()},
        all_passes={published: _pass(name, published) for name, published in names.items()},
    )


UNIVERSE = _universe()
