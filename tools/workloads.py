"""What `phintys bench` measures: a table of workloads, each with its contenders, its floor and the figure to reach.

A contender is made by a function that returns what to call and its arguments; making is not timed. A contender whose
package is missing raises ImportError and is left out. What needs a fresh process is a program that prints a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from . import contenders as c
from . import contenders_arrays as a
from . import contenders_derivatives as d

Make = Callable[[], c.Call]


@dataclass(frozen=True)
class Target:
    """The figure to reach: `seconds`, or `ratio` times the contender named `floor`."""

    seconds: float | None = None
    ratio: float | None = None
    floor: str = ""

    def limit(self, figures: dict[str, float]) -> float:
        """The target in seconds, given what the contenders came to."""
        return self.seconds if self.seconds is not None else (self.ratio or 1.0) * figures[self.floor]

    def __str__(self) -> str:
        from .report import duration

        return f"< {duration(self.seconds)}" if self.seconds is not None else f"≤ {self.ratio} × {self.floor}"


@dataclass(frozen=True)
class Workload:
    """One row: contenders by name, Phintys first, or programs for fresh processes, with a `warm` object cache?"""

    name: str
    title: str
    contenders: dict[str, Make]
    target: Target
    programs: dict[str, str] = field(default_factory=dict)
    warm: bool = False


WORKLOADS: dict[str, Workload] = {
    row.name: row
    for row in (
        Workload(
            "add",
            "f(2., 3.), x + y on two dscalars",
            {"phintys": c.add_phintys, "numpy": c.add_numpy, "jax": c.add_jax, "numba": c.add_numba},
            Target(seconds=1e-6),
        ),
        Workload(
            "xor",
            "training step of the XOR net, float64 arguments",
            {"phintys": c.xor_phintys, "numpy": c.xor_numpy, "jax": c.xor_jax},
            Target(seconds=6e-6),
        ),
        Workload(
            "xor-int",
            "the same, called with integer arrays as the tutorial does",
            {"phintys": c.xor_int_phintys, "numpy": c.xor_int_numpy},
            Target(seconds=6e-6),
        ),
        Workload(
            "rosenbrock",
            "gradient descent step on Rosenbrock's function",
            {"phintys": c.rosenbrock_phintys, "numpy": c.rosenbrock_numpy},
            Target(seconds=3e-6),
        ),
        Workload(
            "hessian",
            "Hessian of Rosenbrock's function of 50 variables",
            {"phintys": d.hessian_phintys, "numpy": d.hessian_numpy, "jax": d.hessian_jax},
            Target(seconds=10e-6),
        ),
        Workload(
            "pow10",
            "x ** 10 on 10 M float64",
            {
                "phintys": a.pow_phintys,
                "numpy": a.pow_numpy,
                "copyto": a.copyto,
                "jax": a.pow_jax,
                "numexpr": a.pow_numexpr,
                "numba": a.pow_numba,
            },
            Target(ratio=1.3, floor="copyto"),
        ),
        Workload(
            "logistic",
            "1 / (1 + exp(-x)) on 10 M float64",
            {
                "phintys": a.logistic_phintys,
                "numpy": a.logistic_numpy,
                "copyto": a.copyto,
                "jax": a.logistic_jax,
                "numexpr": a.logistic_numexpr,
                "numba": a.logistic_numba,
            },
            Target(ratio=1.3, floor="copyto"),
        ),
        Workload(
            "regression",
            "training step of the logistic regression, 400 x 784",
            {
                "phintys": a.regression_phintys,
                "numpy": a.regression_numpy,
                "two gemv": a.two_gemv,
                "jax": a.regression_jax,
            },
            Target(ratio=1.3, floor="two gemv"),
        ),
        Workload(
            "import",
            "import in a fresh process",
            {},
            Target(seconds=0.6),
            programs={"phintys": c.IMPORT_PHINTYS, "numpy": c.IMPORT_NUMPY},
        ),
        Workload(
            "first-cold",
            "first result of the XOR training function, empty object cache",
            {},
            Target(seconds=0.5),
            programs={"phintys": c.FIRST_PHINTYS, "numpy": c.FIRST_NUMPY},
        ),
        Workload(
            "first-warm",
            "the same, object cache warm",
            {},
            Target(seconds=0.15),
            programs={"phintys": c.FIRST_PHINTYS, "numpy": c.FIRST_NUMPY},
            warm=True,
        ),
    )
}
