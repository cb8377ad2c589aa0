"""Runs a program as a notebook would, with Phintys as its theano: `python notebook.py PROGRAM RESULTS`.

Statement by statement, in `__main__`; the value of every expression that stands alone is kept with its source text, and
so are the arrays and numbers that the program's variables hold at the end. RESULTS is a pickle of both, and of the graphs that
were compiled.
"""

from __future__ import annotations

import ast
import pickle
import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
KEPT = (np.ndarray, np.generic, int, float, str, bool, type(None))


def plain(value: Any) -> Any:
    """A value that can be read without the program: arrays and numbers as they are, lists of them, others as text."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if isinstance(value, KEPT) else repr(value)


def main(program: str, results: str) -> None:
    import phintys

    sys.path.append(str(Path(__file__).parents[1]))
    from program_kernels import record

    graphs = record()
    phintys.install_as_theano()
    space = sys.modules["__main__"].__dict__
    shown: list[tuple[str, Any]] = []
    with open(program) as file:
        source = file.read()
    for statement in ast.parse(source, program).body:
        if isinstance(statement, ast.Expr):
            value = eval(compile(ast.Expression(statement.value), program, "eval"), space)
            shown.append((ast.get_source_segment(source, statement) or "", plain(value)))
        else:
            exec(compile(ast.Module([statement], []), program, "exec"), space)
    arrays = {name: value for name, value in space.items() if isinstance(value, KEPT) and not name.startswith("__")}
    with open(results, "wb") as out:
        pickle.dump((shown, arrays, graphs), out)


if __name__ == "__main__":
    main(*sys.argv[1:])
