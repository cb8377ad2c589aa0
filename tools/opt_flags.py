"""The command line of `phintys-opt`, as a table: groups of flags, a row each, and what of it goes together."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

Row = tuple[tuple[str, ...], dict[str, Any], str]

TRUE: dict[str, Any] = {"action": "store_true"}
MANY: dict[str, Any] = {"action": "append", "default": []}

GROUPS: dict[str, tuple[Row, ...]] = {
    "input and output": (
        (("file",), {"nargs": "?", "default": "-"}, "a .phi or .mlir file; '-' or nothing is standard input"),
        (("--from",), {"dest": "format", "choices": ["phi", "mlir"]}, "format of the input (default: by suffix, else mlir)"),
        (("-o",), {"dest": "output", "metavar": "FILE"}, "write there instead of to standard output"),
        (("--split-input-file",), {"dest": "split", **TRUE}, "treat the pieces between '// -----' lines separately"),
        (("--allow-unregistered-dialect",), {"dest": "unregistered", **TRUE}, "accept unknown operations"),
        (("--print-op-generic",), {"dest": "generic", **TRUE}, "print MLIR's generic form"),
        (("--print-debuginfo",), {"dest": "locations", **TRUE}, "print locations"),
    ),
    "what to do": (
        (("--load",), {"metavar": "FILE", **MANY}, "first run a Python file that registers passes or operations"),
        (("-p",), {"dest": "passes", "default": "", "metavar": "PASSES"}, "passes to run: a,b{option=1},c"),
        (("--emit",), {"metavar": "LEVEL"}, "graph, nd, fused, loops; llvm, llvmir, asm; gpu, plan, nvvm, ptx: lower to there"),
        (("--target-arch",), {"dest": "architecture", "metavar": "SM"}, "with --emit=ptx: sm_75 (the default), sm_90, ..."),
        (("-O",), {"dest": "optimize", **TRUE}, "with --emit=graph, nd or llvmir: run the passes of that level"),
        (
            ("--view",),
            {"metavar": "PAGE"},
            "write a page that shows the program after every pass, down to --emit or to the end",
        ),
        (("--function",), {"metavar": "NAME"}, "of several functions, keep this one"),
        (("--list-passes",), TRUE, "list the passes, what they expect and leave, and end"),
        (("--explain",), {"metavar": "OP"}, "say what an operation does, with graph text and IR, and end"),
    ),
    "running": (
        (("--run",), TRUE, "compile, call once and print the results"),
        (("--interpret",), TRUE, "compute the results on the module's own level, without passes below it or native code"),
        (("--input",), {"metavar": "NAME=VALUE", **MANY}, "2.5, ones:3x4, random:10, data.npy"),
        (("--save",), {"metavar": "FILE"}, "save the results, all to an .npz or the only one to a .npy"),
    ),
    "checking": (
        (("--verify-each",), TRUE, "verify after every pass, not only at the end"),
        (("--no-verify",), {"dest": "verify", "action": "store_false"}, "do not verify input and result"),
        (("--verify-diagnostics",), TRUE, "match the diagnostics with the expected-error, -warning, ... comments of the input"),
    ),
    "watching": (
        (("--print-ir-before",), {"metavar": "PASSES", **MANY}, "print the module to standard error before these passes"),
        (("--print-ir-after",), {"metavar": "PASSES", **MANY}, "print it after these passes"),
        (("--print-ir-before-all",), TRUE, "print it before every pass"),
        (("--print-ir-after-all",), TRUE, "print it after every pass"),
        (("--print-ir-after-change",), TRUE, "print it only after those (of --print-ir-after, or all) that changed it"),
        (("--print-ir-diff",), TRUE, "print what changed, as a diff, instead of the module after a pass"),
        (("--color",), {"choices": ["auto", "always", "never"], "default": "auto"}, "colours in diffs and tables"),
        (("--time-passes",), TRUE, "print to standard error what everything took"),
        (("--stats",), TRUE, "print to standard error how operations change in number, and which rules fire"),
    ),
    "finding errors in passes": (
        (("--traceback",), TRUE, "show where a pass failed, for those who debug it"),
        (("--reproducer",), {"metavar": "FILE"}, "when a pass fails, write the module before it; phintys-opt FILE replays it"),
        (("--reduce",), {"metavar": "CMD"}, "shrink the input while 'CMD FILE' keeps failing (exits with another code than 0)"),
        (("--reduce-match",), {"metavar": "REGEX"}, "with --reduce: what CMD prints has to match, too"),
    ),
}


def arguments(description: str) -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="phintys-opt", description=description)
    for title, rows in GROUPS.items():
        group = parser.add_argument_group(title)
        for names, settings, help in rows:
            group.add_argument(*names, help=help, **settings)
    return parser


def parse(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """The options of a command line; a wrong one ends the program with exit code 2."""
    options, unknown = parser.parse_known_args(argv)
    if options.emit:
        _check_level(parser, options)
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if options.architecture:
        _check_architecture(parser, options)
    if options.view and (options.run or options.split):
        parser.error("--view writes one page and nothing else: it goes without --run and --split-input-file")
    if options.run and options.interpret:
        parser.error("--run computes in native code and --interpret on the module's own level: one of them")
    for name, needs in (("input", ("run", "interpret")), ("save", ("run", "interpret")), ("reduce_match", ("reduce",))):
        if getattr(options, name) and not any(getattr(options, need) for need in needs):
            parser.error(f"--{name.replace('_', '-')} goes with {' or '.join(f'--{need}' for need in needs)}")
    if options.save and not options.save.endswith((".npz", ".npy")):
        parser.error(f"--save {options.save}: expected a name that ends in .npz or .npy")
    _check_passes(parser, options)
    return options


def _check_level(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    from phintys.passes.pipeline import GPU_ONLY, GPU_PIPELINE, LEVELS, TEXTS

    reached = [*LEVELS, *dict.fromkeys(stage.level for stage in GPU_PIPELINE if stage.level in GPU_ONLY)]
    reached += [text for text, level in TEXTS.items() if text in GPU_ONLY and level in reached]
    if options.emit not in reached:
        parser.error(f"--emit={options.emit}: expected one of {', '.join(reached)}")
    if options.run and options.emit in TEXTS:
        parser.error(f"--run starts from text that can be read back, not from {options.emit}")


def _check_architecture(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    from phintys.codegen.architectures import ARCHITECTURES
    from phintys.ir.diagnostics import near_match

    if options.emit != "ptx":
        parser.error("--target-arch goes with --emit=ptx")
    if options.architecture not in ARCHITECTURES:
        close = near_match(options.architecture, ARCHITECTURES)
        listed = ", ".join(ARCHITECTURES)
        parser.error(f"--target-arch={options.architecture}: expected one of {listed}{'; ' if close else ''}{close}")


def _check_passes(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Names of passes to print around: a list, each known."""
    for key in ("print_ir_before", "print_ir_after"):
        names = [name.strip() for given in getattr(options, key) for name in given.split(",")]
        setattr(options, key, names)
        if names:
            from .opt_passes import known_passes

            for name in sorted(set(names) - set(known_passes())):
                parser.error(f"--{key.replace('_', '-')}: unknown pass '{name}'; --list-passes shows them all")
