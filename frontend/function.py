"""`function(inputs, outputs, ...)`: from expressions to a compiled function that is called with numbers and arrays."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Mapping, Sequence
from types import BuiltinFunctionType, FunctionType
from typing import Any

from phintys.codegen.forks import compiling
from phintys.ir.graph import Graph, topological

from .call import MISSING, Caller
from .config import config
from .device_call import DeviceCaller
from .errors import keywords
from .failures import Failures
from .fgraph import FunctionGraph, Maker
from .modes import get_mode
from .outputs import as_dict, moving, unpacked
from .plan import Plan, make_plan
from .profiling import ProfileStats
from .residence import is_device, require_device
from .tensor.random_state import returning_states
from .tensor.sharedvar import Container, TensorSharedVariable
from .tensor.var import TensorVariable
from .turns import OneStep, own_cells
from .types import Array

__all__ = ["Function", "FunctionGraph", "Maker", "evaluate", "function", "make_function"]


@keywords
def function(
    inputs: Any,
    outputs: Any = None,
    mode: Any = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: Any = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
    target: str | None = None,
) -> Function:
    """Compile expressions to a function.

    `inputs`: a list of variables, or `In(variable, value=, name=)` for defaults and names. `outputs`: a variable (the
    function returns its array), a list of them (it returns a list), a dict (it returns a dict), or nothing (it returns
    `[]`). `updates`: pairs (shared variable, expression of its next value), or a dict; outputs are computed with the
    old values. `givens`: pairs (variable, what replaces it in this function). `no_default_updates`: leave
    `default_update`s of shared variables alone (True, or a list of them). `allow_input_downcast`: True converts
    arguments at any loss of precision. `on_unused_input`: "raise", "warn" or "ignore" (`config.on_unused_input` without
    it). `rebuild_strict=False` lets `givens` change types. `mode`: a name or an object of `modes.py`. `profile`: True
    measures calls, kernels, lines of the program and memory (`f.profile.summary()`, printed when the program ends).
    `accept_inplace` is Theano's and changes nothing. `target`: where the function runs, "cpu", "cuda" (an NVIDIA GPU), or
    "cuda_emulated", which runs the GPU's kernels on the CPU, slowly (`config.device` without it). On the GPU,
    `Out(variable, borrow=True)` leaves a result there. Without a GPU it is a DeviceError that says what is missing. "cuda1" is
    the second GPU.

    Errors: TypeError for arguments of the wrong kind (OutputKeyError for keys of `outputs` that are no strings), a shared
    variable among the inputs, or an update of another type; MissingInputError, UnusedInputError; RuntimeError for `givens`
    of an input; TypeInferenceError where replaced operands do not fit. When called: TypeError for arguments that do not
    fit, ValueError or IndexError for sizes that do not.
    """
    chosen = get_mode(mode)
    where = config.device if target is None else "cuda" if target == "cuda0" else target
    require_device(where)
    plan = make_plan(
        inputs,
        outputs,
        updates,
        givens,
        no_default_updates,
        name,
        rebuild_strict,
        allow_input_downcast,
        on_unused_input,
    )
    plan.mode, plan.target = chosen, where
    for device in plan.moves.values():
        require_device(device)
    return make_function(plan, profile=config.profile if profile is None else profile)


class Function:
    """A compiled function. Call it with numbers, lists and arrays; `f[w]` is the value of a state or of a default.

    It has a subclass whose objects are called without Python in between (`codegen.directly`); where Python takes part in the
    calls of a function, its class is its own, so that `__call__` can be looked up there.
    """

    name: str
    maker: Maker
    trust_input: bool
    caller: Caller
    executable: Any
    profile: ProfileStats | None
    _states: list[TensorSharedVariable]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs for the given inputs."""
        return self.caller(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return make_function, (self.maker.plan, None, self._states)

    def _repr_svg_(self) -> str:
        """What a notebook shows: the optimized graph."""
        from .drawing import svg

        return svg(self.maker.fgraph.graph)

    def __repr__(self) -> str:
        return f"<function {self.name}({', '.join(str(spec.variable) for spec in self.maker.inputs)})>"

    __iter__ = None  # names and variables are keys, numbers from 0 on are not: no sequence

    def __getitem__(self, key: Any) -> Array:
        cell = self._cell(key)
        return cell.value if isinstance(cell, Container) else self.caller.defaults[cell].copy()

    def __setitem__(self, key: Any, value: Any) -> None:
        cell = self._cell(key)
        if isinstance(cell, Container):
            cell.value = value
        else:
            self.caller.defaults[cell] = self.maker.inputs[cell].variable.type.filter(value).copy()

    def graph(self, *, optimized: bool = False) -> str:
        """The function as graph text, as written or optimized; `compile_text` makes an equal function of it."""
        from .dump import dump

        return dump(self, "graph", optimized=optimized)

    @property
    def value(self) -> Function:
        """`f.value[x]`: the value of a state or of a default."""
        return self

    @property
    def container(self) -> Mapping[Any, Container]:
        """The storage of the states, by variable and by name."""
        states = [*zip(self.maker.plan.graph.states, self._states, strict=True)]
        found: dict[Any, Container] = {old: state.container for old, state in states}
        return found | {old.name: state.container for old, state in states if old.name}

    def _cell(self, key: Any) -> Container | int:
        """Where the value behind a variable, a name or a number is kept. KeyError when there is none."""
        for number, spec in enumerate(self.maker.inputs):
            if key is spec.variable or (isinstance(key, str | int) and key in (spec.name, number)):
                kept = self.maker.plan.kept.get(number)
                if kept is None and self.caller.defaults[number] is MISSING:
                    raise KeyError(f"the input {spec.variable} keeps no value: it has no default")
                return number if kept is None else kept.container
        try:
            return self.container[key]
        except KeyError:
            raise KeyError(f"Unknown input or state: {key}") from None

    def get_shared(self) -> list[TensorSharedVariable]:
        """The shared variables that the function reads or writes."""
        return list(self._states)

    def free(self) -> None:
        """Theano's: intermediate results are not kept between calls, so there is nothing to free."""

    def copy(
        self,
        share_memory: bool = False,
        swap: Mapping[Any, Any] | None = None,
        delete_updates: bool = False,
        name: str | None = None,
        profile: Any = None,
    ) -> Function:
        """The same function on other shared variables (`swap`: old to new, of equal types), without its updates, or measured.

        Shared variables that are not swapped stay shared with this function. TypeError for a variable that is not there
        or whose type differs.
        """
        plan = self.maker.plan
        states = _swapped(self._states, swap or {})
        executable = self.executable
        if delete_updates and plan.graph.updates:
            graph = plan.graph
            plan = dataclasses.replace(plan, graph=_without_updates(graph))
            position = {id(state): number for number, state in enumerate(graph.states)}
            states = [states[position[id(state)]] for state in plan.graph.states]
            executable = None
        if profile and executable is not None and not executable.interface.profile:
            executable = None  # it has no clocks
        if name is not None:
            plan = dataclasses.replace(plan, name=name)
        return make_function(plan, executable, states, profile)


def _swapped(states: Sequence[TensorSharedVariable], swap: Mapping[Any, Any]) -> list[TensorSharedVariable]:
    there = set(map(id, states))
    for old, new in swap.items():
        if id(old) not in there:
            raise TypeError(f"SharedVariable: {old} is not found in the function, which has: {', '.join(map(str, states))}")
        if not isinstance(new, TensorSharedVariable) or new.type != old.type:
            raise TypeError(f"cannot swap {old} of type {old.type} for {new} of type {getattr(new, 'type', None)}")
    instead = {id(old): new for old, new in swap.items()}
    return [instead.get(id(state), state) for state in states]


def _without_updates(graph: Graph) -> Graph:
    used = {id(value) for node in topological(graph.outputs) for value in node.inputs} | {id(v) for v in graph.outputs}
    return Graph(graph.name, graph.inputs, graph.outputs, [state for state in graph.states if id(state) in used])


def make_function(
    plan: Plan, executable: Any = None, states: Sequence[TensorSharedVariable] | None = None, profile: Any = None
) -> Function:
    """The function of a plan, compiled unless its executable is at hand, on its states or others of their types."""
    started = time.perf_counter()
    if executable is None:
        with compiling():
            executable = _compiled(plan, bool(profile))
    bound = [state for state in states or plan.graph.states if isinstance(state, TensorSharedVariable)]
    stored = [state.container.storage for state in bound]
    mode = get_mode(None) if plan.mode is None else plan.mode
    takes_turns = (executable.interface.hosts or mode.watches) and stored and not is_device(plan.target)
    cells = own_cells(stored) if takes_turns else stored
    fail = Failures(plan.graph, executable.interface.checks)
    strict = executable.bind_strict(cells, fail=fail, unpack=plan.unpack, where=fail.where)
    maker = functools.partial(DeviceCaller, target=plan.target) if is_device(plan.target) else Caller
    kept = plan.kept_cells(cells)
    watched = mode.watch(plan.graph, executable.bind_strict(cells, fail, False, fail.where), cells, plan.name, plan.target)
    if watched is None:
        caller = maker(plan.name, plan.inputs, kept, cells, strict)
        widens = not any(spec.strict for spec in plan.inputs)
        entry = executable.bind(cells, slow=caller, fail=fail, unpack=plan.unpack, where=fail.where, widens=widens)
        caller.entry = entry
    else:
        entry = caller = maker(plan.name, plan.inputs, kept, cells, unpacked(watched) if plan.unpack else watched)
    call = caller if plan.kept or plan.keys is not None else entry
    if takes_turns:
        call = OneStep(stored, cells, call)
    stats = profile if isinstance(profile, ProfileStats) else ProfileStats(message=plan.name) if profile else None
    if stats is not None:
        call = stats.timed(call)
    call = returning_states(call, plan.graph.outputs, plan.unpack)
    if plan.moves:
        call = moving(call, plan.moves, plan.unpack)
    if plan.keys is not None:
        call = as_dict(call, plan.keys)
    result = _called(call, executable)
    result.name = plan.name
    result.maker = Maker(plan)
    result.trust_input = False
    result.caller = caller
    result.executable = executable
    result.profile = stats
    result._states = bound
    if stats is not None:
        stats.add(plan.name, plan.graph, executable, time.perf_counter() - started)
    return result


def _called(call: Callable[..., Any], executable: Any) -> Function:
    """An object whose calls are those of `call`."""
    if isinstance(call, BuiltinFunctionType):
        direct: Function = executable.called(Function, call)
        return direct
    # A Python function would be bound to the object as a method.
    attribute = staticmethod(call) if isinstance(call, FunctionType) else call
    made: Function = type("Function", (Function,), {"__call__": attribute})()
    return made


def _compiled(plan: Plan, profiled: bool = False) -> Any:
    recipe = get_mode(plan.mode).recipe
    if profiled:
        recipe = dataclasses.replace(recipe, profiled=True)
    stay = {"device_outputs": plan.staying} if is_device(plan.target) else {}
    if config.debug:
        from .loudly import compile_loudly

        return compile_loudly(plan.graph, plan.name, config.debug, recipe, plan.target, stay)
    from phintys.codegen.targets import compiler_of

    return compiler_of(plan.target)(plan.graph, recipe=recipe, **stay)


def evaluate(variable: TensorVariable, values: Mapping[Any, Any], options: Mapping[str, Any]) -> Array:
    """The value of an expression; see `TensorVariable.eval`. Compiled functions are kept with the variable."""
    kept = vars(variable).setdefault("_eval_functions", {})
    inputs = tuple(sorted(values, key=id))
    if inputs not in kept:
        kept[inputs] = function(list(inputs), variable, **options)
    return kept[inputs](*[values[key] for key in inputs])  # type: ignore[no-any-return]
