"""Operations that a program writes in Python: a class with `make_node` and `perform`, as Theano's programs have them.

    class Double(Op):
        def make_node(self, x):
            return Apply(self, [as_tensor_variable(x)], [x.type()])

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = 2 * inputs[0]

        def grad(self, inputs, output_gradients):
            return [2 * output_gradients[0]]

Compiled functions call `perform` with copies of the operands, while they run; an exception ends the call. Functions with
such operations are compiled anew in each process. `grad` is asked once, with variables of the operands' types.
"""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from phintys.ir.graph import Graph, Node, Value, free_inputs
from phintys.ir.host import types_text
from phintys.ir.tokens import local

from .apply import Apply
from .location import here
from .operations import Operation
from .tensor.build import as_tensor_variable
from .tensor.sharedvar import TensorSharedVariable
from .tensor.var import TensorVariable
from .types import TensorType

__all__ = ["Op", "apply_op"]


class Op(metaclass=ABCMeta):  # noqa: B024  (abstract so that `Operation` can be registered as one)
    """An operation of the program's own; derived classes give `perform`, and `make_node` or `itypes` and `otypes`."""

    itypes: Sequence[TensorType] | None = None
    otypes: Sequence[TensorType] | None = None
    default_output: int | None = None
    __props__: tuple[str, ...] | None = None

    def make_node(self, *inputs: Any) -> Apply:
        """The operation applied: checks the operands, makes the results' variables."""
        if self.itypes is None or self.otypes is None:
            raise NotImplementedError(f"{type(self).__name__} needs a method make_node, or itypes and otypes")
        values = [as_tensor_variable(value) for value in inputs]
        found, wanted = [value.type for value in values], list(self.itypes)
        if len(found) != len(wanted) or not all(type.accepts(have) for type, have in zip(wanted, found, strict=True)):
            raise TypeError(f"We expected inputs of types '{wanted}' but got types '{found}'")
        return Apply(self, values, [type() for type in self.otypes])

    def perform(self, node: Any, inputs: Sequence[Any], output_storage: Sequence[list[Any]]) -> None:
        """Compute: put the result of number i into `output_storage[i][0]`."""
        raise NotImplementedError(f"{type(self).__name__} needs a method perform(node, inputs, output_storage)")

    def grad(self, inputs: Sequence[TensorVariable], output_gradients: Sequence[TensorVariable]) -> Sequence[Any]:
        """Gradients of the operands as expressions, `None` for those that have none."""
        raise NotImplementedError(f"{type(self).__name__} has no derivative: give it a method grad")

    def L_op(  # noqa: N802, RUF100  (Theano's name)
        self, inputs: Sequence[TensorVariable], outputs: Sequence[TensorVariable], output_gradients: Sequence[TensorVariable]
    ) -> Sequence[Any]:
        """The same, given the results too."""
        return self.grad(inputs, output_gradients)

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        """The result of the operation, or a list of several."""
        kwargs.pop("return_list", None)
        results = self.make_node(*inputs, **kwargs).outputs
        if self.default_output is not None:
            return results[self.default_output]
        return results[0] if len(results) == 1 else results

    def _props(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__props__ or ())

    def __eq__(self, other: object) -> bool:
        if self.__props__ is None or type(self) is not type(other):
            return self is other
        return isinstance(other, Op) and self._props() == other._props()

    def __hash__(self) -> int:
        return object.__hash__(self) if self.__props__ is None else hash((type(self), self._props()))

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in zip(self.__props__ or (), self._props(), strict=True))
        return f"{type(self).__name__}{{{shown}}}" if shown else type(self).__name__


Op.register(Operation)  # what nodes of expressions show is an Op as well


class Performing:
    """What a compiled function calls: `perform` on arrays, its results checked against the types of the node."""

    def __init__(self, op: Op, takes: Sequence[TensorType], gives: Sequence[TensorType]) -> None:
        self.op, self.takes, self.gives = op, list(takes), list(gives)

    def __call__(self, *arrays: Any) -> tuple[Any, ...]:
        node = SimpleNamespace(op=self.op, inputs=[type() for type in self.takes], outputs=[type() for type in self.gives])
        storage: list[list[Any]] = [[None] for _ in self.gives]
        self.op.perform(node, list(arrays), storage)
        return tuple(self._result(number, cell[0]) for number, cell in enumerate(storage))

    def _result(self, number: int, value: Any) -> Any:
        if value is None:
            raise ValueError(f"{self.op}: perform put nothing into output_storage[{number}][0]")
        try:
            return self.gives[number].filter(value)
        except TypeError as error:
            raise TypeError(f"{self.op}: result {number} of perform: {error}") from None


class Derivative:
    """The graph of an operation's derivative, made when first asked for and kept."""

    def __init__(self, performing: Performing) -> None:
        self.performing = performing
        self.made: tuple[Graph, list[int]] | None = None
        self.null: dict[int, str] = {}  # operands whose gradient does not exist, and why

    def __getstate__(self) -> dict[str, Any]:
        return {"performing": self.performing, "made": None, "null": {}}

    def __call__(self) -> tuple[Graph, list[int]]:
        if self.made is None:
            self.made = self._make()
        return self.made

    def _make(self) -> tuple[Graph, list[int]]:
        op, takes, gives = self.performing.op, self.performing.takes, self.performing.gives
        inputs, outputs, gradients = ([type() for type in types] for types in (takes, gives, gives))
        found = list(op.L_op(inputs, outputs, gradients))
        if len(found) != len(inputs):
            raise ValueError(f"{op}: grad returned {len(found)} gradients for {len(inputs)} inputs")
        numbers = [number for number, value in enumerate(found) if isinstance(value, TensorVariable)]
        reasons = [(number, getattr(getattr(value, "type", None), "why_null", None)) for number, value in enumerate(found)]
        self.null = {number: text for number, text in reasons if text is not None}
        chosen: list[Value] = [found[number] for number in numbers]
        graph = Graph("gradient", [*inputs, *outputs, *gradients], chosen)
        known = {id(value) for value in graph.inputs}
        for value in free_inputs(chosen):
            if id(value) not in known:
                raise TypeError(f"{op}: the gradient depends on {value}, which is neither an input nor a gradient it was given")
        return graph, numbers


def apply_op(op: Op, inputs: Sequence[Any], outputs: Sequence[Any]) -> Node:
    """The node of an operation; `outputs`, fresh variables, become its results. TypeError for what is no tensor."""
    if not isinstance(op, Op):
        raise TypeError(f"Apply(op, inputs, outputs) applies an Op; got {op!r:.80} of type {type(op).__name__}")
    operands = [as_tensor_variable(value) for value in inputs]
    for value in outputs:
        if not isinstance(value, TensorVariable) or value.node is not None or isinstance(value, TensorSharedVariable):
            raise TypeError(f"{op}: the outputs of Apply are new variables of tensor types, such as x.type(); got {value!r}")
    performing = Performing(op, [value.type for value in operands], [value.type for value in outputs])
    differentiable = type(op).grad is not Op.grad or type(op).L_op is not Op.L_op
    token = local(performing, Derivative(performing) if differentiable else None)
    results = types_text(value.type for value in outputs)
    node = Node("host", operands, {"function": token, "results": results}, make=TensorVariable, loc=here())
    node.results = tuple(outputs)
    for index, value in enumerate(outputs):
        value.node, value.index, value.loc = node, index, node.loc
    return node
