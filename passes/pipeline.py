"""The compiler, as data: every pass by name, and the order in which `function()` and `phintys-opt` run them.

`LEVELS` is the ladder of the CPU, top to bottom, `GPU_LEVELS` that of the GPU; they part after the loops. Each stage says which
level its output is of. A pass is a class in the file of its name: `pow-by-squaring` is `PowBySquaring` in `pow_by_squaring.py`,
tested by `tests/ir/pow-by-squaring.mlir`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from xdsl.dialects.builtin import ComplexType, ModuleOp, TensorType
from xdsl.passes import ModulePass

LEVELS = ("graph", "nd", "fused", "loops", "llvm", "llvmir", "asm")
GPU_LEVELS = ("graph", "nd", "fused", "loops", "gpu", "nvvm", "ptx", "plan")
GPU_ONLY = frozenset(GPU_LEVELS) - frozenset(LEVELS)
# Levels that are text for other programs: the modules they come from. The plan is the host's code, as Python.
TEXTS = {"llvmir": "llvm", "asm": "llvm", "ptx": "nvvm", "plan": "gpu"}


def with_complex(module: ModuleOp) -> bool:
    """Whether a module has complex numbers."""
    return any(
        isinstance(value.type, TensorType) and isinstance(value.type.element_type, ComplexType)
        for op in module.walk()
        for values in (op.results, *(block.args for region in op.regions for block in region.blocks))
        for value in values
    )


def with_derivatives(module: ModuleOp) -> bool:
    """Whether a module has gradients or Jacobians."""
    return any(op.name in ("nd.grad", "nd.jacobian") for op in module.walk())


def with_mathematics(module: ModuleOp) -> bool:
    """Whether a module has functions that are more than an instruction of the machine."""
    return any(op.name.startswith(("math.", "xmath.")) or op.name == "gpu.module" for op in module.walk())


@dataclass(frozen=True)
class Stage:
    """One step: its printable name, the pass, the level of what it leaves, the pass's options, and what modules it is for.

    A pass that a module has nothing for is not even imported.
    """

    name: str
    run: str
    level: str
    options: tuple[tuple[str, object], ...] = ()
    only: Callable[[ModuleOp], bool] | None = None

    def concerns(self, module: ModuleOp) -> bool:
        """Whether a module has anything for this step."""
        return self.only is None or self.only(module)

    def make(self) -> ModulePass:
        """The pass."""
        return load_pass(self.run)(**dict(self.options))


PIPELINE: tuple[Stage, ...] = (
    # On the program as it was written: whatever is simplified away later, its sizes are checked.
    Stage("check the sizes that the user's operations need", "check-shapes", "nd"),
    Stage("complex numbers as pairs", "expand-complex", "nd", only=with_complex),
    # Patterns as the user wrote them: derivatives are then taken of the stable form.
    Stage("stabilize the expressions", "stabilize", "nd"),
    Stage("expand gradients", "autodiff", "nd", only=with_derivatives),
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
    Stage("functions as polynomials", "expand-math", "loops", only=with_mathematics),
    Stage("blocks and pointers", "convert-loops-to-llvm", "llvm"),
)
# Down to fusion the GPU's ladder is the CPU's.
GPU_PIPELINE: tuple[Stage, ...] = (
    *(stage for stage in PIPELINE if stage.level in ("nd", "fused")),
    Stage("buffers and loops", "convert-nd-to-loops", "loops", (("device", True),)),
    Stage("loops over the same rows as one", "fuse-loops", "loops"),
    Stage("rows and registers instead of buffers", "contract-buffers", "loops"),
    Stage("kernels and launches", "convert-loops-to-gpu", "gpu"),
    Stage("share buffers", "reuse-buffers", "gpu"),
    Stage("functions as polynomials", "expand-math", "gpu"),
    Stage("kernels on pointers", "convert-gpu-to-nvvm", "nvvm"),
)

# Kernels of the GPU, run by loops: the function computes on the CPU what the GPU would.
EMULATED_PIPELINE: tuple[Stage, ...] = (
    *(stage for stage in GPU_PIPELINE if stage.level != "nvvm"),
    Stage("kernels as loops over blocks and threads", "convert-gpu-to-loops", "loops"),
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
        "convert-loops-to-gpu",
        "check-bounds",
        "profile",
        "convert-gpu-to-nvvm",
        "convert-gpu-to-loops",
    )
}


def load_pass(name: str) -> type[ModulePass]:
    """The class of a pass; KeyError for a name that is not in the table."""
    module, _, cls = PASSES[name].partition(":")
    found: type[ModulePass] = getattr(import_module(module), cls)
    return found


def ladder(*levels: str) -> tuple[tuple[str, ...], tuple[Stage, ...]]:
    """Levels and stages of the ladder that has these levels: the GPU's if one is only there, else the CPU's."""
    return (GPU_LEVELS, GPU_PIPELINE) if GPU_ONLY.intersection(levels) else (LEVELS, PIPELINE)


def stages(entry: str, until: str) -> Iterator[Stage]:
    """Stages that lead from a module of level `entry` to level `until`: those that take this level, or one further down."""
    levels, pipeline = ladder(entry, until)
    first, last = levels.index(entry), levels.index(until)
    for stage, takes in zip(pipeline, _takes(pipeline), strict=True):
        if first <= levels.index(takes) and levels.index(stage.level) <= last:
            yield stage


def emulation(entry: str) -> tuple[Stage, ...]:
    """Stages that lead from a module of level `entry` by way of kernels to level llvm."""
    takes = _takes(EMULATED_PIPELINE)
    if entry not in takes:
        raise ValueError(f"kernels are not made from level {entry}; expected one of {', '.join(dict.fromkeys(takes))}")
    return EMULATED_PIPELINE[takes.index(entry) :]


def levels_taken(name: str) -> tuple[str, ...]:
    """The levels of the modules that a pass of the pipelines takes; none for a pass from elsewhere."""
    found = (zip(pipeline, _takes(pipeline), strict=True) for pipeline in (PIPELINE, GPU_PIPELINE, EMULATED_PIPELINE))
    return tuple(dict.fromkeys(takes for pairs in found for stage, takes in pairs if stage.run == name))


def _takes(pipeline: tuple[Stage, ...]) -> tuple[str, ...]:
    return ("nd", *(stage.level for stage in pipeline[:-1]))
