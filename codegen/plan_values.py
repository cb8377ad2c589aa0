"""Variables of a launch plan under way: what a memref is in Python, and the lines written so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.dialects import builtin as bi
from xdsl.dialects import memref
from xdsl.ir import Attribute, Block, Operation, SSAValue

from phintys.dialects.convert import BY_ELEMENT
from phintys.dialects.rt import ToDeviceOp
from phintys.ir.types import DTYPES

Size = int | str


@dataclass(eq=False)
class Memory:
    """A memref: the variable that holds its address or array, and how its elements lie there (`strides` None: row by row)."""

    name: str
    on_device: bool
    dtype: str
    sizes: list[Size]
    strides: list[Size] | None = None
    offset: Size = 0
    root: SSAValue | None = None
    is_view: bool = False

    @property
    def shape(self) -> str:
        """The sizes as a tuple."""
        return as_tuple(self.sizes)

    @property
    def row_strides(self) -> list[Size]:
        """The strides, in elements."""
        if self.strides is not None:
            return self.strides
        strides: list[Size] = []
        step: Size = 1
        for size in reversed(self.sizes):
            strides.append(step)
            step = product([step, size])
        return strides[::-1]


def as_tuple(values: list[Size] | list[str]) -> str:
    """`(a, b)`, `(a,)`, `()`."""
    return f"({', '.join(map(str, values))}{',' if len(values) == 1 else ''})"


def product(sizes: list[Size]) -> Size:
    """The product as an expression, its known part multiplied out."""
    known = 1
    for size in sizes:
        known *= size if isinstance(size, int) else 1
    rest = [size for size in sizes if isinstance(size, str)]
    if known == 0 or not rest:
        return known
    return " * ".join([*([str(known)] if known != 1 else []), *rest])


@dataclass
class Lines:
    """Source text under way."""

    text: list[str] = field(default_factory=list)
    depth: int = 2

    def add(self, line: str) -> None:
        """One line at the current depth."""
        self.text.append("    " * self.depth + line)


def on_host(op: memref.AllocOp) -> bool:
    """Whether an allocation is of host memory."""
    return "phi.host" in op.attributes


def parameter_text(type: Attribute) -> str:
    """What a kernel takes, as `Kernel.parameters` has it."""
    if not isinstance(type, bi.MemRefType):
        return str(type)
    sizes = ", ".join("?" if size == bi.DYNAMIC_INDEX else str(size) for size in type.get_shape())
    return f"{DTYPES[BY_ELEMENT[type.element_type]].short}[{sizes}]"


def users(value: SSAValue) -> list[Operation]:
    """The operations that use memory, through views too."""
    found = []
    for use in value.uses:
        found.append(use.operation)
        if isinstance(use.operation, memref.ReinterpretCastOp):
            found += users(use.operation.results[0])
    return found


def in_block(op: Operation, block: Block) -> Operation:
    """The operation of the block that an operation is, or stands in."""
    while op.parent_block() is not block:
        parent = op.parent_op()
        assert parent is not None
        op = parent
    return op


def used_on_host(argument: SSAValue) -> bool:
    """Whether host code reads the elements of an argument."""
    passing = (memref.DimOp, memref.ReinterpretCastOp, ToDeviceOp)
    return any(not isinstance(user, passing) for user in users(argument))
