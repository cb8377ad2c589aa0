"""What the subcommands share: errors that are the user's to mend, tables, and files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console


PLAIN_WIDTH = 120


class CommandError(ValueError):
    """Something the user can mend; the command line shows its message without a traceback and exits with `status`."""

    status = 1


class UsageError(CommandError):
    """The command line itself is wrong."""

    status = 2


def console(file: TextIO | None = None, width: int = PLAIN_WIDTH) -> Console:
    """What prints to `file` (the standard output); plain text, `width` wide, when that is not a terminal."""
    from rich.console import Console

    plain = Console(file=file, highlight=False, markup=False, soft_wrap=True)
    return plain if plain.is_terminal else Console(file=file, highlight=False, markup=False, soft_wrap=True, width=width)


def print_table(
    title: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Sequence[int] = (),
    to: Console | None = None,
) -> None:
    """Print a title and a table `to` a console; the columns numbered in `right` hold numbers: on the right, never folded."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, show_header=any(head))
    for number, name in enumerate(head):
        numbers = number in right
        table.add_column(name, justify="right" if numbers else "left", no_wrap=numbers, overflow="fold")
    for row in rows:
        table.add_row(*row)
    to = to or console()
    to.print(f"\n{title}")
    to.print(table, soft_wrap=False)


def duration(seconds: float) -> str:
    """A time with its unit, to three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def write_whole(path: Path, content: bytes) -> None:
    """Write under another name, then rename: a reader never sees half a file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)


def folder(path: Path) -> Path:
    """`path` as an existing folder; CommandError when it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"cannot write into {path}: {error.strerror}; name another folder with --out") from error
    return path
