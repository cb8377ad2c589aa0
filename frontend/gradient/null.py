"""Gradients that do not exist: what an `Op.grad` returns for them, and where a gradient would need them.

    class Lookup(Op):
        def grad(self, inputs, output_gradients):
            return [grad_undefined(self, 0, inputs[0], "positions are integers")]

`T.grad` then raises NullTypeGradError if its result depends on that operand, or returns a variable of NullType with
`null_gradients="return"`. A gradient of DisconnectedType says that the operand does not count at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phintys.ir.graph import Node, Value
from phintys.ir.host import is_local, parse_options

from ..names import node_text, own_op
from ..types import TensorType
from ..variable import Variable

__all__ = ["DisconnectedType", "NullType", "grad_not_implemented", "grad_undefined"]


class DisconnectedType:
    """The type of a gradient with respect to something that has no influence."""

    def __call__(self, name: str | None = None) -> Variable:
        """A variable of it."""
        return TypedOnly(self, name)

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """AssertionError: there are no values."""
        raise AssertionError("If you're assigning to a DisconnectedType you're doing something wrong.")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __str__(self) -> str:
        return type(self).__name__

    __repr__ = __str__


class NullType(DisconnectedType):
    """The type of a gradient that is undefined or not implemented; `why_null` says why."""

    def __init__(self, why_null: str = "(no explanation given)") -> None:
        self.why_null = why_null

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """ValueError: there are no values."""
        raise ValueError("NullType has no values to filter")


class TypedOnly(Variable):
    """A variable of such a type: it stands for no tensor and cannot be computed with."""

    def __init__(self, type: Any, name: str | None = None) -> None:
        super().__init__(TensorType("float64", ()), name)
        self.type = type


def grad_undefined(op: Any, x_pos: int, x: Any, comment: str = "") -> Variable:
    """What `Op.grad` returns for operand `x_pos` when the derivative does not exist."""
    return _null(op, x_pos, x, "mathematically undefined", comment)


def grad_not_implemented(op: Any, x_pos: int, x: Any, comment: str = "") -> Variable:
    """What `Op.grad` returns for operand `x_pos` when nobody has written the derivative."""
    return _null(op, x_pos, x, "not implemented", comment)


def _null(op: Any, x_pos: int, x: Any, what: str, comment: str) -> Variable:
    text = f"This variable is Null because the grad method for input {x_pos} ({x}) of the {op} op is {what}. {comment}"
    return NullType(text.rstrip())()


# Functions that Python computes and that draw: no derivative with respect to their parameters.
_DRAWS = ("random_", "mrg_")
_ONLY = "No gradient defined through raw random numbers op"
_RAW = "LAPACK's reflectors have none; expected the mode 'reduced' or 'complete', which have one"


def _missing(name: str, node: Node) -> str:
    """What to try instead of a function whose derivative nobody has written; '' for one that has it."""
    return _RAW if name == "qr" and parse_options(node.attrs["options"]).get("mode") == "raw" else ""


def why_null(node: Node) -> dict[int, str]:
    """For operands of a node whose derivative does not exist, why. NotImplementedError for an Op without a grad."""
    if node.op != "host":
        return {}
    name = str(node.attrs["function"])
    missing = _missing(name, node)
    if name.startswith(_DRAWS) or missing:
        what, comment = ("mathematically undefined", _ONLY) if name.startswith(_DRAWS) else ("not implemented", missing)
        return {
            number: f"the gradient for input {number} ({value}) of {node_text(node)}, at {node.loc}, is {what}. {comment}"
            for number, value in enumerate(node.inputs)
        }
    if not is_local(name):
        return {}
    gradient = getattr(node.attrs["function"], "gradient", None)
    if gradient is None:
        raise NotImplementedError(
            f"{own_op(node)} has no derivative: give it a method grad(inputs, output_gradients). It is applied at {node.loc}: "
            f"{node_text(node)}"
        )
    gradient()
    return {number: f"{text} It is applied at {node.loc}." for number, text in gradient.null.items()}


def undefined(cost: Value, wrt: Sequence[Value], flow: Any) -> dict[int, str]:
    """Variables, by identity, whose gradient would go through an operand without a derivative, and why.

    `flow(node)` are the operands through which derivatives pass.
    """
    found: dict[int, str] = {}
    for node in _nodes(cost, flow):
        if node.op != "host" or not any(id(value) in _reached(part, flow) for part in flow(node) for value in wrt):
            continue
        for number, text in why_null(node).items():
            reached = _reached(node.inputs[number], flow)
            found.update((id(value), text) for value in wrt if id(value) in reached)
    return found


def _nodes(cost: Value, flow: Any) -> list[Node]:
    """The nodes between a cost and what it depends on."""
    known: dict[int, Node] = {}
    stack = [cost]
    while stack:
        node = stack.pop().node
        if node is not None and id(node) not in known:
            known[id(node)] = node
            stack.extend(flow(node))
    return list(known.values())


def _reached(value: Value, flow: Any) -> set[int]:
    """Identities of what a value depends on, itself included."""
    return {id(value)} | {id(part) for node in _nodes(value, flow) for part in flow(node)}
