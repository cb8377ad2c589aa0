"""The Python interface, called with wrong things: every public function and method, and `function`, `shared`, `grad`.

Whatever is refused is refused by an exception of a documented type, which says something. What is made of it is compiled and
called now and then, since an expression that cannot be would end the process there.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import random
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mutants_loop import Wrong

import phintys
import phintys.tensor as T
from phintys.ir.diagnostics import DiagnosticError
from phintys.sandbox import rng_mrg
from phintys.tensor import extra_ops, nlinalg, raw_random, slinalg, sort

REFUSALS = (
    OSError,  # of files that are not there
    TypeError,
    ValueError,
    NotImplementedError,
    IndexError,
    ZeroDivisionError,
    OverflowError,
    MemoryError,
    DiagnosticError,
)
# What ends in the file system, never returns or changes the process for everybody.
OWN = ("compile_text", "compile_file", "parse_graph", "latex", "function", "shared", "grad", "jacobian", "hessian")
SKIPPED = {"pydotprint", "d3viz", "install_as_theano", "set_random_seed", "reload", "verify_grad", "exc_message"}
MODULES = (T, T.nnet, nlinalg, slinalg, extra_ops, raw_random, sort, phintys, phintys.gradient, phintys.printing)
COUNTING = (".diff", ".choice", ".multinomial", ".multinomial_wo_replacement", ".uniform", ".normal", ".binomial")
COUNTING += (".truncated_normal", ".get_substream_rstates")  # that make as many expressions or streams as they are told to
COMPILED = 0.04  # share of the results that are compiled


class Odd:
    """Something that is no number and fails when asked."""

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise ValueError("no array")


def callables() -> list[tuple[str, Callable[..., Any]]]:
    """All public functions and classes, with their names."""
    text = (Path(__file__).parents[1] / "frontend" / "surface.txt").read_text()
    names = [name for name in text.partition("most used:")[0].split() if not name.endswith(":")]
    found: dict[int, tuple[str, Callable[..., Any]]] = {}
    for module in MODULES:
        for name in sorted({*names, *OWN}):
            thing = getattr(module, name, None)
            own = str(getattr(thing, "__module__", None) or "")
            if name in SKIPPED or not callable(thing) or not own.startswith("phintys"):
                continue
            if not (inspect.isclass(thing) and issubclass(thing, BaseException)):
                found.setdefault(id(thing), (f"{module.__name__}.{name}", thing))
    return list(found.values())


def methods() -> list[tuple[str, str]]:
    """Methods of variables, shared variables and streams: the kind and the name."""
    kinds: dict[str, Any] = {"variable": T.TensorVariable, "shared": phintys.shared(1.0).__class__}
    kinds["streams"] = T.shared_randomstreams.RandomStreams
    kinds["mrg"] = rng_mrg.MRG_RandomStreams
    found = [(kind, name) for kind, cls in kinds.items() for name in dir(cls) if callable(getattr(cls, name, None))]
    operators = (
        "add",
        "radd",
        "sub",
        "mul",
        "pow",
        "rpow",
        "truediv",
        "floordiv",
        "mod",
        "divmod",
        "and",
        "or",
        "xor",
        "invert",
    )
    operators += (
        "lt",
        "ge",
        "getitem",
        "matmul",
        "rmatmul",
        "abs",
        "neg",
        "lshift",
        "rshift",
        "iter",
        "len",
        "bool",
        "contains",
    )
    kept = {f"__{name}__" for name in operators}
    return [(kind, name) for kind, name in found if not name.startswith("_") or name in kept]


class Calls:
    """One call with arguments that are right, nearly right or nonsense."""

    def __init__(self, folder: Path) -> None:
        os.chdir(folder)
        self.functions, self.methods = callables(), methods()

    def __call__(self, rng: random.Random) -> str:
        """Make the arguments and call."""
        name, call = self.chosen(rng)
        args, kwargs = arguments(call, rng)
        if (call.__doc__ or "").startswith("Several variables") or name.endswith(COUNTING):
            args, kwargs = [value for value in args if modest(value)], {k: v for k, v in kwargs.items() if modest(v)}
        try:
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = call(*args, **kwargs)
                if isinstance(result, Iterator) and not hasattr(result, "owner"):
                    result = next(result, None)
                return "compiled" if rng.random() < COMPILED and tried(result, rng) else "accepted"
        except REFUSALS as failure:
            if not str(failure).strip():
                raise Wrong(f"{name}{shown(args, kwargs)}: {type(failure).__name__} without a message") from failure
            return type(failure).__name__
        except Exception as failure:
            # NumPy's for weights of the wrong rank; a stream's for a state that it has not; Theano's for keys of outputs.
            known = isinstance(
                failure,
                {"cov": RuntimeError, "__getitem__": KeyError, "function": AssertionError}.get(name.rpartition(".")[2], ()),
            )
            if known or type(failure).__module__.startswith("phintys"):
                return type(failure).__name__
            raise Wrong(f"{name}{shown(args, kwargs)}: {type(failure).__name__}: {failure}") from failure

    def chosen(self, rng: random.Random) -> tuple[str, Callable[..., Any]]:
        """A function, or a method of a new object."""
        kind = rng.random()
        if kind < 0.6:
            return rng.choice(self.functions)
        if kind < 0.7:
            some: tuple[Any, ...] = (phintys.function, phintys.shared, T.grad, phintys.clone)
            found = rng.choice(some)
            return found.__name__, found
        of, name = rng.choice(self.methods)
        owners = {"variable": variable, "shared": lambda rng: phintys.shared(array(rng))}
        owners |= {
            "streams": lambda rng: T.shared_randomstreams.RandomStreams(1),
            "mrg": lambda rng: rng_mrg.MRG_RandomStreams(1),
        }
        return f"{of}.{name}", getattr(owners[of](rng), name)


def modest(value: Any) -> bool:
    """Whether it is no large number."""
    return not isinstance(value, int | float) or not value >= 1000


def shown(args: Any, kwargs: Any) -> str:
    """Arguments in a report."""
    parts = []
    for value in args:
        try:
            parts.append(f"{value!r}:{value.type}" if isinstance(value, T.TensorVariable) else f"{value!r:.90}")
        except Exception:
            parts.append(type(value).__name__)
    return f"({', '.join(parts)}, {str(kwargs)[:200]})"


def tried(result: Any, rng: random.Random) -> bool:
    """Compile and call what came out, where it is an expression."""
    results = [r for r in result if isinstance(r, T.TensorVariable)] if isinstance(result, list | tuple) else [result]
    if not results or not all(isinstance(r, T.TensorVariable) for r in results):
        return False
    free = [v for v in phintys.gof.graph.inputs(results) if not isinstance(v, T.TensorConstant)]
    free = [v for v in free if not hasattr(v, "get_value")]
    sizes = [rng.choice((0, 1, 2, 3)) for _ in range(4)]
    values = [np.ones([s or z for s, z in zip(v.type.shape, sizes, strict=False)], v.dtype) for v in free]
    f = phintys.function(list(dict.fromkeys(free)), results, on_unused_input="ignore")
    f(*values[: len(dict.fromkeys(free))])
    return True


DTYPES = ("float64", "float32", "int64", "int8", "uint8", "uint64", "bool", "complex128")


def array(rng: random.Random) -> Any:
    """An array of any dtype and rank."""
    return np.ones([rng.choice((0, 1, 2, 3)) for _ in range(rng.randrange(4))], rng.choice(DTYPES))


def variable(rng: random.Random) -> Any:
    """A variable: an input, an expression, a constant, a state."""
    shape = [rng.choice((None, None, None, 1, 3)) for _ in range(rng.choice((0, 1, 1, 2, 2, 2, 3, 4)))]
    x = T.TensorType(rng.choice(DTYPES) if rng.random() < 0.4 else "float64", shape=shape)("x")
    kind = rng.random()
    if kind < 0.6:
        return x
    if kind < 0.75 and x.dtype != "bool":
        return x * x
    return T.constant(array(rng)) if kind < 0.88 else phintys.shared(array(rng))


PLAIN: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    2,
    3,
    -1,
    -5,
    7,
    10**6,
    2**31,
    2**63,
    -(2**70),
    0.5,
    -0.0,
    1e300,
    float("nan"),
)
PLAIN += (
    float("inf"),
    1j,
    "",
    "x",
    "float64",
    "float32",
    "valid",
    "float128",
    "O",
    "int",
    "a b",
    "é",
    "raise",
    "cpu",
    "full",
    b"x",
)
PLAIN += (
    (),
    [],
    {},
    set(),
    [1, 2],
    (0, 1),
    (2, 3),
    [[1, 2], [3]],
    [[1.0, 2.0]],
    (0, "x"),
    [None],
    {"a": 1},
    {1: 2},
    slice(None),
)
PLAIN += (
    slice(0, 3, -1),
    slice("a"),
    ...,
    np.newaxis,
    np.float32(2),
    np.int8(3),
    np.dtype("f8"),
    np.dtype("U3"),
    np.nan,
    float,
    int,
)
PLAIN += (
    object,
    len,
    Odd,
    Ellipsis,
    range(3),
    np.array(["a"]),
    np.array([None]),
    np.array(3),
    np.zeros((0, 2)),
    np.ma.array([1]),
)
PLAIN += (np.datetime64("2001-01-01"), memoryview(b"abc"), bytearray(b"x"), NotImplemented, np.zeros((1,) * 33), T, np)


def anything(rng: random.Random, depth: int = 0) -> Any:
    """A value for an argument."""
    kind = rng.random()
    if kind < 0.45:
        return variable(rng)
    if kind < 0.8:
        return rng.choice(PLAIN)
    if kind < 0.86:
        return array(rng)
    if kind < 0.93 and depth < 2:
        return [anything(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind < 0.96 and depth < 2:
        return tuple(anything(rng, depth + 1) for _ in range(rng.randrange(3)))
    made: tuple[Callable[[], Any], ...] = (Odd, lambda: iter([1]), lambda: T.dmatrix, lambda: lambda *a: a, cyclic)
    made += (
        lambda: phintys.In(T.dscalar()),
        lambda: phintys.Mode(),
        lambda: phintys.function([], T.constant(1.0)),
        lambda: deep(200),
    )
    return rng.choice(made)()


def cyclic() -> list[Any]:
    """A list that holds itself."""
    found: list[Any] = [1]
    found.append(found)
    return found


def deep(depth: int) -> list[Any]:
    """A list in lists."""
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


def arguments(call: Callable[..., Any], rng: random.Random) -> tuple[list[Any], dict[str, Any]]:
    """Arguments in about the number that a call takes, some by name."""
    try:
        parameters = list(inspect.signature(call).parameters.values())
    except (TypeError, ValueError):
        return [anything(rng) for _ in range(rng.randrange(4))], {}
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = sum(p.default is p.empty for p in positional)
    count = rng.randint(needed, min(len(positional), needed + 1)) if rng.random() < 0.9 else rng.randrange(6)
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        count += rng.randrange(3)
    rest = [p.name for p in parameters if p.default is not p.empty][-4:]
    named = rng.sample(rest, min(len(rest), rng.choice((0, 0, 1, 1, 2))))
    taken = {p.name for p in positional[:count]}
    args = [anything(rng) for _ in range(count)]
    if call is phintys.function and rng.random() < 0.7:
        inputs = [variable(rng) for _ in range(rng.randrange(3))]
        args = [inputs, [T.sum(v) if rng.random() < 0.5 else v for v in inputs] or anything(rng)]
    return args, {name: anything(rng) for name in named if name not in taken}
