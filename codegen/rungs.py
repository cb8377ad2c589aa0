"""A program on every rung of the ladder, before and after every pass, each of which can be computed by itself.

    for rung in rungs(graph, recipe):          # as written, then after each pass
        results = rung.compute(arrays)

Modules of `nd`, of fused `nd` and of loops are computed by interpreters, in which no further pass has a part; the last one, of
level llvm, by native code. Two exceptions. A module with derivatives is expanded first (`autodiff`); kernels of a GPU become
loops first (`convert-gpu-to-loops`): `finish` has the passes. And loops that are too much for their interpreter become native
code by the two passes that it takes, with every access to memory checked: `doubted` names them. Nothing is cached.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp, StringAttr

from phintys.ir.graph import Graph
from phintys.passes.loop_facts import PARALLEL
from phintys.passes.pipeline import Stage, load_pass

from .executable import Executable
from .interpreter import EXCEPTIONS, evaluate
from .interpreter_loops import LoopProgram
from .interpreter_memory import check_intact
from .scalar_writer import CannotInterpret

if TYPE_CHECKING:
    from .recipe import Recipe

Array = np.ndarray[Any, Any]
DERIVATIVES = ("nd.grad", "nd.jacobian")


@dataclass
class Rung:
    """The program after a pass: `name` is that of the pass ("" at first), `spec` it with options, `title` what it is for."""

    name: str
    spec: str
    level: str
    module: ModuleOp
    finish: tuple[str, ...] = ()
    title: str = ""
    expanded: bool = False  # whether math is arithmetic already
    doubted: tuple[str, ...] = ()
    too_many: float = inf

    def compute(self, arrays: Sequence[Array]) -> list[Array]:
        """Outputs and new states. The program's own errors; CannotInterpret for what cannot be computed here."""
        self.doubted = ()
        elements = sum(array.size for array in arrays)
        if elements < self.too_many:
            try:
                return self._own(arrays)
            except CannotInterpret:
                if self.level != "loops":
                    raise
                self.too_many = elements  # next time, that many are not tried again
        self.doubted = ("expand-math",) * (not self.expanded) + ("convert-loops-to-llvm",)
        return self._native(*arrays)

    @cached_property
    def _own(self) -> Callable[[Sequence[Array]], list[Array]]:
        """The way of the level."""
        module = self.ready()
        if self.level in ("nd", "fused"):
            return lambda arrays: evaluate(module, *arrays)
        program = Native(module) if self.level == "llvm" else LoopProgram(module)
        return lambda arrays: program(*arrays)

    @cached_property
    def _native(self) -> Native:
        """Native code of loops by as few passes as possible; on one thread, since checks end no chunk."""
        module = self.ready()
        for op in module.walk():
            op.attributes.pop(PARALLEL, None)
        for name in ("check-bounds", *(() if self.expanded else ("expand-math",)), "convert-loops-to-llvm"):
            load_pass(name)().apply(Context(), module)
        return Native(module)

    def ready(self) -> ModuleOp:
        """A copy of the module that an interpreter or native code can take."""
        module = self.module.clone()
        for name in self.finish:
            load_pass(name)().apply(Context(), module)
        return module


class Native:
    """Native code of a module of level llvm, not optimized, on copies of the arrays."""

    def __init__(self, module: ModuleOp) -> None:
        from .assemble import assemble
        from .engine import compile_quickly

        for op in module.ops:  # code of the same name that is loaded already would run in its place
            if isinstance(op, llvm.FuncOp) and "phi.arguments" in op.attributes:
                op.properties["sym_name"] = StringAttr(f"{op.sym_name.data}.plain")
        text, self.interface = assemble(module)
        self.executable = Executable(compile_quickly(text), self.interface)

    def __call__(self, *arrays: Array) -> list[Array]:
        """Outputs and new states."""
        arguments = self.interface.arguments
        own = [np.array(array, argument.type.dtype, order="C") for array, argument in zip(arrays, arguments, strict=True)]
        cells = {number: [own[number]] for number, argument in enumerate(arguments) if argument.is_state}
        inputs = [array for number, array in enumerate(own) if number not in cells]
        before = [array.copy() for array in own]
        try:
            outputs = iter(self.executable.bind_strict(list(cells.values()), self._fail, False)(*inputs))
        except Exception as error:
            check_intact(arguments, before, own, error)
            raise
        return [next(outputs) if result.argument is None else cells[result.argument][0] for result in self.interface.results]

    def _fail(self, number: int, values: tuple[int, ...]) -> NoReturn:
        check = self.interface.checks[number]
        raise EXCEPTIONS[check.exception](check.message.format(*values))


def rungs(graph: Graph, recipe: Recipe) -> list[Rung]:
    """The program as it was written, and after every pass that the recipe runs on it."""
    from .compiler import graph_module, lower

    module = graph_module(graph)
    found = [Rung("", "", "nd", module.clone(), _derived(module))]
    expanded = False

    def observe(stage: Stage, state: ModuleOp) -> None:
        nonlocal expanded
        expanded |= stage.run == "expand-math"
        run = recipe.pass_of(stage)
        finish = ("convert-gpu-to-loops",) if stage.level == "gpu" else _derived(state)
        level = "loops" if stage.level == "gpu" else stage.level
        found.append(Rung(stage.run, str(run.spec()) if run else stage.run, level, state.clone(), finish, stage.name, expanded))

    lower(module, "llvm", observe=observe, recipe=recipe)
    return found


def _derived(module: ModuleOp) -> tuple[str, ...]:
    """The passes that expand a module's derivatives; gradients among complex numbers are those of their parts."""
    if not any(op.name in DERIVATIVES for op in module.walk()):
        return ()
    pairs = any("complex<" in str(value.type) for op in module.walk() for value in (*op.operands, *op.results))
    return ("expand-complex", "autodiff") if pairs else ("autodiff",)
