"""`phintys-opt --run`: compile a module from the rung it stands on, call it once, print what it returns.

`--interpret` computes it where it stands: tensors in NumPy, loops in Python, without any further pass.
Inputs are given as `--input x=SPEC`: a number, `ones:3x4`, `zeros:3`, `arange:6`, `random:3x4` (the sizes may be left out
where the type knows them) or a `.npy` file. States begin as zeros unless they are given. `--save FILE` keeps the
results instead of printing them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from phintys.codegen.compiler import compile_module
from phintys.codegen.executable import Executable, exact_array
from phintys.codegen.interface import Argument
from phintys.codegen.interpreter import updates_of
from phintys.codegen.interpreter_memory import BadAccess
from phintys.ir.diagnostics import Diagnostic, DiagnosticError, error
from phintys.ir.types import TensorType

from .arrays import load_array
from .opt_runner import Runner, placed

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]
FILLS: dict[str, Callable[[Shape], Array]] = {
    "ones": np.ones,
    "zeros": np.zeros,
    "arange": lambda shape: np.arange(int(np.prod(shape))).reshape(shape),
    "random": lambda shape: np.random.default_rng(0).standard_normal(shape),
}


def run_module(module: ModuleOp, runner: Runner) -> str:
    """The outputs and new states of a module of level llvm, as text; DiagnosticError for wrong inputs and failed checks."""
    executable: Executable = runner.guard("compilation", compile_module, module, "llvm")
    arguments = executable.interface.arguments
    arrays = _arrays(arguments, runner)
    states = [[array] for array, argument in zip(arrays, arguments, strict=True) if argument.is_state]
    inputs = [array for array, argument in zip(arrays, arguments, strict=True) if not argument.is_state]
    call = executable.bind_strict(states, _failure(executable, runner), False)
    try:
        outputs = call(*inputs)
    except (TypeError, ValueError, MemoryError) as failure:
        raise error(str(failure)) from None
    names = [argument.name for argument in executable.interface.states]
    return _show_all(outputs, {name: cell[0] for name, cell in zip(names, states, strict=True)}, runner)


def interpret_module(module: ModuleOp, runner: Runner) -> str:
    """The same, computed on the module's own level: nd, fused or loops. DiagnosticError for a module of another one."""
    from phintys.codegen.interpreter import arguments_of, evaluate
    from phintys.codegen.interpreter_loops import LoopProgram
    from phintys.codegen.scalar_writer import CannotInterpret

    from .opt_ladder import level_of

    level = level_of(module)
    if level not in ("nd", "fused", "loops"):
        raise error(f"this module is of level {level}; --interpret takes nd, fused and loops", None, "--run")
    try:
        program = runner.guard("the interpreter", LoopProgram, module, sys.maxsize) if level == "loops" else None
        arguments = program.arguments if program is not None else arguments_of(module)
        arrays = _arrays(arguments, runner)
        found = program(*arrays) if program is not None else evaluate(module, *arrays)
    except (ValueError, IndexError, TypeError, ZeroDivisionError, CannotInterpret, BadAccess) as failure:
        raise error(f"{type(failure).__name__}: {failure}") from None
    updated = updates_of(module)
    states = {a.name: x for a, x in zip(arguments, arrays, strict=True) if a.is_state}
    outputs = [x for x, number in zip(found, updated, strict=True) if number is None]
    states |= {arguments[number].name: x for x, number in zip(found, updated, strict=True) if number is not None}
    return _show_all(outputs, states, runner)


def _arrays(arguments: Sequence[Argument], runner: Runner) -> list[Array]:
    """The values of `--input`; states that are not given are zeros."""
    given = dict(_split(spec) for spec in runner.options.input)
    unknown = sorted(given.keys() - {argument.name for argument in arguments})
    if unknown:
        raise error(f"no input '{unknown[0]}'", None, f"there are: {', '.join(a.name for a in arguments) or 'none'}")
    return [(_state if one.is_state else _input)(one, given.get(one.name)) for one in arguments]


