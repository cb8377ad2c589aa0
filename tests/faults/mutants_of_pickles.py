"""Pickles whose contents are damaged: numbers and words in them change, the names of what they call do not.

A pickle may call any function it names: mutants that name others would say nothing about ours. What is read is used: a function
is called, an expression compiled.
"""

from __future__ import annotations

import pickle
import pickletools
import random
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from mutants_loop import Wrong

import phintys
import phintys.tensor as T
from phintys.codegen.driver import DeviceError
from phintys.ir.diagnostics import DiagnosticError

# What Python's documentation says that unpickling may raise, what calls raise, and what a wrong number may meet.
REFUSALS = (pickle.UnpicklingError, AttributeError, EOFError, ImportError, LookupError, TypeError, ValueError)
CALLS = (TypeError, ValueError, IndexError, ZeroDivisionError, NotImplementedError, DiagnosticError, DeviceError, MemoryError)
WORDS = (
    "float32",
    "int64",
    "add",
    "mul",
    "exp",
    "sum",
    "constant",
    "dot",
    "cpu",
    "cuda",
    "x",
    "",
    "subtensor",
    "0:3",
    "fast_run",
)
NUMBERS = (0, 1, 2, 3, -1, 7, 100, 2**31, 2**40, -(2**33))


def pickles() -> list[bytes]:
    """Functions, shared variables, expressions and models."""
    x, y, i = T.dmatrix("x"), T.fvector("y"), T.lvector("i")
    w = phintys.shared(np.arange(6.0).reshape(3, 2), name="w")
    step = phintys.function([x, i], [T.dot(x, w)[i], x.sum(axis=0)], updates=[(w, w * 0.5)])
    cost = (T.nnet.softmax(T.dot(x, w)) ** 2).mean()
    streams = T.shared_randomstreams.RandomStreams(3)
    noisy = phintys.function([phintys.In(y, value=np.ones(2, "float32"))], y * 2 + streams.uniform((2,)).sum())
    things = (step, noisy, w, cost, {"input": x, "w": w, "grad": T.grad(cost, w)}, phintys.function([x], x[1:, ::-1].T))
    return [pickle.dumps(thing, 2) for thing in things]  # whose words and numbers lie in it one by one


def spans(content: bytes) -> list[tuple[str, Any, int, int]]:
    """The opcodes with an argument: name, argument, begin and end."""
    ops = list(pickletools.genops(content))
    ends = [at for _, _, at in ops[1:]] + [len(content)]
    found, foreign, kept = [], False, {ops[k + 1][1] for k, (_, arg, _) in enumerate(ops) if arg == "numpy dtype"}
    for (code, arg, at), end in zip(ops, ends, strict=True):
        # What NumPy does with a damaged dtype is not ours to test: it may be anything.
        begins = arg == "numpy dtype" or (code.name == "BINGET" and arg in kept)
        foreign = begins or (foreign and code.name != "BUILD")
        if arg is not None and not foreign:
            found.append((code.name, arg, at or 0, end or 0))
    return found


def exchanged(name: str, arg: Any, rng: random.Random) -> bytes | None:
    """The opcode with another argument, where that is a number or a word."""
    if name == "BINUNICODE":
        word = rng.choice((rng.choice(WORDS), arg[:-1], arg + "1", "".join(rng.sample(arg, len(arg)))))
        data = word.encode("utf-8", "surrogatepass")
        return b"X" + struct.pack("<I", len(data)) + data
    if name in ("BININT", "BININT1", "BININT2", "LONG1"):
        number = rng.choice((rng.choice(NUMBERS), arg + 1, arg - 1, -arg))
        return pickle.dumps(number, 2)[2:-1]
    if name == "BINFLOAT":
        return pickle.dumps(rng.choice((0.0, -1.0, float("nan"), 1e300)), 2)[2:-1]
    return None


def mutated(content: bytes, rng: random.Random) -> bytes:
    """One to three arguments exchanged; now and then cut off."""
    found = spans(content)
    edits = {}
    for name, arg, begin, end in rng.choices(found, k=rng.randrange(1, 4)):
        new = exchanged(name, arg, rng)
        if new is not None:
            edits[begin, end] = new
    result = bytearray(content)
    for begin, end in sorted(edits, reverse=True):
        result[begin:end] = edits[begin, end]
    return bytes(result[: rng.randrange(len(result))] if rng.random() < 0.05 else result)


class Pickles:
    """What is read is right in itself: it is used."""

    def __init__(self, folder: Path) -> None:
        self.pickles = pickles()

    def __call__(self, rng: random.Random) -> str:
        """One mutant; how reading and using it ended."""
        content = mutated(rng.choice(self.pickles), rng)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                thing = pickle.loads(content)
            except (*REFUSALS, DiagnosticError, OverflowError, MemoryError):
                return "refused"
            return used(thing)


def used(thing: Any) -> str:
    """Call a function, compile an expression, look at a value. Whatever was read, it computes or says why not."""
    try:
        if isinstance(thing, dict):
            thing = thing.get("grad")
        if callable(getattr(thing, "get_shared", None)):
            thing(*arguments(thing))
        elif isinstance(thing, T.TensorVariable) and thing.ndim < 5:
            f = phintys.function(
                [x for x in phintys.gof.graph.inputs([thing]) if not hasattr(x, "get_value")], thing, on_unused_input="ignore"
            )
            f(*arguments(f))
        elif hasattr(thing, "get_value"):
            thing.set_value(thing.get_value() * 2)
    except AttributeError as failure:  # an object whose fields were to come later, as Python's own objects may be
        if "object has no attribute" not in str(failure):
            raise
        return "incomplete"
    except CALLS as failure:
        if not str(failure):
            raise Wrong(f"{type(failure).__name__} without a message") from failure
        return "refused in use"
    return "used"


def arguments(f: Any) -> list[Any]:
    """Arrays of ones for the inputs without a default."""
    inputs = [spec for spec in f.maker.inputs if spec.value is None]
    return [np.ones((3,) * spec.variable.ndim, spec.variable.dtype) for spec in inputs]
