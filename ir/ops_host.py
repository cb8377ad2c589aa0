"""Rows of random draws and of named functions."""

from __future__ import annotations

from . import host as h
from .op_row import REQUIRED, OpRow

HOST: tuple[OpRow, ...] = (
    # random numbers: NumPy's legacy generator, whose state is a tensor
    OpRow(
        "random_uniform",
        1,
        h.draw,
        "random",
        {"sizes": REQUIRED},
        variadic=True,
        doc="The next state of a random stream, and its next numbers in [0, 1).",
    ),
    OpRow(
        "random_normal",
        1,
        h.draw,
        "random",
        {"sizes": REQUIRED},
        variadic=True,
        doc="The next state of a random stream, and its next standard normal numbers.",
    ),
    OpRow(
        "random_mrg",
        1,
        h.draw_mrg,
        "random",
        {"sizes": REQUIRED},
        variadic=True,
        doc="The next states of MRG31k3p streams, and integers from 1 to 2^31 - 1 that they give in turn.",
    ),
    # named functions: linear algebra is LAPACK's where the library has it, the others are Python's
    OpRow(
        "host",
        0,
        h.host,
        "host",
        {"function": REQUIRED, "results": REQUIRED, "options": ""},
        variadic=True,
        doc="What a named function makes of arrays: linear algebra by LAPACK, or a Python callable that runs when called.",
    ),
)
