"""Dataclasses and definitions of operations: not put together before they are used, and then as Python and xDSL do it."""

from __future__ import annotations

import dataclasses
import importlib
import os
import subprocess
import sys

import pytest

from phintys.dialects import methods
from phintys.passes.convert_nd_to_loops import FILE_OF, FILES

PROGRAM = """
import phintys, phintys.tensor as T
x = T.dvector("x")
assert phintys.function([x], x * 2)([1.0]) == [2.0]

import dataclasses
from phintys.dialects import definitions, methods
from xdsl.dialects import arith, builtin, llvm
from xdsl.irdl import constraints
from xdsl.ir import Operation

waiting = len(methods._PENDING)
operations = len(definitions._PENDING)
print(waiting, operations)

constraint, same = (constraints.RangeLengthConstraint(constraints.AnyAttr(), constraints.AnyInt()) for _ in range(2))
assert constraint == same and hash(constraint) == hash(same) and constraint != constraints.AnyAttr()
assert repr(constraint).startswith("RangeLengthConstraint(constraint=AnyAttr("), repr(constraint)
for name in ("__init__", "__eq__", "__hash__"):
    written = vars(constraints.RangeLengthConstraint)[name]
    assert written.__code__.co_filename == "<string>", name
    assert written.__qualname__ == "RangeLengthConstraint." + name, written.__qualname__
assert dataclasses.is_dataclass(builtin.VectorType) and builtin.VectorType not in methods._PENDING
assert [field.name for field in dataclasses.fields(builtin.VectorType)] == ["element_type", "shape", "scalable_dims"]
assert dataclasses.replace(constraint) == constraint
try:
    builtin.VectorType(builtin.f64, [2]).shape = None
    raise SystemExit("a frozen class takes a new value")
except dataclasses.FrozenInstanceError:
    pass

assert llvm.FMulOp in definitions._PENDING and llvm.FMulOp in definitions._DEFAULTS  # made, but never asked for a field
from xdsl.builder import ImplicitBuilder
from xdsl.ir import Block
assert llvm.ZeroOp in definitions._PENDING
with ImplicitBuilder(block := Block()):
    llvm.ZeroOp.create(result_types=[builtin.i64])
assert isinstance(block.last_op, llvm.ZeroOp) and llvm.ZeroOp in definitions._PENDING

assert arith.RemSIOp in definitions._PENDING
one = arith.ConstantOp.from_int_and_width(1, 64)
rest = arith.RemSIOp(one, one)
assert arith.RemSIOp not in definitions._PENDING
assert rest.lhs is one.result and rest.result.type == builtin.i64
assert str(rest).strip().startswith('%'), str(rest)
assert arith.ShRUIOp.has_trait(arith.Pure) and arith.ShRUIOp not in definitions._PENDING
assert [name for name, _ in arith.DivSIOp.get_irdl_definition().operands] == ["lhs", "rhs"]
rest.operands = (one.result, arith.ConstantOp.from_int_and_width(1, 32).result)
try:
    rest.verify()
    raise SystemExit("an operation of two types is verified")
except Exception as error:
    assert "i64 expected" in str(error), error
"""


DEFAULTS = """
import importlib
from phintys.dialects import context, definitions
for paths in context.DIALECTS.values():
    for path in paths:
        module, _, name = path.partition(":")
        for op in getattr(importlib.import_module(module), name).operations:
            if op in definitions._PENDING:
                unread = list(definitions._unread_defaults(op))
                assert sorted(unread, key=str) == sorted(definitions._read_defaults(op), key=str), op
                print(len(unread))
"""


def test_values_by_default_are_those_of_the_definitions() -> None:
    done = subprocess.run([sys.executable, "-c", DEFAULTS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    counts = [int(word) for word in done.stdout.split()]
    assert len(counts) > 250 and sum(counts) > 10


@pytest.mark.skipif(methods._create is None, reason="this Python's dataclasses are put together differently")
def test_a_compilation_puts_few_classes_together() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env={**os.environ, "PHINTYS_CACHE": "0"}
    )
    assert done.returncode == 0, done.stderr
    classes, operations = map(int, done.stdout.split())
    assert classes > 150 and operations > 150


def test_the_files_of_rows_have_the_rows_that_they_are_imported_for() -> None:
    for file, names in FILES.items():
        assert sorted(importlib.import_module(f"phintys.passes.{file}").ROWS) == sorted(names), file
    assert len(FILE_OF) == sum(map(len, FILES.values()))


SMALL = """
import sys, phintys, phintys.tensor as T
x = T.dvector("x")
phintys.function([x], x ** 10)
print(sorted(name for name in sys.modules if name.startswith("phintys.")))
"""


def test_a_small_program_imports_no_rows_that_it_has_no_use_for() -> None:
    environment = {**os.environ, "PHINTYS_CACHE": "0"}
    done = subprocess.run([sys.executable, "-c", SMALL], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "phintys.passes.convert_loops_to_llvm'" in done.stdout
    for name in ("loops_sort", "loops_random", "lapack_calls", "numpy_rows", "vectorize", "decompose_linalg", "math_rows"):
        assert f"phintys.passes.{name}" not in done.stdout, name
    assert "phintys.dialects.lapack" not in done.stdout


def test_other_dataclasses_are_made_as_ever() -> None:
    @dataclasses.dataclass(frozen=True)
    class Point:
        x: int

    assert Point.__init__.__code__.co_filename == "<string>"
    assert Point(1) == Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Point(1).x = 2  # type: ignore[misc]
