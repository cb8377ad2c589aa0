"""The compiler, as data: every pass by name, and the order in which `function()` and `phintys-opt` run them.

`LEVELS` is the ladder, top to bottom; each stage says which level its output is of. A pass is a class in the file of its
name: `pow-by-squaring` is `PowBySquaring` in `pow_by_squaring.py`, tested by `tests/ir/pow-by-squaring.mlir`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from xdsl.passes import ModulePass

LEVELS = ("graph", "nd", "fused", "loops", "llvm", "llvmir", "asm")


@dataclass(frozen=True)
class Stage:
    """One step: its printable name, the pass, and the level of what it leaves."""

    name: str
    run: str
    level: str


PIPELINE: tuple[Stage, ...] = (
    # On the program as it was written: whatever is simplified away later, its sizes are checked.
    Stage("check the sizes that the user's operations need", "check-shapes", "nd"),
    Stage("complex numbers as pairs", "expand-complex", "nd"),
    # Patterns as the user wrote them: derivatives are then taken of the stable form.
    Stage("stabilize the expressions", "stabilize", "nd"),
    Stage("expand gradients", "autodiff", "nd"),
    Stage("forget marks for gradients", "drop-marks", "nd"),
    Stage("simplify", "canonicalize", "nd"),
    Stage("merge equal values", "cse", "nd"),
    # The same patterns again, as they come up in gradients.
    Stage("stabilize the gradients", "stabilize", "nd"),
    Stage("powers as products", "pow-by-squaring", "nd"),
    Stage("softmax and its kind as simple operations", "decompose", "nd"),
    Stage("simplify what came of it", "canonicalize", "nd"),
    Stage("merge again", "cse", "nd"),
    # From here on, sizes that meet are equal.
    Stage("check what else needs it", "check-shapes", "nd"),
    Stage("products added to matrices", "fuse-gemm", "nd"),
    Stage("fuse elementwise operations and reductions", "fuse", "fused"),
    Stage("buffers and loops", "convert-nd-to-loops", "loops"),
    Stage("loops over the same rows as one", "fuse-loops", "loops"),
    Stage("rows and registers instead of buffers", "contract-buffers", "loops"),
    Stage("share buffers", "reuse-buffers", "loops"),
    Stage("chunks of loops for several threads", "parallelize", "loops"),
    Stage("functions as polynomials", "expand-math", "loops"),
    Stage("blocks and pointers", "convert-loops-to-llvm", "llvm"),
)

PASSES: dict[str, str] = {
    name: f"phintys.passes.{name.replace('-', '_')}:{''.join(part.capitalize() for part in name.split('-'))}"
    for name in (
        "expand-complex",
        "stabilize",
        "autodiff",
        "drop-marks",
        "canonicalize",
        "cse",
        "pow-by-squaring",
        "decompose",
        "check-shapes",
        "fuse-gemm",
        "fuse",
        "convert-nd-to-loops",
        "fuse-loops",
        "contract-buffers",
        "reuse-buffers",
        "parallelize",
        "expand-math",
        "convert-loops-to-llvm",
    )
}


def load_pass(name: str) -> type[ModulePass]:
    """The class of a pass; KeyError for a name that is not in the table."""
    module, _, cls = PASSES[name].partition(":")
    found: type[ModulePass] = getattr(import_module(module), cls)
    return found


def stages(entry: str, until: str) -> Iterator[Stage]:
    """Stages that lead from a module of level `entry` to level `until`: those that take this level, or one further down."""
    first, last = LEVELS.index(entry), LEVELS.index(until)
    for stage, takes in zip(PIPELINE, _TAKES, strict=True):
        if first <= LEVELS.index(takes) and LEVELS.index(stage.level) <= last:
            yield stage


def level_taken(name: str) -> str | None:
    """The level of the modules that a pass of the pipeline takes; None for a pass from elsewhere."""
    return next((takes for stage, takes in zip(PIPELINE, _TAKES, strict=True) if stage.run == name), None)


_TAKES = ("nd", *(stage.level for stage in PIPELINE[:-1]))
