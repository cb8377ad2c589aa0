"""`install_as_theano()`: programs that say `import theano` get Phintys.

Most of Theano's modules have a namesake here, and `PLACES` says where the names of the others are to be found. What is
loaded is entered in `sys.modules` under both names; a finder answers for the rest when it is asked for. A module is the
same object under both names, so classes and configuration are shared. Nothing is registered before the call, and
importing Phintys never does it. In a notebook: `%load_ext phintys`, or the call, in the first cell.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

# Theano's modules whose names live elsewhere in Phintys; any other is looked for under its own name.
PLACES: dict[str, tuple[str, ...]] = {
    "theano": ("phintys",),
    "theano.configparser": ("phintys.config",),
    "theano.configdefaults": ("phintys.config",),
    "theano.tensor.basic": ("phintys.tensor",),
    "theano.tensor.type": ("phintys.types",),
    "theano.tensor.extra_ops": ("phintys.tensor.extra_ops", "phintys.tensor"),
    "theano.tensor.sort": ("phintys.tensor.sort", "phintys.tensor"),
    "theano.tensor.subtensor": ("phintys.tensor.subtensor", "phintys.tensor"),
    "theano.tensor.nlinalg": ("phintys.tensor.nlinalg",),
    "theano.tensor.slinalg": ("phintys.tensor.slinalg",),
    "theano.sandbox.linalg.ops": ("phintys.sandbox.linalg",),
    "theano.tensor.nnet.conv": ("phintys.tensor.signal",),
    "theano.tensor.elemwise": ("phintys.operations",),
    "theano.tensor.opt": ("phintys.tensor",),
    "theano.tensor.blas": ("phintys.tensor",),
    "theano.tensor.signal": ("phintys.tensor.signal",),
    "theano.tensor.signal.pool": ("phintys.tensor.signal",),
    "theano.tensor.signal.conv": ("phintys.tensor.signal",),
    "theano.tensor.signal.downsample": ("phintys.tensor.signal",),
    "theano.scalar": ("phintys.scalar",),
    "theano.scalar.basic": ("phintys.scalar",),
    "theano.compile.function_module": ("phintys.function",),
    "theano.compile.function": ("phintys.function",),
    "theano.compile.io": ("phintys.inputs",),
    "theano.gof.utils": ("phintys.gof.graph",),
    "theano.gof.fg": ("phintys.gof",),
    "theano.gof.type": ("phintys.gof",),
    "theano.compile.profiling": ("phintys.profiling",),
    "theano.sandbox.softsign": ("phintys.tensor.nnet",),
    "theano.scan_module": ("phintys.later",),
    "theano.sparse.basic": ("phintys.sparse",),
}


class SameModule(Loader):
    """A loader that hands out a module which is loaded already, unchanged."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module itself."""
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        """Undo what the import system wrote: the module keeps its own name and place."""
        module.__spec__ = self.spec


class Finder(MetaPathFinder):
    """Finds `theano...` in `phintys...`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module of Theano's; ModuleNotFoundError for one that has no counterpart."""
        if fullname != "theano" and not fullname.startswith("theano."):
            return None
        from . import absent

        if fullname in absent.MODULES:
            return ModuleSpec(fullname, SameModule(absent.module(fullname)), is_package=True)
        places = PLACES.get(fullname) or ("phintys" + fullname.removeprefix("theano"),)
        for place in places:
            module = _module(place)
            if module is not None:
                return ModuleSpec(fullname, SameModule(module), is_package=hasattr(module, "__path__"))
        message = f"No module named {fullname!r}: Phintys has no counterpart of it{absent.reason(fullname)}"
        raise ModuleNotFoundError(message, name=fullname)


def _module(name: str) -> ModuleType | None:
    """The module of that name, `None` when there is none."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            return None
        raise


def install_as_theano() -> ModuleType:
    """Make `import theano`, and imports from it, mean Phintys in this process; returns the package.

    Calling it again changes nothing. ImportError when a real Theano has been imported: both in one process would mix
    variables that do not understand each other.
    """
    import phintys

    loaded = sys.modules.get("theano")
    if loaded not in (None, phintys):
        raise ImportError(
            f"a module named theano is loaded already, from {getattr(loaded, '__file__', 'an unknown place')}; "
            "call phintys.install_as_theano() before the program's first `import theano`, in a fresh process"
        )
    if loaded is None:
        _register()
        sys.meta_path.insert(0, Finder())
    return phintys


def _register() -> None:
    """Theano's names of what is loaded, entered directly: the import system would put a module named `var` over `T.var`."""
    for name, module in list(sys.modules.items()):
        if name == "phintys" or name.startswith("phintys."):
            sys.modules.setdefault("theano" + name.removeprefix("phintys"), module)
    for name, places in PLACES.items():
        module_found = next(filter(None, map(_module, places)), None)
        if module_found is None:
            continue
        sys.modules[name] = module_found
        parent, _, child = name.rpartition(".")
        above = sys.modules.get(parent) or _module("phintys" + parent.removeprefix("theano"))
        if parent and above is not None:
            sys.modules[parent] = above
            if child not in vars(above):
                setattr(above, child, module_found)


def load_ipython_extension(shell: object) -> None:
    """`%load_ext phintys` in a notebook: `import theano` then means Phintys."""
    install_as_theano()
