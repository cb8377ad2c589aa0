"""`phintys-opt`: reads the text of any level, runs passes, lowers to a rung of the ladder, prints or runs the result.

    phintys-opt train.phi --emit=loops
    phintys-opt module.mlir -p canonicalize,cse
    phintys-opt f.phi --run --input x=random:3x4

Without `--emit` the result is printed at the level the input is of. `--emit=graph` and `--emit=nd` show a program as it is
written, with `-O` as the passes of that level leave it; the rungs below are reached through all stages of the pipeline.

Exit codes: 0, 1 when the input is rejected (with a diagnostic), 2 for a wrong command line.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from phintys.ir.diagnostics import DiagnosticError, Source, error

SEPARATOR = re.compile(r"^[ \t]*(?://|#) -----[ \t]*$\n?", re.MULTILINE)


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="phintys-opt", description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("file", nargs="?", default="-", help="a .phi or .mlir file; '-' or nothing is standard input")
    add("--from", dest="format", choices=["phi", "mlir"], help="format of the input (default: by suffix, else mlir)")
    add("-o", dest="output", metavar="FILE", help="write there instead of to standard output")
    add("--emit", metavar="LEVEL", help="graph, nd, fused, loops, llvm, llvmir or asm: lower to there and print")
    add("-O", dest="optimize", action="store_true", help="with --emit=graph or nd: run the passes of that level")
    add("--view", metavar="PAGE", help="write a page that shows the program after every pass, down to --emit or to the end")
    add("--run", action="store_true", help="compile, call once and print the results")
    add("--input", action="append", default=[], metavar="NAME=VALUE", help="2.5, ones:3x4, random:10, data.npy")
    add("--function", metavar="NAME", help="of several functions, keep this one")
    add("-p", dest="passes", default="", metavar="PASSES", help="passes to run: a,b{option=1},c")
    add("--list-passes", action="store_true", help="list the passes and end")
    add("--explain", metavar="OP", help="say what an operation does, with graph text and IR, and end")
    add("--split-input-file", dest="split", action="store_true", help="treat the pieces between '// -----' lines separately")
    add("--verify-each", action="store_true", help="verify after every pass, not only at the end")
    add("--no-verify", dest="verify", action="store_false", help="do not verify input and result")
    add(
        "--print-ir-after-all",
        dest="print_after_all",
        action="store_true",
        help="print the module to standard error after every pass",
    )
    add("--time-passes", action="store_true", help="print to standard error what each pass took")
    add("--print-op-generic", dest="generic", action="store_true", help="print MLIR's generic form")
    add("--print-debuginfo", dest="locations", action="store_true", help="print locations")
    add("--traceback", action="store_true", help="show where a pass failed, for those who debug it")
    add("--allow-unregistered-dialect", dest="unregistered", action="store_true", help="accept unknown operations")
    return parser


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
        return Source("<stdin>", sys.stdin.read())
    try:
        return Source(options.file, Path(options.file).read_text(encoding="utf-8"))
    except OSError as failure:
        raise error(failure.strerror or str(failure), name=options.file) from None
    except UnicodeDecodeError as failure:
        raise error(f"not UTF-8 text: {failure.reason} at byte {failure.start}", name=options.file) from None


def process(source: Source, options: argparse.Namespace) -> str:
    """Everything that happens to one piece of input; the text of the result."""
    from phintys.dialects.context import make_context
    from phintys.dialects.text import verify_module

    from .opt_ladder import descend, emit, level_of, read_program, select_function, text_format
    from .opt_passes import Runner, parse_passes

    context = make_context(allow_unregistered=options.unregistered)
    passes = parse_passes(options.passes)
    format = text_format(source, options.format)
    program = read_program(source, format, context)
    module = program.module
    if options.verify:
        verify_module(module, source)
    if options.function or options.run:
        select_function(program, options.function)
    runner = Runner(context, source, options.verify_each, options.print_after_all, options.traceback)
    if options.view:
        from .opt_view import write_page

        write_page(program, source, passes, options.emit, runner, Path(options.view))
        return ""
    runner.run(passes, module)
    target = options.emit or ("graph" if format == "phi" else level_of(module))
    descend(module, runner, target, options.optimize)
    if options.verify and runner.times:
        verify_module(module, source, name=f"after {runner.times[-1][0]}")
    if options.run:
        from .opt_run import run_module

        result = run_module(module, level_of(module), runner, options.input)
    else:
        result = emit(program, runner, target, generic=options.generic, locations=options.locations)
    if options.time_passes:
        print(runner.report_times(), file=sys.stderr)
    return result


def check_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Reject a wrong command line (exit code 2)."""
    if options.emit:
        from phintys.passes.pipeline import LEVELS

        if options.emit not in LEVELS:
            parser.error(f"--emit={options.emit}: expected one of {', '.join(LEVELS)}")
        if options.run and options.emit in ("llvmir", "asm"):
            parser.error(f"--run starts from text that can be read back, not from {options.emit}")
    if options.view and (options.run or options.split):
        parser.error("--view writes one page and nothing else: it goes without --run and --split-input-file")
    if options.input and not options.run:
        parser.error("--input goes with --run")


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit code."""
    parser = arguments()
    options = parser.parse_args(argv)
    check_options(parser, options)
    if options.list_passes:
        from .opt_passes import list_passes

        print(list_passes())
        return 0
    try:
        if options.explain:
            from .opt_ladder import explain

            print(explain(options.explain))
            return 0
        source = read(options)
    except DiagnosticError as failure:
        print(failure, file=sys.stderr)
        return 1
    code = 0
    results = []
    for index, piece in enumerate(split(source) if options.split else [source]):
        separator = "// -----\n" if index else ""
        try:
            result = separator + process(piece, options)
        except DiagnosticError as failure:
            print(f"{separator}{failure}", file=sys.stderr)
            code = 1
            continue
        if options.output:
            results.append(result)
        else:
            sys.stdout.write(result)
            sys.stdout.flush()
    if options.output:
        Path(options.output).write_text("".join(results), encoding="utf-8")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
