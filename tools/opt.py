"""`phintys-opt`: reads the text of any level, runs passes, lowers to a rung of the ladder, prints or runs the result.

    phintys-opt train.phi --emit=loops
    phintys-opt module.mlir -p canonicalize,cse

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
    add("-p", dest="passes", default="", metavar="PASSES", help="passes to run: a,b{option=1},c")
    add("--list-passes", action="store_true", help="list the passes and end")
    add("--split-input-file", action="store_true", help="treat the pieces between '// -----' lines separately")
    add("--verify-each", action="store_true", help="verify after every pass, not only at the end")
    add("--no-verify", dest="verify", action="store_false", help="do not verify input and result")
    add("--print-ir-after-all", action="store_true", help="print the module to standard error after every pass")
    add("--time-passes", action="store_true", help="print to standard error what each pass took")
    add("--print-op-generic", dest="generic", action="store_true", help="print MLIR's generic form")
    add("--print-debuginfo", dest="locations", action="store_true", help="print locations")
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
    from phintys.dialects.text import module_text, parse_module, verify_module

    from .opt_passes import Runner, parse_passes

    context = make_context(allow_unregistered=options.unregistered)
    passes = parse_passes(options.passes)
    module = parse_module(source.text, source.name, context, source.first_line)
    if options.verify:
        verify_module(module, source)
    runner = Runner(context, options.verify_each, options.print_ir_after_all)
    runner.run(passes, module)
    if options.verify and passes:
        verify_module(module, name=f"after {passes[-1].name}")
    if options.time_passes:
        print(runner.report_times(), file=sys.stderr)
    return module_text(module, generic=options.generic, locations=options.locations)


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit code."""
    options = arguments().parse_args(argv)
    if options.list_passes:
        from .opt_passes import list_passes

        print(list_passes())
        return 0
    try:
        source = read(options)
    except DiagnosticError as failure:
        print(failure, file=sys.stderr)
        return 1
    code = 0
    results = []
    for index, piece in enumerate(split(source) if options.split_input_file else [source]):
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
