"""A program that failed, as a file: graph text with the arrays it failed for, in comments; and making it smaller.

    # seed 989; fast_run
    # x0: float64[2] = ['0x1.8p+1', 'nan']
    graph f(x0: f64[?]) { ... }

`tests/differential/found` holds what was found once; `test_found.py` computes each file in every way.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from maker import Array
from ways import WAYS, check_ways

from phintys.ir.graph import Graph, Value
from phintys.ir.parser import parse_graph
from phintys.ir.printer import format_graph
from phintys.tools.opt_reduce import reduce_text
from phintys.tools.reduce_graph import graph_reductions

FOUND = Path(__file__).parent / "found"
_LINE = re.compile(r"# (\w+): (\w+)\[([\d, ]*)\] = (.*)")
Arrays = dict[str, Array]


def arrays_text(arrays: Arrays) -> str:
    """One comment line for each array; floats in hexadecimal, so that no bit is lost."""
    lines = []
    for name, array in arrays.items():
        numbers = array.view(array.real.dtype).ravel() if array.dtype.kind == "c" and array.ndim else array.ravel()
        if array.dtype.kind == "c" and not array.ndim:
            numbers = np.array([array.real, array.imag])
        shown = [float(x).hex() if numbers.dtype.kind == "f" else int(x) for x in numbers]
        lines.append(f"# {name}: {array.dtype}[{', '.join(map(str, array.shape))}] = {shown}\n")
    return "".join(lines)


def read_arrays(text: str) -> Arrays:
    """What `arrays_text` wrote."""
    found = {}
    for name, dtype, sizes, numbers in _LINE.findall(text):
        shape = tuple(int(size) for size in sizes.split(",") if size.strip())
        values = [float.fromhex(x) if isinstance(x, str) else x for x in ast.literal_eval(numbers)]
        part = {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)
        found[name] = np.array(values, part).view(dtype).reshape(shape)
    return found


def arguments(graph: Graph, arrays: Arrays) -> list[Array]:
    """An array for each input and state; ones for what a reduction has added."""
    return [_argument(value, arrays) for value in (*graph.inputs, *graph.states)]


def _argument(value: Value, arrays: Arrays) -> Array:
    given = arrays.get(value.name or "")
    if given is not None and given.dtype == value.type.dtype and given.ndim == value.type.ndim:
        return given
    return np.ones([3 if size is None else size for size in value.type.shape], value.type.dtype)


def case_text(graph: Graph, arrays: Sequence[Array], note: str) -> str:
    """The file of a program."""
    named = {str(value.name): array for value, array in zip((*graph.inputs, *graph.states), arrays, strict=True)}
    return f"# {note}\n{arrays_text(named)}{format_graph(graph)}"


def check_text(text: str, names: Sequence[str] = tuple(WAYS), wild: bool = False) -> None:
    """Compute the program of a file in these ways. AssertionError where one differs from the interpreter."""
    graph = parse_graph(text)
    check_ways(graph, arguments(graph, read_arrays(text)), names, wild or "; wild" in text.partition("\n")[0])


@dataclass
class Failing:
    """Says whether a text still fails as it did: with an exception of the same class, and the same first words."""

    header: str
    fails_so: Callable[[str], str]
    known: dict[str, bool]
    kind: str

    def fails(self, text: str) -> bool:
        """Compute it."""
        if text not in self.known:
            self.known[text] = self.fails_so(self.header + text) == self.kind
        return self.known[text]


def failure(text: str, name: str) -> str:
    """How a text fails in one way; '' when it does not."""
    try:
        check_text(text, [name])
    except AssertionError as error:
        return "AssertionError" if "instead of" in str(error) or "differ" in str(error) else f"AssertionError {str(error)[:40]}"
    except Exception as error:
        return f"{type(error).__name__} {re.sub(r'[0-9#%:]+', '', str(error))[:30]}"
    return ""


def reduce_case(text: str, name: str) -> str:
    """The smallest program that fails in the same way; the text itself where it does not fail again."""
    kind = failure(text, name)
    lines = text.splitlines(keepends=True)
    header = "".join(line for line in lines if line.startswith("# "))
    body = "".join(line for line in lines if not line.startswith("# "))
    oracle = Failing(header, lambda each: failure(each, name), {}, kind)
    if not kind:
        return text
    small = reduce_text(body, graph_reductions(lambda each: None), oracle)
    used = set(re.findall(r"\w+", small))
    kept = [line for line in header.splitlines(keepends=True) if not (m := _LINE.match(line)) or m[1] in used]
    return "".join(kept) + small
