"""The launch plan of a function on a device: Python source of its host code, the kernels that it launches, its interface.

    plan = plan_of(module)          # a module of level "gpu" or "nvvm"
    print(plan.source)              # one line a step

The source defines `main(*arguments)`; the names that it uses are the operations of a driver (`driver.py`), bound by
`device_executable.py`. Plans are plain values: they are kept in the object cache beside their PTX.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from phintys.ir.types import BY_SHORT

from .interface import Interface

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

Array = np.ndarray[Any, Any]
POINTER, SIZE = "P", "q"
SCALARS = {"index": "q", "i64": "q", "i32": "i", "i16": "h", "i8": "b", "i1": "?", "f64": "d", "f32": "f"}


@dataclass(frozen=True)
class Kernel:
    """A kernel as the host calls it: what it takes, in order: `f64[?, 784]` for memory, `index` or `f32` for a number.

    A launch passes an address and the unknown sizes for memory. `threads`: of a block, where the kernel was made for
    so many.
    """

    name: str
    parameters: tuple[str, ...]
    threads: int | None = None

    @property
    def format(self) -> str:
        """The arguments as `struct` packs them."""
        return "".join(POINTER + SIZE * text.count("?") if text.endswith("]") else SCALARS[text] for text in self.parameters)


def memory_type(text: str) -> tuple[str, list[int | None]]:
    """dtype and sizes of `f64[?, 784]`; numbers without a sign read as signed ones."""
    short, _, sizes = text.removesuffix("]").partition("[")
    return BY_SHORT[short], [None if size == "?" else int(size) for size in sizes.split(", ") if size]


@dataclass(frozen=True)
class LaunchPlan:
    """Source, interface, kernels in the order of their numbers, constant arrays by name; `code` is the kernels' PTX."""

    source: str
    interface: Interface
    kernels: tuple[Kernel, ...]
    constants: dict[str, Array] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Texts and numbers."""
        return {
            "source": self.source,
            "interface": self.interface.to_json(),
            "kernels": [[kernel.name, list(kernel.parameters), kernel.threads] for kernel in self.kernels],
            "constants": {name: _encoded(array) for name, array in self.constants.items()},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> LaunchPlan:
        """Read what `to_json` gave."""
        kernels = tuple(Kernel(name, tuple(parameters), threads) for name, parameters, threads in data["kernels"])
        constants = {name: _decoded(*row) for name, row in data["constants"].items()}
        return cls(data["source"], Interface.from_json(data["interface"]), kernels, constants)


def _encoded(array: Array) -> list[Any]:
    return [array.dtype.name, list(array.shape), base64.b64encode(array.tobytes()).decode()]


def _decoded(dtype: str, shape: list[int], data: str) -> Array:
    array = np.frombuffer(base64.b64decode(data), dtype=dtype).reshape(shape)
    return array


def plan_of(module: ModuleOp, device_outputs: frozenset[int] = frozenset()) -> LaunchPlan:
    """The plan of the one host function of a module; outputs of these numbers stay on the device.

    TranslationError for an operation that has no place in host code.
    """
    from .plan_writer import PlanWriter

    return PlanWriter(module, device_outputs).run()
