"""Modes: how a function is optimized and watched. `function(..., mode="NanGuardMode")`, or an object of these classes.

Every mode runs native code and computes the same. FAST_COMPILE is compiled in a quarter of the time, without LLVM's
optimizer, and runs slower; it shows its graph (`f.maker.fgraph`, `debugprint(f)`) as written, with derivatives expanded, the
others as optimized. `NanGuardMode` names the first expression whose value is NaN, infinite or big (`compile/nanguardmode.py`);
`DebugMode` computes every call a second time in NumPy, after each pass of the compiler (`compile/debugmode.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from .config import config
from .errors import near
from .guard import Guard
from .types import Array

if TYPE_CHECKING:
    from phintys.ir.graph import Graph

Native = Callable[..., list[Array]]  # exact arrays of the inputs to arrays of the outputs
Cells = Sequence[list[Array]]  # the states, each in a list of one


# Names of optimizers: passes left out, whether operations are fused, whether LLVM is in a hurry (`codegen/recipe.py`).
_NOTHING = ("stabilize", "canonicalize", "cse", "pow-by-squaring", "fuse-loops", "contract-buffers", "reuse-buffers")
_QUICK = ("pow-by-squaring", "fuse-loops", "contract-buffers")
OPTIMIZERS: dict[str, tuple[tuple[str, ...], bool, bool]] = {
    **dict.fromkeys(("fast_run", "o4", "o3", "o2", "unsafe", "default"), ((), True, False)),
    **dict.fromkeys(("fast_compile", "o1"), (_QUICK, True, True)),
    "stabilize": (tuple(name for name in _NOTHING if name not in ("stabilize", "canonicalize", "cse")), False, True),
    "merge": (tuple(name for name in _NOTHING if name != "cse"), False, True),
    "None": (_NOTHING, False, True),
}
LINKERS = ("cvm", "vm", "c|py", "c", "py", "c&py", "c|py_nogc", "cvm_nogc", "vm_nogc", "jax")
# Tags of Theano's that choose passes of ours; others are accepted and choose nothing.
TAGS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("fusion", "elemwise_fusion"), ("fuse", "fuse-loops")),
    **dict.fromkeys(("inplace", "inplace_opt", "inplace_elemwise_optimizer"), ("contract-buffers", "reuse-buffers")),
    **dict.fromkeys(("merge", "merge1", "merge2", "merge3"), ("cse",)),
    "canonicalize": ("canonicalize",),
    "stabilize": ("stabilize",),
    **dict.fromkeys(("specialize", "local_pow_specialize", "local_pow_specialize_device"), ("pow-by-squaring",)),
}


class Mode:
    """How a function is compiled.

    `optimizer`: "fast_run", "fast_compile", "stabilize", "merge" or "None" (or Theano's "o1" to "o4", "unsafe"). `linker`
    is Theano's and changes nothing: code is always native. ValueError for names that do not exist.
    """

    def __init__(self, linker: Any = None, optimizer: Any = "default") -> None:
        self.linker = config.linker if linker is None else linker
        self.provided_optimizer = config.optimizer if optimizer == "default" else optimizer
        self.left_out: frozenset[str] = frozenset()
        self.added: frozenset[str] = frozenset()
        for what, name, known in (("linker", self.linker, LINKERS), ("optimizer", self.provided_optimizer, OPTIMIZERS)):
            if str(name) not in known:
                names = ", ".join(known)
                raise ValueError(f"there is no {what} {name!r}; expected one of {names}{near(str(name), known)}")

    def watch(self, graph: Graph, native: Native, cells: Cells, name: str, target: str) -> Native | None:
        """What stands between a function and its native code: nothing, in most modes."""
        return None

    @property
    def watches(self) -> bool:
        """Whether anything does."""
        return type(self).watch is not Mode.watch

    @property
    def optimizer(self) -> Any:
        """What was asked for."""
        return self.provided_optimizer

    @property
    def optimizes(self) -> bool:
        """Whether functions show their graphs as optimized."""
        return str(self.provided_optimizer) not in ("fast_compile", "None", "merge")

    @property
    def recipe(self) -> Any:
        """How the compiler goes about it."""
        from phintys.codegen.recipe import Recipe

        passes, fused, quick = OPTIMIZERS[str(self.provided_optimizer)]
        without = (set(passes) | (set() if fused else {"fuse"}) | self.left_out) - self.added
        return Recipe(frozenset(without - {"fuse"}), "fuse" not in without, quick, checked=config.check_bounds)

    def including(self, *tags: str) -> Mode:
        """This mode with passes that its optimizer leaves out; see `TAGS` for the tags that mean something here."""
        return self._changed(added=self.added | _passes(tags), left_out=self.left_out - _passes(tags))

    def excluding(self, *tags: str) -> Mode:
        """This mode without passes: "fusion", "inplace", "canonicalize", "stabilize", "merge", "specialize"."""
        return self._changed(left_out=self.left_out | _passes(tags), added=self.added - _passes(tags))

    requiring = including

    def _changed(self, **changes: frozenset[str]) -> Mode:
        mode = copy(self)
        vars(mode).update(changes)
        return mode

    def __str__(self) -> str:
        return f"{type(self).__name__}(linker = {self.linker}, optimizer = {self.provided_optimizer})"


def _passes(tags: Iterable[str]) -> frozenset[str]:
    return frozenset(name for tag in tags for name in TAGS.get(tag, ()))


class DebugMode(Mode):
    """Every call is computed again on every rung of the ladder, before and after each pass of the compiler, and compared.

    Exceptions and tolerances are in `compile/debugmode.py`. Arguments, outputs and states have to be finite too, unless
    `check_isfinite` is False.
    """

    def __init__(self, optimizer: Any = "fast_run", check_isfinite: bool | None = None, **_: Any) -> None:
        super().__init__("py", optimizer)
        finite = config.DebugMode.check_finite if check_isfinite is None else check_isfinite
        self.guard = Guard("DebugMode", finite, finite, False)

    def watch(self, graph: Graph, native: Native, cells: Cells, name: str, target: str) -> Native:
        """The native code, compared with every rung."""
        from .compile.debugmode import Comparing

        return Comparing(graph, native, cells, name, self.guard, self.recipe, target)


class NanGuardMode(Mode):
    """Refuses NaN, infinities and big numbers, as asked for, in arguments, states and every expression."""

    def __init__(
        self,
        nan_is_error: bool | None = None,
        inf_is_error: bool | None = None,
        big_is_error: bool | None = None,
        optimizer: Any = "default",
        linker: Any = None,
    ) -> None:
        super().__init__(linker, optimizer)
        flags = config.NanGuardMode
        self.guard = Guard(
            "NanGuardMode",
            flags.nan_is_error if nan_is_error is None else nan_is_error,
            flags.inf_is_error if inf_is_error is None else inf_is_error,
            flags.big_is_error if big_is_error is None else big_is_error,
        )

    def watch(self, graph: Graph, native: Native, cells: Cells, name: str, target: str) -> Native:
        """The native code, with a look at every value."""
        from .compile.nanguardmode import Guarding

        return Guarding(graph, native, cells, name, self.guard, self.recipe, target)


FAST_RUN = Mode("cvm", "fast_run")
FAST_COMPILE = Mode("vm", "fast_compile")
predefined_modes: dict[str, Mode] = {"FAST_RUN": FAST_RUN, "FAST_COMPILE": FAST_COMPILE, "JAX": FAST_RUN}
_MADE: dict[str, type[Mode]] = {
    "Mode": Mode,
    "DebugMode": DebugMode,
    "DEBUG_MODE": DebugMode,
    "debug": DebugMode,
    "NanGuardMode": NanGuardMode,
    "nan_guard": NanGuardMode,
}


def get_mode(mode: Any) -> Mode:
    """The mode of that name, `config.mode` for `None`, a mode itself.

    ValueError for a name that does not exist, TypeError for an object that is no mode.
    """
    if mode is None or mode == "None":
        mode = config.mode
        mode = "Mode" if mode == "None" else mode
    if isinstance(mode, Mode):
        return mode
    if not isinstance(mode, str):
        raise TypeError(f"Expected mode to be a Mode or the name of one, got {mode!r} of type {type(mode).__name__}")
    if mode in predefined_modes:
        return predefined_modes[mode]
    if mode in _MADE:
        return _MADE[mode]()
    known = ", ".join([*predefined_modes, *_MADE])
    raise ValueError(f"No predefined mode exist for string: {mode}; there are {known}{near(mode, known.split(', '))}")


def get_default_mode() -> Mode:
    """The mode of functions that do not name one."""
    return get_mode(None)


def register_mode(name: str, mode: Mode) -> None:
    """Make a mode known by name. ValueError when the name is taken."""
    if name in predefined_modes or name in _MADE:
        raise ValueError(f"Mode name already taken: {name}")
    predefined_modes[name] = mode
