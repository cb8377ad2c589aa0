"""From the arguments of `function` to a graph: checked, with replacements and default updates applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from phintys.ir.graph import Graph, Value, free_inputs, substitute

from .errors import OutputKeyError, UnusedInputError, noted
from .inputs import In, Out
from .location import here
from .modes import Mode
from .plan_checks import check_given, check_used
from .tensor.build import as_tensor_variable
from .tensor.sharedvar import TensorSharedVariable
from .tensor.var import TensorConstant, TensorVariable

Pairs = list[tuple[Any, Any]]


@dataclass
class Plan:
    """What a function does: the graph, and how it meets the caller.

    `inputs` are all inputs as the caller gives them; those with an update live in `kept` (input number -> state) and
    are no inputs of the graph. `unpack`: the single output is returned itself. `keys`: outputs are returned as a dict.
    `borrowed`: numbers of the outputs that may be returned where they were computed; `transferred`: devices of those that
    say where they belong (`x.transfer`).
    """

    name: str
    inputs: list[In]
    graph: Graph
    unpack: bool
    keys: list[str] | None = None
    kept: dict[int, TensorSharedVariable] = field(default_factory=dict)
    mode: Mode | None = None
    target: str = "cpu"
    borrowed: frozenset[int] = frozenset()
    transferred: Mapping[int, str] = field(default_factory=dict)

    @property
    def staying(self) -> frozenset[int]:
        """Numbers of the outputs that stay on the device of the function."""
        here = {number for number, device in self.transferred.items() if device == self.target}
        return frozenset((self.borrowed - self.transferred.keys()) | here)

    @property
    def moves(self) -> dict[int, str]:
        """Outputs that go to other devices than the function's, and to which."""
        at_hand = (self.target, "cpu")
        return {number: device for number, device in self.transferred.items() if device not in at_hand}

    def kept_cells(self, cells: Sequence[list[Any]]) -> dict[int, list[Any]]:
        """Where a function that works on these cells of states has the inputs that it keeps, by their numbers."""
        places = {id(state): cell for state, cell in zip(self.graph.states, cells, strict=True)}
        return {number: places.get(id(state), state.container.storage) for number, state in self.kept.items()}


def pairs(given: Any, what: str) -> Pairs:
    """The pairs of a dict, a list or a tuple. TypeError for anything else."""
    if given is None:
        return []
    if isinstance(given, Mapping):
        return list(given.items())
    try:
        result = [tuple(pair) for pair in given]
    except TypeError:
        result = [()]
    if any(len(pair) != 2 for pair in result):
        raise TypeError(f"{what} is a dict or a list of pairs (variable, expression); got {given!r}")
    return [(pair[0], pair[1]) for pair in result]


def make_plan(
    inputs: Any,
    outputs: Any,
    updates: Any,
    givens: Any,
    no_default_updates: Any,
    name: str | None,
    rebuild_strict: bool,
    allow_input_downcast: bool | None,
    on_unused_input: str | None,
) -> Plan:
    """Check the arguments of `function` and build its graph; see there for their meaning and the errors."""
    specs = _inputs(inputs, allow_input_downcast)
    keys, unpack, listed = _outputs(outputs)
    replace = _givens(pairs(givens, "givens"), specs, rebuild_strict)
    changes = _updates(pairs(updates, "updates"))
    kept = _kept_inputs(specs)
    for number, state in kept.items():
        replace[specs[number].variable] = state
        changes.append((state, _update_value(state, specs[number].update)))
    arguments = _cut(specs, kept, replace)
    roots = substitute([*listed, *(new for _, new in changes)], replace)
    states, news = [state for state, _ in changes], roots[len(listed) :]
    _default_updates(states, roots, news, replace, no_default_updates)
    check_used(arguments, roots, on_unused_input)
    found = free_inputs(roots)
    check_given(roots, found, arguments)
    shared = [value for value in found if isinstance(value, TensorSharedVariable)]
    used = set(map(id, shared))
    shared += [state for state in states if id(state) not in used]
    graph_name = name if name is not None and name.isidentifier() else "main"
    graph = Graph(graph_name, arguments, roots[: len(listed)], shared, list(zip(states, news, strict=True)))
    borrowed, transferred = _borrowed(outputs), _transferred(listed)
    return Plan(name or here() or "main", specs, graph, unpack, keys, kept, borrowed=borrowed, transferred=transferred)


