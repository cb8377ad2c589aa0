"""What may stand on each rung of the ladder: `check_level(module, "loops")` names the first operation that should be gone.

Run after the last pass of a level, by the driver and wherever a module is handed on.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from phintys.dialects.convert import from_xdsl, location_text
from phintys.dialects.nd import NdOp
from phintys.ir.diagnostics import error

from .pipeline import levels_taken

SCALAR = frozenset(("arith", "math", "xmath", "complex"))
# level -> dialects of operations that may stand there; `test` is for tests of passes
DIALECTS: dict[str, frozenset[str]] = {
    "nd": frozenset(("builtin", "func", "nd")) | SCALAR,
    "fused": frozenset(("builtin", "func", "nd")) | SCALAR,
    "loops": frozenset(("builtin", "func", "scf", "cf", "memref", "vector", "rt", "blas", "lapack", "test")) | SCALAR,
    "llvm": frozenset(("builtin", "llvm")),
    "nvvm": frozenset(("builtin", "func", "scf", "memref", "rt", "blas", "gpu", "llvm", "nvvm")) | SCALAR,
    "gpu": frozenset(("builtin", "func", "scf", "memref", "vector", "rt", "blas", "gpu")) | SCALAR,
}
EXPANDED = frozenset(("derivative", "composite"))  # families that the passes of level nd take apart


def wants_fusion(op: Operation) -> bool:
    """Whether an operation works on tensors element by element, which is what fused regions are for."""
    if not isinstance(op, NdOp) or op.row.family not in ("elementwise", "reduction", "composite"):
        return False
    return any(from_xdsl(value.type).ndim for value in (*op.operands, *op.results))


def _is_expanded(op: Operation) -> bool:
    """Whether an operation is not one that should have been expanded before fusion."""
    return not (isinstance(op, NdOp) and op.row.family in EXPANDED)


RULES: dict[str, tuple[Callable[[Operation], bool], ...]] = {
    "fused": (_is_expanded, lambda op: not wants_fusion(op)),
}


def first_illegal(module: ModuleOp, level: str) -> Operation | None:
    """The first operation that does not belong on a level."""
    dialects = DIALECTS[level]
    rules = RULES.get(level, ())
    for op in module.walk():
        if op.name.partition(".")[0] not in dialects or not all(rule(op) for rule in rules):
            return op
    return None


def check_input(module: ModuleOp, name: str) -> None:
    """DiagnosticError that names what a pass of the pipeline cannot take: an operation of another level, or a second block."""
    levels = levels_taken(name)
    if not levels:
        return
    wrong = [first_illegal(module, level) for level in levels]
    level, op = levels[0], wrong[0]
    if op is not None and all(wrong):
        message = f"{op.name} has no place in a module of level {level}, which {name} takes"
        raise error(message, None, "--emit runs what comes before", name=location_text(op))
    for function in module.body.block.ops:
        blocks = len(function.regions[0].blocks) if function.regions else 0
        if blocks > 1 and level != "llvm":
            message = f"the function has {blocks} blocks; {name} takes functions of one, with structured loops"
            raise error(message, name=location_text(function))


def check_level(module: ModuleOp, level: str) -> None:
    """DiagnosticError that names an operation which does not belong on a level, and where it comes from."""
    op = first_illegal(module, level)
    if op is None:
        return
    message = f"{op.name} should be gone at level {level}"
    raise error(message, None, "the pass that ends the level has no row for it", name=location_text(op))
