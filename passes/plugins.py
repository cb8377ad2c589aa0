"""Passes and operations from outside of the package: `register_pass`, `register_operation`, `load`.

    @register_pass
    @dataclass(frozen=True)
    class MyPass(ModulePass):
        '''What it does.'''
        name = "my-pass"

    register_operation(unary("softsign", REAL_FLOAT, "x / (1 + abs(x))."), scalar={"f": ...}, vjp=(...,))

`phintys-opt --load my_pass.py -p my-pass` runs a file before it does anything else; a Python program imports it. What is
registered lasts as long as the process.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from xdsl.passes import ModulePass

from phintys.ir.diagnostics import Source, Span, error
from phintys.ir.op_row import OpRow
from phintys.ir.ops import ADDED, OPS

from .pipeline import PASSES

if TYPE_CHECKING:
    from .elementwise import Row as ScalarRow
    from .vjp import Row as VjpRow

P = TypeVar("P", bound=type[ModulePass])


def register_pass(cls: P) -> P:
    """Make a pass known by its name, as a class decorator; ValueError where another pass has the name."""
    path = f"{cls.__module__}:{cls.__qualname__}"
    if PASSES.setdefault(cls.name, path) != path:
        raise ValueError(f"there is a pass '{cls.name}' already: {PASSES[cls.name]}")
    return cls


def register_operation(row: OpRow, scalar: Mapping[str, ScalarRow], vjp: VjpRow | None = None) -> None:
    """Add an elementwise operation: a row of the operation table, its scalar code, its derivatives.

    `scalar`: for each kind of operand it takes (`f i u b`) an operation class of `arith`, `math` or `xmath`, or a function
    `(emitter, operands, result dtype) -> value`, as in `passes/elementwise.py`. `vjp`: a function for each operand, from
    the gradient of the result to that of the operand, as in `passes/vjp_elementwise.py`; without it, derivatives are
    refused. Functions with such operations are compiled anew in each process. ValueError for a row that cannot be added.
    """
    if row.family != "elementwise" or row.attrs or row.infix or row.variadic:
        raise ValueError(f"{row.name}: only elementwise operations without attributes, called by their name, can be added")
    if row.name in OPS and row.name not in ADDED:
        raise ValueError(f"there is an operation '{row.name}' already: {OPS[row.name].doc}")
    if isinstance(vjp, tuple) and len(vjp) != row.operands:
        raise ValueError(f"{row.name} has {row.operands} operands and {len(vjp)} derivatives")
    from phintys.dialects import nd

    from . import autodiff, elementwise

    OPS[row.name] = row
    ADDED.add(row.name)
    nd.add_class(row)
    elementwise.ROWS[row.name] = dict(scalar)
    if vjp is not None:
        autodiff.VJPS[row.name] = vjp


def load(path: str) -> None:
    """Run a Python file that registers passes and operations; DiagnosticError when it cannot be run."""
    file = Path(path)
    name = f"phintys_plugin_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise error("a file to load is Python and ends in .py", name=path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where the table of passes finds it
    try:
        spec.loader.exec_module(module)
    except OSError as failure:
        raise error(f"cannot load this: {failure.strerror or failure}", name=path) from None
    except Exception as failure:
        raise error(f"cannot load this: {type(failure).__name__}: {failure}", _line(failure, file), name=path) from None


def _line(failure: BaseException, file: Path) -> Span | None:
    """The line of a file that an exception went through, or which is no Python."""
    line = failure.lineno if isinstance(failure, SyntaxError) else None
    trace = failure.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return None if line is None else Span(Source(str(file), file.read_text(encoding="utf-8")), line, 1, 1_000)
