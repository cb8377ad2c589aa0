"""The way down the ladder under a recorder's eyes, by the pipeline's stages or by passes that somebody chose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from phintys.passes.legality import check_level
from phintys.passes.pipeline import TEXTS, stages

from .native import device_step, native_steps
from .pictures import draw
from .recorder import Recorder

Guard = Callable[..., Any]  # calls its second argument with the rest; may turn what it raises into something better


def unguarded(name: str, action: Callable[..., Any], *arguments: Any) -> Any:
    """Call `action`."""
    return action(*arguments)


def start(module: ModuleOp, level: str) -> Recorder:
    """A recording of a module as it was read."""
    recorder = Recorder(module, draw)
    recorder.start("written", "as it was written", level)
    return recorder


def record_ladder(recorder: Recorder, entry: str, until: str, context: Context, guard: Guard = unguarded) -> None:
    """Every stage from level `entry` to level `until`; what a pass raises is passed on."""
    module = recorder.module
    planned = list(stages(entry, TEXTS.get(until, until)))
    for stage, following in zip_longest(planned, planned[1:]):
        one = stage.make()
        recorder.run(stage.run, stage.name, stage.level, partial(guard, f"pass {one.name}", one.apply, context, module))
        if following is None or following.level != stage.level:
            guard(f"level {stage.level}", check_level, module, stage.level)
    if until in ("llvmir", "asm"):
        guard("translation to LLVM IR", native_steps, recorder, until == "asm")
    elif until == "ptx":
        guard("translation to PTX", device_step, recorder)


def record_passes(
    recorder: Recorder, passes: Sequence[ModulePass], level_of: Callable[[ModuleOp], str], context: Context, guard: Guard
) -> None:
    """Chosen passes, one after the other."""
    module = recorder.module
    for one in passes:
        recorder.run(one.name, "", level_of, partial(guard, f"pass {one.name}", one.apply, context, module))
