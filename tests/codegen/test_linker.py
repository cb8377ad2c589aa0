"""Objects that are linked without LLVM: calls and data among objects and outside, protection, and bytes that are damaged."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys

import pytest

from phintys.codegen import elf, engine, linker, loader

pytestmark = pytest.mark.skipif(not linker.available(), reason="objects of this machine are LLVM's to load")

FIRST = """
@count = global i64 40
@shared = internal constant [2 x double] [double 1.5, double 2.5], align 64
@where = global ptr @step
declare i64 @other(i64)
declare double @cbrt(double)
declare ptr @outside() nonlazybind
@elsewhere = external global i64

define i64 @step(i64 %x) {
  %n = load i64, ptr @count
  %y = call i64 @other(i64 %n)
  store i64 %y, ptr @count
  %far = load i64, ptr @elsewhere
  %z = add i64 %y, %far
  %sum = add i64 %z, %x
  ret i64 %sum
}

define double @root(i64 %i) {
  %at = getelementptr [2 x double], ptr @shared, i64 0, i64 %i
  %x = load double, ptr %at
  %y = call double @cbrt(double %x)
  ret double %y
}

define ptr @called() {
  %p = call ptr @outside()
  ret ptr %p
}
"""
SECOND = """
@elsewhere = global i64 1000
define i64 @other(i64 %x) {
  %y = add i64 %x, 2
  ret i64 %y
}
"""


def objects() -> list[bytes]:
    return [engine.compile_quickly(FIRST), engine.compile_object(SECOND)]


def test_objects_call_each_other_and_what_is_outside() -> None:
    kept = ctypes.CFUNCTYPE(ctypes.c_void_p)(lambda: 12345)
    outside = ctypes.cast(kept, ctypes.c_void_p).value or 0
    image = linker.link(objects(), lambda name: outside if name == "outside" else loader.address_of(name))
    step = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(image.addresses["step"])
    assert [step(1), step(0)] == [1043, 1044]
    root = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64)(image.addresses["root"])
    assert [root(i) ** 3 for i in range(2)] == pytest.approx([1.5, 2.5])
    assert ctypes.c_void_p.from_address(image.addresses["where"]).value == image.addresses["step"]
    assert ctypes.CFUNCTYPE(ctypes.c_void_p)(image.addresses["called"])() == 12345
    image.close()


def test_nothing_can_be_written_and_run() -> None:
    image = linker.link(objects(), lambda name: 1)
    kinds = set()
    with open("/proc/self/maps", encoding="ascii") as file:
        for line in file:
            low, high, kind = re.match(r"(\w+)-(\w+) (\S+)", line).groups()  # type: ignore[union-attr]
            if int(low, 16) < image.base + image.size and int(high, 16) > image.base:
                kinds.add(kind)
    assert kinds >= {"r-xp", "rw-p"} and not any("w" in kind and "x" in kind for kind in kinds)
    image.close()


def test_a_name_that_is_there_twice() -> None:
    with pytest.raises(linker.LinkError, match="two objects have other"):
        linker.link([engine.compile_quickly(SECOND)] * 2, lambda name: 1)


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(engine.LLVMError, match="compiled code calls outside, which no loaded library has"):
        engine._load(elf.pack(objects()), ["step"])


def test_damaged_objects_are_exceptions() -> None:
    """In a process of its own: one that ended would be noticed there."""
    program = """
import random
from phintys.codegen import elf, engine, linker
from tests.codegen.test_linker import objects
whole = objects()
draw = random.Random(3)
refused = 0
for _ in range(3000):
    data = bytearray(whole[0])
    for _ in range(draw.randrange(1, 4)):
        data[draw.randrange(len(data))] = draw.randrange(256)
    if draw.random() < 0.3:
        del data[draw.randrange(len(data)):]
    try:
        linker.link([bytes(data), whole[1]], lambda name: 1).close()
    except (elf.DamagedObject, linker.LinkError, MemoryError):
        refused += 1
print(refused)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 300


def test_where_llvm_loads_the_objects() -> None:
    """Machines whose objects are not read here: the same runtime and functions through LLVM's loader, cached or not."""
    program = """
import numpy as np
from phintys.codegen import linker
linker.available = lambda: False
import phintys, phintys.tensor as T
x, y, i = T.dmatrix("x"), T.dscalar("y"), T.lscalar("i")
state = phintys.shared(np.zeros(3))
f = phintys.function([x, y], [T.dot(x, x.T) + y, T.sort(T.exp(x), axis=0)], updates=[(state, state + x.sum(0))])
a = np.arange(6.0).reshape(2, 3)
product, ordered = f(a, 2)
np.testing.assert_allclose(product, a @ a.T + 2)
np.testing.assert_allclose(ordered, np.sort(np.exp(a), axis=0))
assert state.get_value().tolist() == [3, 5, 7]
assert phintys.function([i], i + 1)(41) == 42
try:
    f(a, a)
    raise SystemExit("a matrix is taken for a scalar")
except TypeError:
    pass
print("fine")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr
