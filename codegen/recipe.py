"""How a function is compiled, other than as well as possible: passes left out, no fusion, LLVM in a hurry, kernels in loops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

    from phintys.passes.pipeline import Stage

# Passes that make programs better and that none of the others needs.
OPTIONAL = ("stabilize", "canonicalize", "cse", "pow-by-squaring", "fuse-loops", "contract-buffers", "reuse-buffers")


@dataclass(frozen=True)
class Recipe:
    """What differs from the best that can be done for the CPU.

    `without`: names of passes among `OPTIONAL`. `fused`: False makes each operation a loop of its own. `quick`: LLVM emits
    code without optimizing it, which takes a fifth of the time and makes loops several times slower. `emulated`: by way of
    the GPU's kernels, which loops over blocks and threads run on the CPU; with `backward`, the threads of a block run in the
    opposite order wherever they do not wait for one another, which must not change anything. `checked`: every access to memory
    is checked, which makes loops many times slower. `profiled`: the function measures its kernels and arrays. `atomic`: on a
    device, sums at places that come twice are added up as threads come.
    """

    without: frozenset[str] = frozenset()
    fused: bool = True
    quick: bool = False
    emulated: bool = False
    backward: bool = False
    checked: bool = False
    profiled: bool = False
    atomic: bool = False

    def __post_init__(self) -> None:
        """ValueError for a pass that cannot be left out."""
        wrong = self.without - set(OPTIONAL)
        if wrong:
            raise ValueError(f"these passes cannot be left out: {', '.join(sorted(wrong))}; others are {', '.join(OPTIONAL)}")

    @property
    def key(self) -> str:
        """What tells objects of different recipes apart; '' for the usual one."""
        return "" if self == FULL else f"{sorted(self.without)} {astuple(self)[1:]}"

    def stages(self, entry: str, until: str) -> Iterable[Stage]:
        """The stages from level `entry` to level `until`; ValueError for a level that does not lead to kernels."""
        from phintys.passes.pipeline import emulation, stages

        found: Iterable[Stage] = emulation(entry) if self.emulated and until == "llvm" else stages(entry, until)
        found = _with_checks(found) if self.checked else found
        return _with_clocks(found) if self.profiled else found

    def pass_of(self, stage: Stage) -> ModulePass | None:
        """The pass of a stage, `None` where it is left out."""
        if stage.run in self.without:
            return None
        if stage.run == "fuse" and not self.fused:
            from phintys.passes.fuse import Fuse

            return Fuse(members=1)
        if stage.run == "convert-gpu-to-loops":
            from phintys.passes.convert_gpu_to_loops import ConvertGpuToLoops

            return ConvertGpuToLoops(reverse=self.backward)
        if stage.run == "convert-loops-to-gpu" and self.atomic:
            from phintys.passes.convert_loops_to_gpu import ConvertLoopsToGpu

            return ConvertLoopsToGpu(atomic=True)
        return stage.make()


def _with_checks(stages: Iterable[Stage]) -> Iterable[Stage]:
    """Stages with the check of every access behind the last one that changes buffers."""
    from phintys.passes.pipeline import Stage

    for stage in stages:
        yield stage
        if stage.run == "reuse-buffers":
            yield Stage("check accesses to memory", "check-bounds", "loops")


def _with_clocks(stages: Iterable[Stage]) -> Iterable[Stage]:
    """Stages with clocks around kernels when nothing else changes any more: above level llvm, or in the host code of a GPU."""
    from phintys.passes.pipeline import Stage

    found = list(stages)
    runs = [stage.run for stage in found]
    on_gpu = [number for number, stage in enumerate(found) if stage.level == "gpu"]
    if "convert-loops-to-llvm" in runs:
        found.insert(runs.index("convert-loops-to-llvm"), Stage("clocks around kernels", "profile", "loops"))
    elif on_gpu:
        found.insert(on_gpu[-1] + 1, Stage("clocks around launches and transfers", "profile", "gpu"))
    return found


FULL = Recipe()
QUICK = Recipe(frozenset({"pow-by-squaring", "fuse-loops", "contract-buffers"}), quick=True)
"""As fast as can be compiled: what saves less LLVM time than it takes is left out."""