# --- inputs and outputs -------------------------------------------------------------------------------------


def _inputs(inputs: Any, allow_downcast: bool | None) -> list[In]:
    if not isinstance(inputs, list | tuple):
        raise TypeError(
            "Inputs variable of a Theano function should be contained in a list, even when there is a single input."
        )
    specs = [_input(value, allow_downcast) for value in inputs]
    variables = [id(spec.variable) for spec in specs]
    first: dict[int, int] = {}
    for number, key in enumerate(variables):
        if first.setdefault(key, number) != number:
            raise UnusedInputError(
                f"Variable {specs[number].variable} is used twice in inputs to theano.function, at indices {first[key]} "
                f"and {number}.  This would result in values provided for it being ignored. "
                "Please do not duplicate variables in the inputs list."
            )
    return specs


def _input(value: Any, allow_downcast: bool | None) -> In:
    variable = value.variable if isinstance(value, In) else value
    if isinstance(variable, TensorSharedVariable):
        raise TypeError(
            f"Cannot use a shared variable ({variable}) as explicit input. "
            "Consider substituting a non-shared variable via the `givens` parameter"
        )
    if isinstance(variable, TensorConstant):
        raise TypeError("Constants not allowed in param list", variable)
    if not isinstance(variable, TensorVariable):
        raise TypeError(f"Unknown parameter type: {type(variable)}: inputs are variables or In(variable, ...)")
    return value if isinstance(value, In) else In(variable, allow_downcast=allow_downcast)


def _outputs(outputs: Any) -> tuple[list[str] | None, bool, list[TensorVariable]]:
    """Keys of a dict of outputs, whether there is a single one outside of a list, and the outputs."""
    if outputs is None:
        return None, False, []
    if isinstance(outputs, Mapping):
        keys = sorted(map(_output_key, outputs))
        return keys, False, [_output(outputs[key]) for key in keys]
    if isinstance(outputs, list | tuple):
        return None, False, [_output(value) for value in outputs]
    return None, True, [_output(outputs)]


def _output_key(key: Any) -> str:
    if not isinstance(key, str):
        hint = f"write {key.name!r}, its name" if isinstance(key, Value) and key.name else f"write {str(key)!r}"
        raise OutputKeyError(f"the keys of a dict of outputs are strings, got {key!r} of type {type(key).__name__}: {hint}")
    return key


def _borrowed(outputs: Any) -> frozenset[int]:
    """Numbers of the outputs that were given as `Out(variable, borrow=True)`."""
    if isinstance(outputs, Mapping):
        outputs = [outputs[key] for key in sorted(outputs)]
    listed = outputs if isinstance(outputs, list | tuple) else [outputs]
    return frozenset(number for number, value in enumerate(listed) if isinstance(value, Out) and value.borrow)


def _transferred(outputs: Sequence[TensorVariable]) -> dict[int, str]:
    """The devices of the outputs that were transferred."""
    nodes = {number: output.node for number, output in enumerate(outputs)}
    return {number: node.attrs["target"] for number, node in nodes.items() if node is not None and node.op == "transfer"}


def _output(value: Any) -> TensorVariable:
    value = value.variable if isinstance(value, Out) else value
    if isinstance(value, list | tuple):
        raise TypeError(f"outputs are variables, not nested lists of them; got {value!r}: use T.stack to make one tensor")
    try:
        return as_tensor_variable(value)
    except TypeError as error:
        raise TypeError(f"theano.function outputs must be Variable or Out instances. {error}") from None


# --- replacements and updates -------------------------------------------------------------------------------


