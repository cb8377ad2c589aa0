"""What a fresh process takes: importing a system, and its time from there to the first result, in CPU seconds."""

from __future__ import annotations

from functools import partial

from .row import Array, Call, Row, Target, normal
from .rows_elementwise import loop_call, tenth_power, tenth_power_of_one
from .rows_small import XOR
from .rows_training import DTYPES, net_row, regression_row
from .systems import functions


def five() -> tuple[Array]:
    """The operand of the smallest example."""
    return (normal(15, 5),)


POWER = {
    **functions(tenth_power, five),
    "numpy": lambda: ((lambda x: x**10), five()),
    "numba": lambda: loop_call(tenth_power_of_one, *five()),
}
REGRESSION = regression_row("", 784, Target()).contenders
NET = net_row("", "", (784, 512, 512, 10), 128, DTYPES[0], Target()).contenders


def add_of(system: str) -> Call:
    """What importing is followed by: nothing that needs the system."""
    del system
    return (lambda: 0.0), ()


CACHES = {"cold": "object cache empty", "warm": "object cache warm"}
SYSTEMS = ("phintys", "numpy", "numexpr", "numba", "jax", "torch", "pytensor")


def rows() -> tuple[Row, ...]:
    """The rows; a target is half of what JAX takes, or half of what it took on the machine of reference."""
    subjects = (
        ("pow10", "x ** 10", POWER, 0.18, 0.08),
        ("seed002", "the training step of the logistic regression", REGRESSION, 0.48, 0.14),
        ("xor", "the training step of the XOR net", XOR.contenders, 0.29, 0.16),
        ("mlp", "the training step of a net 784-512-512-10", NET, 1.1, 0.31),
    )
    result = [
        Row(
            f"first-{name}-{state}",
            "first result",
            f"first result of {title}, {CACHES[state]}",
            contenders,
            Target((cold if state == "cold" else warm) / 2, 0.5, "jax"),
            fresh=state,
        )
        for name, title, contenders, cold, warm in subjects
        for state in ("cold", "warm")
    ]
    importing = {name: partial(add_of, name) for name in SYSTEMS}
    return (Row("import", "first result", "import in a fresh process", importing, Target(0.35), fresh="import"), *result)
