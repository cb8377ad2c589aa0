"""`phintys`: the command with subcommands, each a module beside this one.

A subcommand's module has a docstring (its help), `add_arguments(parser)` and `main(arguments) -> exit status`. Modules
are imported when their subcommand is chosen, so that `phintys --help` answers at once.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType

from .report import CommandError

SUBCOMMANDS = {
    "run": "compile a graph or IR file and call it",
    "demo": "train a softmax regression on handwritten digits",
    "bench": "measure Phintys beside NumPy and what the hardware allows",
    "doctor": "tell what this installation has and lacks",
}


def module(name: str) -> ModuleType:
    """The module of a subcommand."""
    return importlib.import_module(f".{name}", __package__)


def parser(chosen: str | None) -> argparse.ArgumentParser:
    """The argument parser; only the chosen subcommand's arguments are known, which is all that is needed."""
    result = argparse.ArgumentParser(prog="phintys", description="Phintys, a symbolic tensor compiler.")
    result.add_argument("--version", action="store_true", help="print the version and exit")
    commands = result.add_subparsers(dest="command", metavar="COMMAND")
    for name, summary in SUBCOMMANDS.items():
        if name != chosen:
            commands.add_parser(name, help=summary)
            continue
        description = module(name).__doc__
        command = commands.add_parser(
            name, help=summary, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        module(name).add_arguments(command)
    return result


def parse(argv: Sequence[str], chosen: str | None) -> argparse.Namespace:
    """The parsed command line; NAME=VALUE words may also stand behind options, which argparse alone does not allow."""
    reader = parser(chosen)
    arguments, rest = reader.parse_known_args(argv)
    if any(word.startswith("-") or "values" not in arguments for word in rest):
        reader.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        arguments.values += rest
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's) and return the exit status."""
    argv = sys.argv[1:] if argv is None else list(argv)
    chosen = next((word for word in argv if word in SUBCOMMANDS), None)
    arguments = parse(argv, chosen)
    if arguments.version:
        return print_version()
    if arguments.command is None:
        parser(None).print_help()
        return 0
    try:
        status: int = module(arguments.command).main(arguments)
    except CommandError as error:
        print(f"phintys {arguments.command}: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return 130
    return status


def print_version() -> int:
    """The version of the installed distribution."""
    from importlib.metadata import version

    print(f"phintys {version('phintys')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