def _givens(given: Pairs, specs: Sequence[In], strict: bool) -> dict[Value, Value]:
    replace: dict[Value, Value] = {}
    inputs = {id(spec.variable) for spec in specs}
    for old, new in given:
        if not isinstance(old, TensorVariable):
            raise TypeError("givens keys must be Variable", old)
        if id(old) in inputs:
            raise RuntimeError(
                f"You are trying to replace variable '{old}' through the `givens` parameter, but this variable is an "
                "input to your function. Replacing inputs is currently forbidden because it has no effect. One way to "
                "modify an input `x` to a function evaluating f(x) is to define a new input `y` and use "
                "`theano.function([y], f(x), givens={x: g(y)})`. Another solution consists in using `theano.clone`, "
                "e.g. like this: `theano.function([x], theano.clone(f(x), replace={x: g(x)}))`."
            )
        replace[old] = old.type.filter_variable(new) if strict else as_tensor_variable(new)
    return replace


def _updates(given: Pairs) -> list[tuple[TensorSharedVariable, TensorVariable]]:
    changes: list[tuple[TensorSharedVariable, TensorVariable]] = []
    changed: set[int] = set()
    for target, new in given:
        if not isinstance(target, TensorSharedVariable):
            raise TypeError("update target must be a SharedVariable", target)
        if id(target) in changed:
            raise ValueError("this shared variable already has an update expression", (target, new))
        changed.add(id(target))
        changes.append((target, _update_value(target, new)))
    return changes


def _update_value(target: TensorSharedVariable, new: Any) -> TensorVariable:
    try:
        return target.type.filter_variable(new, allow_convert=False)
    except TypeError as error:
        if not isinstance(new, TensorVariable):
            raise TypeError(f"the update of {target} does not fit its type {target.type}: {error}") from None
        mismatch = TypeError(
            f"An update must have the same type as the original shared variable (shared_var={target}, "
            f"shared_var.type={target.type}, update_val={new}, update_val.type={new.type})."
        )
        raise noted(
            mismatch,
            "If the difference is related to the broadcast pattern, you can call the tensor.unbroadcast(var, "
            "axis_to_unbroadcast[, ...]) function to remove broadcastable dimensions.",
        ) from None


def _kept_inputs(specs: Sequence[In]) -> dict[int, TensorSharedVariable]:
    """A state for each input with an update."""
    kept = {}
    for number, spec in enumerate(specs):
        if spec.update is not None:
            if spec.value is None:
                raise ValueError(f"the input {spec.variable} has an update but no value to start with: give value=")
            type = spec.variable.type
            value = type.filter(spec.value, spec.strict, spec.allow_downcast).copy()
            kept[number] = TensorSharedVariable.of(type, value, spec.name, spec.strict, spec.allow_downcast, spec.variable.loc)
    return kept


def _cut(specs: Sequence[In], kept: Mapping[int, TensorSharedVariable], replace: dict[Value, Value]) -> list[TensorVariable]:
    """Inputs of the graph; a computed variable given as input becomes one of the same type."""
    arguments = []
    for number, spec in enumerate(specs):
        if number in kept:
            continue
        argument = spec.variable
        if argument.node is not None:
            argument = TensorVariable(argument.type, argument.name, loc=argument.loc)
            replace[spec.variable] = argument
        arguments.append(argument)
    return arguments


def _default_updates(
    states: list[TensorSharedVariable],
    roots: list[Value],
    news: list[Value],
    replace: Mapping[Value, Value],
    refused: Any,
) -> None:
    """Append the default updates of shared variables in use, and of those that these use, unless they are refused."""
    if refused is True:
        return
    excluded = list(refused) if isinstance(refused, Iterable) else []
    known = {id(value) for value in [*states, *excluded]}
    done = False
    while not done:
        done = True
        for value in free_inputs(roots):
            update = vars(value).get("default_update") if isinstance(value, TensorSharedVariable) else None
            if update is None or id(value) in known or not isinstance(value, TensorSharedVariable):
                continue
            known.add(id(value))
            (new,) = substitute([_update_value(value, update)], replace)
            states.append(value)
            roots.append(new)
            news.append(new)
            done = False
