"""Subscripts of graph text, with NumPy's meaning: `x[i, 2:n]`, `x[..., None]`, `x[rows, ::-1, columns]`, `x[mask]`.

Numbers and slices are a `subtensor`; integer tensors a `gather` on the leading dimensions, to which the indexed ones are
moved first; truth tensors index by their true positions, their dimensions joined to one. An assignment,
`set_subtensor(x[...], y)`, goes the same way and then back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .graph import Value
from .scope import Scope
from .subscript import Bound, Entry, format_index
from .terms import Items, Literal, ShapeOf, Term, as_literal, describe


@dataclass(frozen=True)
class Slice:
    """`start:stop:step`, each a term with its tree, or `None` where left out."""

    bounds: tuple[tuple[Term, Any] | None, ...]

    @property
    def whole(self) -> bool:
        """Whether it is a plain `:`."""
        return not any(self.bounds)


@dataclass(frozen=True)
class NewAxis:
    """`None`: a dimension of size 1."""


@dataclass(frozen=True)
class Dots:
    """`...`: the dimensions that no other entry takes."""


Item = Slice | NewAxis | Dots | Term
Pair = tuple[Item, Any]  # with its place in the text
WHOLE = Slice((None, None, None))


@dataclass
class Part:
    """A part of a tensor: operations that lead to `source`, one that takes the part out of it, and what undoes the former."""

    scope: Scope
    tree: Any
    source: Value
    undo: list[Callable[[Value], Value]] = field(default_factory=list)
    index: str | None = None  # of a subtensor
    operands: Sequence[Value] = ()  # of the subtensor or gather
    placed: Sequence[int] | None = None  # how the dimensions of what is taken out are put in order

    def read(self) -> Value:
        """The part."""
        found = self.source
        if self.index is not None:
            found = self._node("subtensor", [found, *self.operands], index=self.index)
        elif self.operands:
            found = self._node("gather", [found, *self.operands])
        return found if self.placed is None else self._shuffle(found, self.placed)

    def write(self, new: Term, place: Any, *, add: bool) -> Value:
        """The tensor with new values in this part, or added to it."""
        name = ("inc" if add else "set") + "_subtensor" if not self.operands or self.index is not None else "scatter"
        value = self.scope.operands("add", [(self.source, self.tree), (new, place)])[1]
        if self.placed is not None:
            value = self._unplaced(value, place)
        if name == "scatter":
            updated = self._node("scatter_add" if add else "scatter_set", [self.source, value, *self.operands])
        else:
            updated = self._node(name, [self.source, value, *self.operands], index=self.index or "")
        for step in reversed(self.undo):
            updated = step(updated)
        return updated

    def _unplaced(self, value: Value, place: Any) -> Value:
        """New values in the order that the operation takes; those of lower rank get dimensions of size 1 in front."""
        assert self.placed is not None
        if not value.type.ndim:
            return value  # goes everywhere as it is
        missing = len(self.placed) - value.type.ndim
        if missing < 0:
            self.scope.fail(f"a {value.type} does not fit into a part of {len(self.placed)} dimensions", place)
        full = [-1] * missing + list(range(value.type.ndim))
        order = [full[self.placed.index(axis)] for axis in range(len(self.placed)) if axis in self.placed]
        return self._shuffle(value, order)

    def _node(self, name: str, operands: Sequence[Value], **attrs: Any) -> Value:
        return self.scope.node(name, operands, attrs, self.tree)

    def _shuffle(self, value: Value, order: Sequence[int]) -> Value:
        if list(order) == list(range(value.type.ndim)):
            return value
        return self._node("dimshuffle", [value], order=tuple(order))

    # --- steps on the way to the source ------------------------------------------------------------------------------

    def shuffle(self, order: Sequence[int]) -> None:
        """Put dimensions in another order, or add some of size 1."""
        back = tuple(list(order).index(axis) for axis in range(self.source.type.ndim))
        self.undo.append(lambda updated: self._shuffle(updated, back))
        self.source = self._shuffle(self.source, order)

    def slice(self, index: str, operands: Sequence[Value]) -> None:
        """Take slices; they are put back whole."""
        before = self.source
        self.undo.append(lambda updated: self._node("set_subtensor", [before, updated, *operands], index=index))
        self.source = self._node("subtensor", [before, *operands], index=index)

    def join(self, axis: int, count: int) -> None:
        """Make one dimension of several."""
        before = self.sizes()
        sizes = [*before[:axis], self._product(before[axis : axis + count]), *before[axis + count :]]
        self.undo.append(lambda updated: self._reshape(updated, before))
        self.source = self._reshape(self.source, sizes)

    def sizes(self) -> list[int | Value]:
        """Sizes of the source, values where they are not known."""
        shape = self.source.type.shape
        return [self._node("dim", [self.source], axis=axis) if size is None else size for axis, size in enumerate(shape)]

    def _product(self, sizes: Sequence[int | Value]) -> int | Value:
        total: int | Value = 1
        for size in sizes:
            if isinstance(total, int) and isinstance(size, int):
                total *= size
            else:
                pair = [self.number(factor) for factor in (total, size) if not (isinstance(factor, int) and factor == 1)]
                total = pair[0] if len(pair) == 1 else self._node("mul", pair)
        return total

    def number(self, size: int | Value) -> Value:
        """A size as a value."""
        return size if isinstance(size, Value) else self.scope.literal(Literal(size), "int64", self.tree)

    def _reshape(self, value: Value, sizes: Sequence[int | Value]) -> Value:
        known = tuple(None if isinstance(size, Value) else size for size in sizes)
        return self._node("reshape", [value, *(size for size in sizes if isinstance(size, Value))], sizes=known)


def part(scope: Scope, tree: Any, base: Value, items: Sequence[Pair]) -> Part:
    """The part of `base` that a subscript means."""
    found = Part(scope, tree, base)
    items = list(_expanded(found, list(_unmasked(found, items))))
    if any(_is_tensor(item) for item, _ in items):
        _advanced(found, items)
        return found
    added = any(isinstance(item, NewAxis) for item, _ in items)
    if items and not (added and all(_is_whole(item) for item, _ in items)):
        found.index, found.operands = _subscript(scope, items)
    if added:
        _new_axes(found, items)
    return found


def _is_tensor(item: Item) -> bool:
    return isinstance(item, Items | ShapeOf) or (isinstance(item, Value) and item.type.ndim > 0)


def _is_whole(item: Item) -> bool:
    """Whether an entry takes nothing away."""
    return isinstance(item, NewAxis) or (isinstance(item, Slice) and item.whole)


def _taken(item: Item) -> int:
    """How many dimensions an entry takes."""
    if isinstance(item, NewAxis | Dots):
        return 0
    return item.type.ndim if isinstance(item, Value) and item.type.kind == "b" else 1


def _unmasked(found: Part, items: Sequence[Pair]) -> Iterator[Pair]:
    """The entries with truth tensors as positions in the dimensions they take, joined to one."""
    scope, used = found.scope, sum(_taken(item) for item, _ in items)
    rest, axis = found.source.type.ndim - used, 0
    if rest < 0:
        scope.fail(f"too many indices: {used} for {found.source.type}", found.tree)
    for item, place in items:
        if isinstance(item, Value) and item.type.kind == "b":
            if not item.type.ndim:
                scope.fail("a single truth value is no index", place)
            sizes = [found.number(size) for size in found.sizes()[axis : axis + item.type.ndim]]
            positions = scope.node("nonzero", [item, *sizes], {}, place)
            if item.type.ndim > 1:
                found.join(axis, item.type.ndim)
            yield positions, place
            axis += 1
        else:
            yield item, place
            axis += rest if isinstance(item, Dots) else _taken(item)


def _expanded(found: Part, items: list[Pair]) -> Iterator[Pair]:
    """The entries without `...`."""
    dots = [number for number, (item, _) in enumerate(items) if isinstance(item, Dots)]
    if len(dots) > 1:
        found.scope.fail("a subscript has one '...' at most", items[dots[1]][1])
    used = sum(_taken(item) for item, _ in items)
    for number, (item, place) in enumerate(items):
        if not isinstance(item, Dots):
            yield item, place
        elif items[number + 1 :]:  # at the end they say nothing
            yield from [(WHOLE, place)] * (found.source.type.ndim - used)


def _bound(scope: Scope, pair: tuple[Item, Any] | None, operands: list[Value]) -> Bound:
    if pair is None:
        return None
    term, place = pair
    if isinstance(term, Literal):
        return scope.integer(term, place, "an index")
    if isinstance(term, Slice | NewAxis | Dots):
        scope.fail("an index is an integer, a slice, None, '...' or an integer tensor", place)
    operands.append(scope.value(term, place))
    return "?"


def _subscript(scope: Scope, items: Sequence[Pair]) -> tuple[str, list[Value]]:
    """Index text and operands of numbers and slices; `None`s are left out."""
    entries: list[Entry] = []
    operands: list[Value] = []
    for item, place in items:
        if isinstance(item, Slice):
            start, stop, step = (_bound(scope, bound, operands) for bound in item.bounds)
            entries.append(Entry(start, stop, step))
        elif not isinstance(item, NewAxis):
            entries.append(Entry(_bound(scope, (item, place), operands), is_slice=False))
    return format_index(entries), operands


def _new_axes(found: Part, items: Sequence[Pair]) -> None:
    """Dimensions of size 1 in what is left after the other entries."""
    kept = [isinstance(item, NewAxis) for item, _ in items if isinstance(item, NewAxis | Slice)]
    axes = iter(range(found.source.type.ndim))
    order = [-1 if new else next(axes) for new in kept]
    left = sum(isinstance(item, Slice) for item, _ in items) + found.source.type.ndim - sum(_taken(item) for item, _ in items)
    found.placed = [*order, *range(len(order) - order.count(-1), left)]


def _advanced(found: Part, items: list[Pair]) -> None:
    """Slices and new dimensions first, then the indexed ones to the front, gather, and the result's to their places."""
    plain = [(item if isinstance(item, Slice | NewAxis) else WHOLE, place) for item, place in items]
    if not all(_is_whole(item) for item, _ in plain):
        found.slice(*_subscript(found.scope, plain))
    axes = iter(range(found.source.type.ndim))
    order = [-1 if isinstance(item, NewAxis) else next(axes) for item, _ in plain]
    if -1 in order:
        found.shuffle([*order, *axes])
    indexed = [axis for axis, (item, _) in enumerate(items) if not isinstance(item, Slice | NewAxis)]
    others = [axis for axis in range(found.source.type.ndim) if axis not in indexed]
    if indexed != list(range(len(indexed))):
        found.shuffle([*indexed, *others])
    found.operands = [_index_tensor(found.scope, *items[axis]) for axis in indexed]
    batch = max(value.type.ndim for value in found.operands)
    before = indexed[0] if indexed[-1] - indexed[0] + 1 == len(indexed) else 0
    rest = list(range(batch, batch + len(others)))
    found.placed = [*rest[:before], *range(batch), *rest[before:]]


def _index_tensor(scope: Scope, item: Item, place: Any) -> Value:
    if isinstance(item, Slice | NewAxis | Dots):
        raise AssertionError("slices were taken before")
    literal = as_literal(item)
    if literal is None:
        return scope.value(item, place)
    if literal.value == []:
        return scope.constant(np.empty((0,), "int64"), place)
    if literal.kind != "i":
        scope.fail(f"an index is made of integers, got {describe(item)}", place)
    return scope.literal(literal, "int64", place)
