"""The text of a module, and the lines on which each operation stands."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.ir import Attribute, Operation
from xdsl.printer import Printer

LONGEST_CONSTANT = 16  # elements; a page needs no more of a constant to be told apart
LONGEST_LINE = 600


@dataclass(frozen=True)
class Place:
    """The lines of an operation, from 0, its nested operations among them."""

    op: Operation
    first: int
    last: int


@dataclass(frozen=True)
class Listing:
    """Lines of text, and the operations on them in the order of their first lines."""

    lines: list[str]
    places: list[Place]


class _Placing(Printer):
    """Notes where each operation begins and ends; long constants are cut, since the text is to be read by people only."""

    def __init__(self, stream: StringIO) -> None:
        super().__init__(stream=stream)
        self.places: list[Place] = []

    def print_op(self, op: Operation) -> None:
        """Print, and note the lines."""
        index, first = len(self.places), self._current_line
        self.places.append(Place(op, first, first))
        super().print_op(op)
        self.places[index] = Place(op, first, self._current_line)

    def print_attribute(self, attribute: Attribute) -> None:
        """Print; of a constant with many elements, its type."""
        if isinstance(attribute, DenseIntOrFPElementsAttr) and len(attribute.data.data) > 8 * LONGEST_CONSTANT:
            self.print_string("dense<…> : ")
            attribute = attribute.type
        super().print_attribute(attribute)


def listing(module: Operation) -> Listing:
    """The text of a module for people; an operation that holds the module's others is left out of the places."""
    stream = StringIO()
    printer = _Placing(stream)
    printer.print_op(module)
    lines = [shortened(line) for line in stream.getvalue().split("\n")]
    return Listing(lines, printer.places[1:])


def shortened(line: str) -> str:
    """A line that fits on a page."""
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]} … ({len(line) - LONGEST_LINE} more characters)"
