"""Reductions on the text itself: ranks and sizes of shapes in either syntax, and pieces of a text that does not parse."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from phintys.ir.diagnostics import DiagnosticError, Source

from .opt_reduce import Reduction

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

# where a shape's sizes stand, and what separates them
SHAPES: dict[str, tuple[re.Pattern[str], str]] = {
    "mlir": (re.compile(r"((?:tensor|memref|vector)<)((?:(?:\d+|\?)x)+)()"), "x"),
    "phi": (re.compile(r"(\b(?:bool|[iu](?:8|16|32|64)|f32|f64|c64|c128)\[)([\d?, ]+)(\])"), ", "),
}
SMALL = (1, 2, 3)
Check = Callable[[str], None]


def reductions_of(text: str, format: str, options: argparse.Namespace) -> list[Reduction]:
    """What there is to try for a text of a format."""
    valid = options
    if not is_program(text, format, options):
        valid = argparse.Namespace(**vars(options) | {"verify": False})
        if not is_program(text, format, valid):
            return pieces_of_text()
    check = partial(check_program, format=format, options=valid)
    if format == "phi":
        from .reduce_graph import graph_reductions

        return [*graph_reductions(check), *shape_reductions(format, check)]
    from phintys.dialects.text import verify_module

    from .reduce_module import module_reductions

    def verify(module: ModuleOp) -> None:
        if valid.verify:
            verify_module(module)

    return [*module_reductions(check, verify, options), *shape_reductions(format, check)]


def check_program(text: str, format: str, options: argparse.Namespace) -> None:
    """DiagnosticError unless the text is a program, and verifies where the command line does not say otherwise."""
    from phintys.dialects.context import make_context
    from phintys.dialects.text import verify_module

    from .opt_ladder import read_program

    program = read_program(Source("<text>", text), format, make_context(allow_unregistered=options.unregistered))
    if options.verify:
        verify_module(program.module)


def is_program(text: str, format: str, options: argparse.Namespace) -> bool:
    """Whether `check_program` finds nothing."""
    try:
        check_program(text, format, options)
    except DiagnosticError:
        return False
    return True


def accepted(text: str | None, check: Check) -> str | None:
    """The text, if it is a program."""
    try:
        if text is not None:
            check(text)
    except Exception:  # a reduction may make anything of it, and each part refuses that in its way
        return None
    return text


# --- shapes -----------------------------------------------------------------------------------------------------------


def shape_reductions(format: str, check: Check) -> list[Reduction]:
    """Smaller ranks, then smaller sizes."""

    def choose(find: Callable[[str, str], list[str]]) -> Reduction:
        def apply(text: str, chosen: range) -> str | None:
            return accepted(find(text, format)[chosen[0]], check)

        return Reduction(find.__name__, lambda text: len(find(text, format)), apply, single=True)

    return [choose(smaller_ranks), choose(smaller_sizes)]


def shapes_of(text: str, format: str) -> list[list[str]]:
    """The lists of sizes in a text."""
    return [_sizes(found[2]) for found in SHAPES[format][0].finditer(text)]


def _sizes(text: str) -> list[str]:
    return [size.strip() for size in re.split("[x,]", text) if size.strip()]


def map_shapes(text: str, format: str, change: Callable[[list[str]], list[str]]) -> str:
    """The text with every list of sizes changed."""
    pattern, separator = SHAPES[format]

    def new(found: re.Match[str]) -> str:
        sizes = change(_sizes(found[2]))
        if format == "mlir":
            return found[1] + "".join(f"{size}x" for size in sizes)
        return found[1] + separator.join(sizes) + found[3]

    return pattern.sub(new, text)


def smaller_ranks(text: str, format: str) -> list[str]:
    """The text with the first or the last dimension gone, from all shapes or from those of one rank."""
    ranks = {len(shape) for shape in shapes_of(text, format)}
    found = []
    for rank in sorted(ranks):
        for kept in (slice(1, None), slice(None, -1)):
            found.append(map_shapes(text, format, lambda sizes, r=rank, k=kept: sizes[k] if len(sizes) == r else sizes))  # type: ignore[misc]
            found.append(map_shapes(text, format, lambda sizes, r=rank, k=kept: sizes[k] if len(sizes) >= r else sizes))  # type: ignore[misc]
    return found


def smaller_sizes(text: str, format: str) -> list[str]:
    """The text with one size made smaller, in the shapes only or wherever the number stands."""
    sizes = {size for shape in shapes_of(text, format) for size in shape}
    found = []
    for size in sorted((size for size in sizes if size.isdigit() and int(size) > 1), key=int):
        # The first to be tried is the last of the list.
        for new in sorted({n for n in (*SMALL, int(size) // 2) if n < int(size)}, reverse=True):
            shapes = map_shapes(text, format, lambda shape, s=size, n=new: [str(n) if x == s else x for x in shape])  # type: ignore[misc]
            found += [shapes, re.sub(rf"(?<![\w.%@#\"]){size}(?![\w.])", str(new), shapes)]
    return found


# --- texts that are no programs ---------------------------------------------------------------------------------------


def pieces_of_text() -> list[Reduction]:
    """Lines, then words, of a text that is rejected as it stands."""

    def without(pattern: re.Pattern[str]) -> Reduction:
        def apply(text: str, chosen: range) -> str | None:
            pieces = pattern.findall(text)
            return "".join(piece for number, piece in enumerate(pieces) if number not in chosen)

        return Reduction(pattern.pattern, lambda text: len(pattern.findall(text)), apply)

    patterns: Sequence[str] = (r"[^\n]*\n|[^\n]+", r"\s*(?:\w+|\S)|\s+$")
    return [without(re.compile(pattern)) for pattern in patterns]
