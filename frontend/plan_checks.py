"""Whether the inputs of a function are those that its results need."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from phintys.ir.graph import Value, free_inputs, topological

from .config import config
from .errors import MissingInputError, UnusedInputError
from .names import node_text
from .tensor.sharedvar import TensorSharedVariable
from .tensor.var import TensorVariable


def check_used(arguments: Sequence[TensorVariable], roots: Sequence[Value], action: str | None) -> None:
    """UnusedInputError, or a warning, for an input that no root needs (`action`: see `function`)."""
    action = config.on_unused_input if action is None else action
    if action not in ("raise", "warn", "ignore"):
        raise ValueError(
            f"Invalid value for keyword on_unused_input of theano.function: '{action}'.\n"
            "Valid values are 'raise', 'warn', and 'ignore'."
        )
    used = {id(value) for value in free_inputs(roots)}
    for number, argument in enumerate(arguments):
        if id(argument) in used or action == "ignore":
            continue
        message = (
            "theano.function was asked to create a function computing outputs given certain inputs, but the provided "
            f"input variable at index {number} is not part of the computational graph needed to compute the outputs: "
            f"{argument}."
        )
        if action == "warn":
            warnings.warn(message, stacklevel=5)
            continue
        raise UnusedInputError(
            f"{message}\nTo make this error into a warning, you can pass the parameter on_unused_input='warn' to "
            "theano.function. To disable it completely, use on_unused_input='ignore'."
        )


def check_given(roots: Sequence[Value], found: Sequence[Value], arguments: Sequence[TensorVariable]) -> None:
    """MissingInputError for a variable without a value, with the first operation that needs it."""
    known = {id(argument) for argument in arguments}
    missing = {id(value) for value in found if id(value) not in known and not isinstance(value, TensorSharedVariable)}
    if not missing:
        return
    for node in topological(roots):
        for number, value in enumerate(node.inputs):
            if id(value) in missing:
                raise MissingInputError(
                    f"Input {number} of the graph (indices start from 0), used to compute {node_text(node)}, was not "
                    f"provided and not given a value. The variable is {value}, made at {value.loc}: add it to the "
                    "inputs, or replace it through `givens`."
                )
    lone = next(value for value in found if id(value) in missing)
    raise MissingInputError(f"Undeclared input: the output {lone}, made at {lone.loc}, is no input of the function")
