"""How a program sees the node behind a variable: `x.owner`, an `Apply`, and `x.owner.op`, an `Operation`.

Both are views of a node of the expression graph (`ir/graph.py`), made when asked for. Programs ask
`isinstance(x.owner.op, T.Elemwise)`, print operations, and walk `owner.inputs`; `CLASSES` says which class of Theano's an
operation of our table belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from weakref import WeakValueDictionary

from phintys.ir.graph import Node, Value
from phintys.ir.ops import OPS

from .names import SCALARS, node_text, op_text, own_op


class Operation:
    """What a node does: `name` in our table, attributes, and Theano's name as its text. Equal where these are equal."""

    def __init__(self, node: Node) -> None:
        self.name = node.op
        self.attrs = dict(node.attrs)
        self._text = op_text(node)

    def __str__(self) -> str:
        return self._text

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        """Also true for our name of the operation: `x.owner.op == "add"`."""
        if isinstance(other, str):
            return self.name == other
        return isinstance(other, Operation) and (self.name, self._text) == (other.name, other._text)

    def __hash__(self) -> int:
        return hash(self.name)

    def __getattr__(self, key: str) -> Any:
        attrs = vars(self).get("attrs", {})
        if key in attrs:
            return attrs[key]
        raise AttributeError(f"the operation {vars(self).get('_text', '')} has no attribute {key!r}")


class Elemwise(Operation):
    """An operation of single elements; `scalar_op` is what it does with each."""

    @property
    def scalar_op(self) -> SimpleNamespace:
        """The operation by its name: `str(op.scalar_op)`, `op.scalar_op.name`."""
        return _Scalar(name=SCALARS.get(self.name, self.name))

    @property
    def nfunc_spec(self) -> None:
        """Theano's: which function of NumPy's computes the same; not told here."""


class _Scalar(SimpleNamespace):
    """A scalar operation, printed as its name."""

    def __str__(self) -> str:
        return str(self.name)


class CAReduce(Operation):
    """A reduction; `axis` says along which dimensions."""

    @property
    def axis(self) -> tuple[int, ...]:
        """The reduced dimensions."""
        return tuple(self.attrs["axes"])


class Sum(CAReduce):
    """`sum`."""


class Argmax(CAReduce):
    """`argmax`."""


class DimShuffle(Operation):
    """Dimensions reordered, dropped and added."""

    @property
    def new_order(self) -> tuple[int | str, ...]:
        """The number of an old dimension, or "x" for a new one, at each place."""
        return tuple("x" if axis == -1 else axis for axis in self.attrs["order"])


class Dot(Operation):
    """Product of matrices and vectors."""


class Reshape(Operation):
    """The same elements in another shape."""


class Alloc(Operation):
    """A value repeated to a shape."""


class Join(Operation):
    """Tensors joined along a dimension."""


class Subtensor(Operation):
    """A part of a tensor, by slices and numbers."""


class IncSubtensor(Operation):
    """A tensor with a part changed."""


class AdvancedSubtensor(Operation):
    """Elements chosen by index tensors."""


class AdvancedIncSubtensor(Operation):
    """Elements chosen by index tensors, changed."""


class Shape_i(Operation):  # noqa: N801, RUF100  (Theano's name)
    """One size."""


class Softmax(Operation):
    """`softmax` of rows."""


class LogSoftmax(Operation):
    """Logarithm of it."""


CLASSES: dict[str, type[Operation]] = {
    "sum": Sum,
    "argmax": Argmax,
    "dimshuffle": DimShuffle,
    "dot": Dot,
    "reshape": Reshape,
    "alloc": Alloc,
    "concatenate": Join,
    "subtensor": Subtensor,
    "set_subtensor": IncSubtensor,
    "inc_subtensor": IncSubtensor,
    "gather": AdvancedSubtensor,
    "scatter_add": AdvancedIncSubtensor,
    "scatter_set": AdvancedIncSubtensor,
    "dim": Shape_i,
    "softmax": Softmax,
    "log_softmax": LogSoftmax,
}
FAMILIES: dict[str, type[Operation]] = {"elementwise": Elemwise, "reduction": CAReduce}


def operation(node: Node) -> Any:
    """What a node does: a program's own `Op` where it is one."""
    own = own_op(node)
    if own is not None:
        return own
    family = OPS[node.op].family if node.op in OPS else "elementwise"
    return CLASSES.get(node.op, FAMILIES.get(family, Operation))(node)


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
        return operation(self.node)

    @property
    def inputs(self) -> list[Any]:
        """The operands."""
        return list(self.node.inputs)

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

    def __repr__(self) -> str:
        return node_text(self.node)