def _show_all(outputs: Sequence[Array], states: dict[str, Array], runner: Runner) -> str:
    """Results as text, or saved."""
    results = {f"output {i}" if len(outputs) > 1 else "output": value for i, value in enumerate(outputs)}
    results |= {f"state {name}": value for name, value in states.items()}
    if runner.options.save:
        _save(Path(runner.options.save), results)
        return ""
    return "".join(_show(name, value) for name, value in results.items())


def _save(path: Path, results: dict[str, Array]) -> None:
    """All results under the names that are printed otherwise, in an `.npz`; a single one in a `.npy`."""
    if path.suffix == ".npy" and len(results) != 1:
        names = ", ".join(results) or "none"
        raise error(f"a .npy file holds one array, there are {len(results)}: {names}", None, "--save NAME.npz")
    try:
        if path.suffix == ".npy":
            np.save(path, next(iter(results.values())))
        else:
            np.savez(path, **results)  # type: ignore[arg-type]
    except OSError as failure:
        raise error(failure.strerror or str(failure), name=str(path)) from None


def _split(spec: str) -> tuple[str, str]:
    name, sign, value = spec.partition("=")
    if not sign or not value:
        raise error(f"cannot read --input {spec}", None, "x=2.5, x=ones:3x4, x=random:10, x=data.npy")
    return name.strip(), value.strip()


def _state(argument: Argument, spec: str | None) -> Array:
    return _array(argument, spec if spec is not None else "zeros")


def _input(argument: Argument, spec: str | None) -> Array:
    if spec is None:
        raise error(f"no value for the input '{argument.name}'", None, f"--input {argument.name}=random:3x4")
    return _array(argument, spec)


def _array(argument: Argument, spec: str) -> Array:
    """The array that a spec stands for, in the argument's dtype."""
    kind, _, sizes = spec.partition(":")
    if kind in FILLS:
        value: Any = FILLS[kind](_sizes(argument, sizes))
    elif spec.endswith(".npy"):
        value = _load(spec)
    else:
        value = _number(argument, spec)
    array = np.asarray(value)
    if array.ndim != argument.type.ndim or any(
        want not in (None, size) for want, size in zip(argument.type.shape, array.shape, strict=True)
    ):
        raise error(f"the input '{argument.name}' is {argument.type}, got an array of shape {list(array.shape)}")
    with np.errstate(invalid="ignore"):
        return exact_array(array.astype(argument.type.dtype), argument.type.dtype)


def _sizes(argument: Argument, text: str) -> Shape:
    if text:
        parts = text.split("x")
        if not all(part.isdigit() for part in parts):
            raise error(f"cannot read the sizes '{text}'", None, "sizes are written 3x4")
        return tuple(int(part) for part in parts)
    shape: list[int] = []
    for size in argument.type.shape:
        if size is None:
            raise error(f"'{argument.name}' is {argument.type}, whose sizes are not all known", None, "ones:3x4")
        shape.append(size)
    return tuple(shape)


def _load(path: str) -> Array:
    try:
        return load_array(path)
    except ValueError as failure:
        raise error(str(failure), name=path) from None


def _number(argument: Argument, spec: str) -> Array:
    """A literal of graph text, or a list of them."""
    from phintys.ir.parser import parse_graph

    try:
        value = parse_graph(f"graph input() {{ return {spec} }}").outputs[0]
    except DiagnosticError:
        raise error(f"cannot read '{spec}'", None, "x=2.5, x=[1, 2], x=ones:3x4, x=random:10, x=data.npy") from None
    if not value.is_constant:
        raise error(f"'{spec}' is not a number")
    return np.broadcast_to(value.data, _sizes(argument, "")) if _fits_all(argument.type, value.data) else value.data


def _fits_all(type: TensorType, array: Array) -> bool:
    return array.ndim == 0 and type.ndim > 0 and None not in type.shape


def _failure(executable: Executable, runner: Runner) -> Callable[[int, tuple[int, ...]], Any]:
    def fail(number: int, values: tuple[int, ...]) -> None:
        check = executable.interface.checks[number]
        message = f"{check.exception}: {check.message.format(*values)}"
        raise DiagnosticError(placed(Diagnostic(message, name=check.location), runner.source))

    return fail


def _show(name: str, value: Array) -> str:
    type = TensorType(str(value.dtype), value.shape)
    return f"{name}: {type} = {np.array2string(value, separator=', ')}\n"
