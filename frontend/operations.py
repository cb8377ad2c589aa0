"""What the node behind a variable does, as an object of Theano's class: `isinstance(x.owner.op, T.Elemwise)`.

The classes are made from the rows of `operation_rows.py` when somebody asks for one (`named("Softmax")`, which is what
`T.nnet.Softmax` does). An object is either seen at a node (`operation(node)`), and then applies the same operation with
the same attributes when called, or made by its class, as in `T.nnet.Softmax()(x)`, and then calls the function of the row.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from phintys.ir.graph import Node
from phintys.ir.host import parse_options
from phintys.ir.ops import OPS

from .aliases import names
from .names import op_text, own_op

__all__ = ["Elemwise", "Operation", "named", "named_class", "operation"]


class Operation:
    """What a node does: `name` in our table, attributes, and Theano's name as its text. Equal where these are equal."""

    name: str = ""
    attrs: dict[str, Any]
    call: Callable[..., Any] | None = None  # of a class whose objects programs make

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """TypeError for arguments that the row's function does not take."""
        if self.call is None:
            raise TypeError(f"{type(self).__name__} describes nodes of expressions: write the expression itself")
        bound = inspect.signature(self.call).bind_partial(*args, **kwargs)
        self.attrs = dict(bound.arguments)
        self._text = type(self).__name__

    @classmethod
    def of(cls, node: Node) -> Any:
        """The operation of a node."""
        self = cls.__new__(cls)
        self.name, self.attrs, self._text = node.op, dict(node.attrs), op_text(node)
        return self

    def __call__(self, *operands: Any) -> Any:
        """The operation applied to other operands."""
        if self.name:
            results = self.make_node(*operands).outputs
            return results[0] if len(results) == 1 else results
        assert self.call is not None
        return self.call(**self.attrs)(*operands)

    def make_node(self, *operands: Any) -> Any:
        """The node of the operation on these operands."""
        from .tensor.build import apply

        return apply(self.name, *operands, **self.attrs).owner if self.name else self(*operands).owner

    def __str__(self) -> str:
        return self._text

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        """Also true for our name of the operation, and for its function: `x.owner.op == "add"`, `x.owner.op == T.add`."""
        if isinstance(other, Operation):
            return (self.name, self._text) == (other.name, other._text) and (bool(self.name) or self.attrs == other.attrs)
        return bool(self.name) and self.name in (other, getattr(other, "operation", None))

    def __hash__(self) -> int:
        return hash(self.name)

    def __getattr__(self, key: str) -> Any:
        attrs = vars(self).get("attrs", {})
        if key in attrs:
            return attrs[key]
        raise AttributeError(f"the operation {vars(self).get('_text', '')} has no attribute {key!r}")


class Elemwise(Operation):
    """An operation of single elements; `scalar_op` is what it does with each.

    `Elemwise(scalar_op)(x)` applies one: of `phintys.scalar`, or a program's own `UnaryScalarOp` with a method `impl`.
    """

    nfunc_spec = None  # Theano's: which function of NumPy's computes the same; not told here
    inplace_pattern: dict[int, int] = {}

    def __init__(self, scalar_op: Any, inplace_pattern: Any = None, name: str | None = None, nfunc_spec: Any = None) -> None:
        self.attrs = {"scalar_op": scalar_op}
        self._text = name or f"Elemwise{{{scalar_op},no_inplace}}"

    @property
    def scalar_op(self) -> Any:
        """The operation of one element: `isinstance(op.scalar_op, theano.scalar.Exp)`, `op.scalar_op.name`."""
        from .scalar_ops import of_operation

        return of_operation(self.name, self.attrs) if self.name else self.attrs["scalar_op"]

    def __call__(self, *operands: Any) -> Any:
        """The operation applied."""
        return super().__call__(*operands) if self.name else self.attrs["scalar_op"](*operands)


@cache
def named(name: str) -> type[Operation]:
    """The class of that name. KeyError when there is none."""
    from .operation_rows import ROWS

    if name in ("Elemwise", "Operation"):
        return {"Elemwise": Elemwise, "Operation": Operation}[name]
    row = ROWS[name]
    if ":" in row.base:
        module, _, attribute = row.base.partition(":")
        found: type[Operation] = getattr(import_module(module), attribute)
        return found
    parts: dict[str, Any] = {fact: property(value) for fact, value in row.facts.items()}
    if row.call is not None:
        parts["call"] = staticmethod(row.call)
    return type(name, (named(row.base),), {"__doc__": row.doc, "__module__": __name__, "__reduce__": _reduced, **parts})


def _reduced(self: Operation) -> tuple[Any, ...]:
    return _restored, (type(self).__name__, vars(self))


def _restored(name: str, state: dict[str, Any]) -> Operation:
    cls = named(name)
    made = cls.__new__(cls)
    vars(made).update(state)
    return made


def operation(node: Node) -> Any:
    """What a node does: a program's own `Op` where it is one."""
    from .operation_rows import rows_of

    own = own_op(node)
    if own is not None:
        return own
    key = str(node.attrs["function"]) if node.op == "host" else node.op
    for row in rows_of(key):
        if row.when is not None and not row.when(node):
            continue
        cls = named(row.name)
        if row.options is None:
            return cls.of(node)
        made = cls(**row.options(parse_options(node.attrs.get("options", ""))))
        made.name, made.attrs, made._text = node.op, dict(node.attrs), op_text(node)
        return made
    family = OPS[key].family if key in OPS else "" if node.op == "host" else "elementwise"
    chosen: dict[str, type[Operation]] = {"elementwise": Elemwise, "reduction": named("CAReduce")}
    return chosen.get(family, Operation).of(node)


def named_class(name: str) -> type[Operation] | None:
    """The class that a module is asked for, as in `from theano.tensor.extra_ops import CumOp`; `None` when there is none."""
    from .operation_rows import ROWS

    return named(name) if name in ROWS or name == "Elemwise" else None


__getattr__ = names(__name__)
