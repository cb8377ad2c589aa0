"""How a program sees the node behind a variable: `x.owner`, an `Apply`, and `x.owner.op` (`operations.py`).

Both are views of a node of the expression graph (`ir/graph.py`), made when asked for. Programs ask
`isinstance(x.owner.op, T.Elemwise)`, print operations, and walk `owner.inputs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary

from phintys.ir.graph import Node, Value

from .names import node_text, own_op


def shape_of(node: Node) -> Value | None:
    """The tensor of which a node gives the whole shape as a vector, if it is one that does."""
    parts = [value.node for value in node.inputs] if node.op == "make_vector" else []
    if not parts or parts[0] is None or parts[0].op != "dim":
        return None
    whole = parts[0].inputs[0]
    same = [part is not None and part.op == "dim" and part.inputs[0] is whole for part in parts]
    in_order = all(same) and [part.attrs["axis"] for part in parts if part is not None] == [*range(whole.type.ndim)]
    return whole if in_order else None


class Apply:
    """An operation applied to variables: `op`, `inputs`, `outputs`. A node has one view as long as somebody holds it."""

    node: Node
    _views: WeakValueDictionary[int, Apply] = WeakValueDictionary()

    def __new__(cls, node: Any, inputs: Sequence[Any] | None = None, outputs: Sequence[Any] | None = None) -> Apply:
        """The view of a node; or `Apply(op, inputs, outputs)`, the node that applies a program's own `Op`."""
        if inputs is not None:
            from .op import apply_op

            node = apply_op(node, inputs, outputs or ())
        found = cls._views.get(id(node))
        if found is None:
            found = cls._views[id(node)] = super().__new__(cls)
            found.node = node  # which keeps the number from being another node's
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return Apply, (self.node,)

    @property
    def op(self) -> Any:
        """What is done."""
        from .operations import operation

        return operation(self.node)

    @property
    def inputs(self) -> list[Any]:
        """The operands; of a vector of all sizes of a tensor, which Theano's `Shape` made of it, the tensor."""
        whole = shape_of(self.node)
        return list(self.node.inputs) if whole is None else [whole]

    @property
    def outputs(self) -> list[Any]:
        """The results."""
        return list(self.node.results)

    out = property(lambda self: self.default_output())

    def default_output(self) -> Value:
        """The only result."""
        (result,) = self.node.results
        return result

    @property
    def nin(self) -> int:
        """Number of operands."""
        return len(self.node.inputs)

    @property
    def nout(self) -> int:
        """Number of results."""
        return len(self.node.results)

    @property
    def loc(self) -> str | None:
        """File and line that wrote it."""
        return self.node.loc

    def get_parents(self) -> list[Any]:
        """The operands."""
        return self.inputs

    def clone(self) -> Apply:
        """The same operation on the same operands, with results of its own."""
        return self.clone_with_new_inputs(self.inputs)

    def clone_with_new_inputs(self, inputs: Sequence[Any], strict: bool = True) -> Apply:
        """The same operation on other operands. TypeInferenceError (a TypeError) for those that do not fit."""
        node, own = self.node, own_op(self.node)
        if own is not None:
            made: Apply = own.make_node(*inputs)
            return made
        if shape_of(node) is not None:
            (whole,) = inputs
            inputs = [Node("dim", [whole], {"axis": axis}, make=type(whole)).results[0] for axis in range(whole.type.ndim)]
        return Apply(Node(node.op, inputs, node.attrs, make=type(node.results[0]), loc=node.loc))

    def __repr__(self) -> str:
        return node_text(self.node)
