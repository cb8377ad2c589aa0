"""Compile a file of any level (.phi graph text, .mlir below it) and call its function, or run a Python program.

    phintys run step.phi x=[[1,2],[3,4]] w=weights.npy
    phintys run --as-theano program.py ARGUMENTS

The program's own `import theano` gets Phintys; words behind it that start with a dash need a `--` before them.

A value is a Python literal or a .npy file. States that are not given start as zeros where their sizes are known.
Outputs and new states are printed; --save FILE keeps them, unabridged, in an .npz file.
"""

from __future__ import annotations

import argparse
import ast
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from .report import CommandError, console, duration

if TYPE_CHECKING:
    import numpy as np

    from phintys.codegen.executable import Executable
    from phintys.codegen.interface import Argument

    Array = np.ndarray[Any, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `phintys run`."""
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("values", metavar="NAME=VALUE", nargs="*", help="inputs and first states")
    parser.add_argument("--as-theano", action="store_true", help="FILE is a Python program that imports theano")
    parser.add_argument("--function", metavar="NAME", help="which function to run, where FILE holds several")
    parser.add_argument("--calls", metavar="N", type=int, default=1, help="call N times (default: 1)")
    parser.add_argument("--save", metavar="FILE", type=Path, help="write outputs and states into an .npz file")


def main(arguments: argparse.Namespace) -> int:
    """Compile, call, print; or run the program."""
    if arguments.as_theano or arguments.file.suffix == ".py":
        return run_program(arguments.file, arguments.values, arguments.as_theano)
    from phintys.ir.diagnostics import DiagnosticError

    from .lowering import compile_file

    given = dict(named_value(text) for text in arguments.values)
    started = time.perf_counter()
    try:
        executable = compile_file(arguments.file, arguments.function)
    except DiagnosticError as error:
        raise CommandError(str(error)) from error
    console().print(f"compiled in {duration(time.perf_counter() - started)}")
    results = call(executable, given, arguments.calls)
    for name, array in results.items():
        console().print(f"{name} = {array!r}")
    if arguments.save:
        import numpy as np

        np.savez(arguments.save, allow_pickle=False, **results)
    return 0


def run_program(file: Path, values: list[str], as_theano: bool) -> int:
    """Run a Python program as `python FILE VALUES` would, with Phintys in the place of Theano if so wanted."""
    import runpy

    if not file.is_file():
        raise CommandError(f"there is no file {file}")
    if as_theano:
        import phintys

        phintys.install_as_theano()
    sys.argv = [str(file), *values]
    sys.path.insert(0, str(file.resolve().parent))
    runpy.run_path(str(file), run_name="__main__")
    return 0


def named_value(text: str) -> tuple[str, Any]:
    """`x=[1, 2]` or `x=array.npy` as a name and what NumPy can make an array of."""
    name, equals, value = text.partition("=")
    if not equals:
        raise CommandError(f"{text!r} is not NAME=VALUE")
    if value.endswith(".npy"):
        from .arrays import load_array

        try:
            return name, load_array(value)
        except ValueError as error:
            raise CommandError(f"{name}: cannot read {value}: {error}") from error
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError) as error:
        raise CommandError(f"{name}: {value!r} is neither a Python literal nor a .npy file") from error


def call(executable: Executable, given: dict[str, Any], calls: int) -> dict[str, Array]:
    """Call the function on values given by name; outputs and states after the last call, by name."""
    interface = executable.interface
    known = ", ".join(f"{argument.name}: {argument.type}" for argument in interface.arguments) or "no arguments"
    unknown = sorted(given.keys() - {argument.name for argument in interface.arguments})
    if unknown:
        raise CommandError(f"there is no argument {unknown[0]!r}; the function takes {known}")
    inputs = [value_of(argument, given, known) for argument in interface.inputs]
    cells = [[value_of(argument, given, known)] for argument in interface.states]

    def fail(number: int, values: tuple[int, ...]) -> NoReturn:
        check = interface.checks[number]
        raise CommandError(f"{check.exception} at {check.location}: {check.message.format(*values)}")

    function = executable.bind_strict(cells, fail, unpack=False)
    outputs: list[Array] = []
    for _ in range(calls):
        try:
            outputs = function(*inputs)
        except TypeError as error:
            raise CommandError(str(error)) from error
    names = ["output"] if len(outputs) == 1 else [f"output_{place}" for place in range(1, len(outputs) + 1)]
    states = {argument.name: cell[0] for argument, cell in zip(interface.states, cells, strict=True)}
    return {**dict(zip(names, outputs, strict=True)), **states}


def value_of(argument: Argument, given: dict[str, Any], known: str) -> Array:
    """The array for an argument; zeros for a state that is not given and whose sizes are known."""
    import numpy as np

    dtype = np.dtype(argument.type.dtype)
    if argument.name in given:
        try:
            array = np.asarray(given[argument.name])
            return np.array(array.astype(dtype, casting="same_kind"), order="C")
        except (TypeError, ValueError) as error:
            raise CommandError(f"{argument.name}: expected {argument.type}: {error}") from error
    if argument.is_state and None not in argument.type.shape:
        return np.zeros([size or 0 for size in argument.type.shape], dtype)
    raise CommandError(f"no value for {argument.name}: {argument.type}; give {argument.name}=VALUE (arguments: {known})")
