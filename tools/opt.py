"""`phintys-opt`: reads the text of any level, runs passes, lowers to a rung of the ladder, prints or runs the result.

    phintys-opt train.phi --emit=loops
    phintys-opt module.mlir -p canonicalize,cse
    phintys-opt f.phi --run --input x=random:3x4

Without `--emit` the result is printed at the level the input is of. `--emit=graph`, `nd` and `llvmir` show a program as it is
written, with `-O` as the passes of that level leave it; the rungs below are reached through all stages of the pipeline.
The flags are rows in `opt_flags`; what is done between passes (`--print-ir-after-all`, `--stats`...) are instruments, rows in
`opt_runner`.

Exit codes: 0, 1 when the input is rejected (with a diagnostic), 2 for a wrong command line.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from phintys.ir.diagnostics import DiagnosticError, Source, error
from phintys.ir.phases import Phase, phase, timing

from .opt_flags import arguments, parse

if TYPE_CHECKING:
    from .opt_runner import Runner

SEPARATOR = re.compile(r"^[ \t]*(?://|#) -----[ \t]*$\n?", re.MULTILINE)


def split(source: Source) -> list[Source]:
    """The pieces between separator lines, which know their place in the file."""
    pieces = []
    start = 0
    for match in [*SEPARATOR.finditer(source.text), None]:
        end = match.start() if match else len(source.text)
        pieces.append(Source(source.name, source.text[start:end], 1 + source.text.count("\n", 0, start)))
        start = match.end() if match else end
    return pieces


def read(options: argparse.Namespace) -> Source:
    """The input."""
    if options.file == "-":
        return Source("<stdin>", _standard_input())
    try:
        return Source(options.file, Path(options.file).read_text(encoding="utf-8"))
    except OSError as failure:
        raise error(failure.strerror or str(failure), name=options.file) from None
    except UnicodeDecodeError as failure:
        raise error(f"not UTF-8 text: {failure.reason} at byte {failure.start}", name=options.file) from None


def _standard_input() -> str:
    """What comes on standard input; DiagnosticError when it is no UTF-8 text."""
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as failure:
        raise error(f"not UTF-8 text: {failure.reason} at byte {failure.start}", name="<stdin>") from None


def process(source: Source, options: argparse.Namespace) -> str:
    """Everything that happens to one piece of input; the text of the result."""
    from phintys.dialects.context import make_context

    from .opt_runner import Runner, make_instruments

    context = make_context(allow_unregistered=options.unregistered)
    runner = Runner(context, source, options, make_instruments(options))
    total = Phase("total")
    try:
        with timing() as total:
            return transform(source, runner)
    finally:
        runner.report()
        if options.time_passes:
            from .opt_timing import time_report

            print(time_report(total), file=sys.stderr)


def transform(source: Source, runner: Runner) -> str:
    """Read, verify, run passes, lower, and print or call."""
    from .opt_ladder import descend, descend_to_run, emit, level_of, read_program, select_function, text_format
    from .opt_passes import parse_passes
    from .opt_runner import Planned

    options = runner.options
    passes = [Planned(one) for one in parse_passes(options.passes)]
    format = text_format(source, options.format)
    with phase("parse"):
        program = read_program(source, format, runner.context)
    module = runner.module = program.module
    if options.verify:
        runner.verify(module)
    if options.function or options.run or options.interpret:
        select_function(program, options.function)
    if options.view:
        from .opt_view import write_page

        write_page(program, source, [planned.run for planned in passes], options.emit, runner, Path(options.view))
        return ""
    with phase("passes"):
        runner.run(passes, module)
        target = "llvm" if options.run else options.emit or ("graph" if format == "phi" else level_of(module))
        runner.run(descend_to_run(module) if options.run else descend(module, target, options.optimize), module)
    if options.verify and runner.done:
        runner.verify(module, f"after pass {runner.done[-1]}")
    if options.run:
        from .opt_run import run_module

        return run_module(module, runner)
    if options.interpret:
        from .opt_run import interpret_module

        return interpret_module(module, runner)
    return emit(program, runner, target)


def attempt(source: Source, options: argparse.Namespace) -> str:
    """`process`, with a diagnostic for whatever goes wrong."""
    try:
        return process(source, options)
    except (DiagnosticError, KeyboardInterrupt, BrokenPipeError):
        raise
    except Exception as failure:
        if options.traceback:
            raise
        message = f"phintys-opt fails on this input: {type(failure).__name__}: {failure}"
        raise error(message, None, "--traceback shows where", name=source.name) from None


def run_pieces(source: Source, options: argparse.Namespace) -> int:
    """Process the input, or each piece of it; the exit code."""
    from .opt_expect import Expectations

    code = 0
    results = []
    for index, piece in enumerate(split(source) if options.split else [source]):
        expected = Expectations(piece) if options.verify_diagnostics else None
        separator = "// -----\n" if index else ""
        try:
            results.append(separator + attempt(piece, options))
        except DiagnosticError as failure:
            if expected is not None:
                expected.meet(failure.diagnostic)
            else:
                print(f"{separator}{failure}", file=sys.stderr)
                code = 1
        else:
            if not options.output:
                sys.stdout.write(results[-1])
                sys.stdout.flush()
        for problem in expected.problems() if expected is not None else ():
            print(problem, file=sys.stderr)
            code = 1
    if options.output:
        write(Path(options.output), "".join(results))
    return code


def write(path: Path, text: str) -> None:
    """Write a file; DiagnosticError when that cannot be done."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as failure:
        raise error(failure.strerror or str(failure), name=str(path)) from None


def perform(options: argparse.Namespace) -> int:
    """What the command line asks for; the exit code."""
    if options.load:
        from phintys.passes.plugins import load

        for path in options.load:
            load(path)
    if options.list_passes:
        from .opt_passes import list_passes

        print(list_passes())
        return 0
    if options.explain:
        from .opt_ladder import explain

        print(explain(options.explain))
        return 0
    source = read(options)
    if source.text.startswith("// "):
        from .opt_reproduce import apply_settings

        apply_settings(source, options)
    if options.reduce:
        from .opt_reduce import reduce_input

        return reduce_input(source, options)
    return run_pieces(source, options)


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit code."""
    options = parse(arguments((__doc__ or "").splitlines()[0]), argv)
    try:
        return perform(options)
    except DiagnosticError as failure:
        print(failure, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever reads the output has seen enough
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  (for the interpreter's last flush)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
