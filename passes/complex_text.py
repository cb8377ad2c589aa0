"""Complex inputs and results of a module whose complex numbers are pairs already, as complex values of graph text.

The pass `expand-complex` marks an argument or result `f64[..., 2]` that is `c128[...]` to the caller with `nd.dtype`. The
graph takes and gives the complex value: `real(z)` where the module reads the first of each pair, `complex(a, b)` at the end.
"""

from __future__ import annotations

from phintys.ir.graph import Node, Value
from phintys.ir.types import TensorType


class ComplexArgument:
    """An argument that is complex to the caller."""

    def __init__(self, pairs: TensorType, dtype: str, name: str) -> None:
        self.value = Value(TensorType(dtype, pairs.shape[:-1]), name)
        self._parts: dict[int, Value] = {}
        self._pairs: Value | None = None

    def part(self, number: int) -> Value:
        """The real (0) or imaginary (1) parts."""
        if number not in self._parts:
            self._parts[number] = Node(("real", "imag")[number], [self.value]).results[0]
        return self._parts[number]

    def pairs(self) -> Value:
        """The elements as pairs of numbers."""
        if self._pairs is None:
            order = (*range(self.value.type.ndim), -1)
            columns = [Node("dimshuffle", [self.part(number)], {"order": order}).results[0] for number in (0, 1)]
            self._pairs = Node("concatenate", columns, {"axis": self.value.type.ndim}).results[0]
        return self._pairs

    def read(self, op: str, attrs: dict[str, object]) -> Value | None:
        """What an operation on the pairs reads, where that is one part of each or a size; `None` for anything else."""
        if op == "subtensor":
            number = part_read(str(attrs["index"]), self.value.type.ndim)
            return None if number is None else self.part(number)
        if op == "dim" and attrs["axis"] != self.value.type.ndim:
            return Node("dim", [self.value], attrs).results[0]
        return None


def part_read(index: str, ndim: int) -> int | None:
    """0 or 1 for the index text of the real or imaginary parts of pairs, `None` for any other."""
    for number in (0, 1):
        if index == ", ".join([":"] * ndim + [str(number)]):
            return number
    return None


def as_complex(pairs: Value) -> Value:
    """The complex value of pairs of numbers."""
    ndim = pairs.type.ndim - 1
    columns = pairs.node.inputs if pairs.node is not None and pairs.node.op == "concatenate" else ()
    parts = [
        value.node.inputs[0]
        for value in columns
        if value.node is not None and value.node.op == "dimshuffle" and value.node.attrs["order"] == (*range(ndim), -1)
    ]
    if len(columns) != 2 or len(parts) != 2:
        index = [", ".join([":"] * ndim + [str(number)]) for number in (0, 1)]
        parts = [Node("subtensor", [pairs], {"index": text}).results[0] for text in index]
    return Node("complex", parts).results[0]
