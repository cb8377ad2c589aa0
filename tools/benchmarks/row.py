"""A workload: who computes it, what the hardware allows, the figure to reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Call = tuple[Callable[..., Any], tuple[Any, ...]]
Make = Callable[[], Call]

OURS, REFERENCE = "phintys", "numpy"
PEERS = ("numpy", "numexpr", "numba", "jax", "torch", "pytensor")


@dataclass(frozen=True)
class Target:
    """The figure to reach: `ratio` times what `of` (a floor or a peer) came to; `seconds` where that was not measured."""

    seconds: float | None = None
    ratio: float = 1.0
    of: str = ""

    def limit(self, figures: Mapping[str, float]) -> float | None:
        """The target in seconds, given what everybody came to; None where there is nothing to hold Phintys to."""
        return self.ratio * figures[self.of] if self.of in figures else self.seconds

    def __str__(self) -> str:
        from phintys.tools.report import duration

        absolute = "" if self.seconds is None else duration(self.seconds)
        relative = f"{self.ratio:.3g} × {self.of}" if self.of else ""
        return "≤ " + (f"{relative} (else {absolute})" if relative and absolute else relative or absolute)


@dataclass(frozen=True)
class Row:
    """One workload.

    `contenders` are functions by system that return what to call and its arguments: making is not timed. A missing
    package raises ImportError. `floors` compute something smaller that the workload cannot do without. All first
    and second results agree with NumPy's within `tolerance`; None where each system has numbers of its own (random).
    `fresh` says that a process of its own makes and calls each contender, with a warm object cache or a cold one.
    """

    name: str
    group: str
    title: str
    contenders: Mapping[str, Make]
    target: Target
    floors: Mapping[str, Make] = field(default_factory=dict)
    tolerance: float | None = 1e-9
    fresh: str = ""  # "", "import", "cold", "warm"


def results(value: Any) -> list[Array]:
    """The results of a call, one or several, as arrays."""
    parts = value if isinstance(value, list | tuple) else [value]
    return [np.array(part) for part in parts]


def normal(seed: int, *shape: int, dtype: str = "float64") -> Array:
    """Normal numbers, the same for everybody."""
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)
