"""Methods of xDSL's dataclasses: not written before they are called, and then as `dataclasses` writes them."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import pytest

from phintys.dialects import methods

PROGRAM = """
import phintys, phintys.tensor as T
x = T.dvector("x")
assert phintys.function([x], x * 2)([1.0]) == [2.0]

import dataclasses
from phintys.dialects import methods
from xdsl.dialects import builtin, llvm
from xdsl.irdl import constraints

classes = [value for module in (builtin, llvm, constraints) for value in vars(module).values()]
found = [vars(value)["__delattr__"] for value in classes if dataclasses.is_dataclass(value) and "__delattr__" in vars(value)]
print(len(found), sum(method.__code__.co_filename == methods.__file__ for method in found))

constraint, same = (constraints.RangeLengthConstraint(constraints.AnyAttr(), constraints.AnyInt()) for _ in range(2))
assert constraint == same and hash(constraint) == hash(same) and constraint != constraints.AnyAttr()
assert repr(constraint).startswith("RangeLengthConstraint(constraint=AnyAttr("), repr(constraint)
for name in ("__init__", "__eq__", "__hash__"):
    written = vars(constraints.RangeLengthConstraint)[name]
    assert written.__code__.co_filename == "<string>", name
    assert written.__qualname__ == "RangeLengthConstraint." + name, written.__qualname__
"""


@pytest.mark.skipif(methods._create is None, reason="this Python's dataclasses are put together differently")
def test_a_compilation_writes_few_methods() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env={**os.environ, "PHINTYS_CACHE": "0"}
    )
    assert done.returncode == 0, done.stderr
    classes, deferred = map(int, done.stdout.split())
    assert classes > 100
    assert deferred == classes


def test_other_dataclasses_are_made_as_ever() -> None:
    @dataclasses.dataclass(frozen=True)
    class Point:
        x: int

    assert Point.__init__.__code__.co_filename == "<string>"
    assert Point(1) == Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Point(1).x = 2  # type: ignore[misc]
