"""Launch plans: what they say, that memory is freed in its time, and that a recording device notices when it is not."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pytest

from phintys.codegen.device_executable import DeviceExecutable
from phintys.codegen.emulated_kernels import EmulatedDevice
from phintys.codegen.launch_plan import Kernel, LaunchPlan, plan_of
from phintys.codegen.recording import Misuse, RecordingDriver
from phintys.codegen.text import TranslationError
from phintys.dialects.text import parse_module

KERNEL = """
  gpu.module @kernels {
    gpu.func @twice(%x: memref<?xf64>, %y: memref<?xf64>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      %two = arith.constant 2.0 : f64
      %i = gpu.thread_id x
      %v = memref.load %x[%i] : memref<?xf64>
      %w = arith.mulf %v, %two : f64
      memref.store %w, %y[%i] : memref<?xf64>
      gpu.return
    }
  }
"""
LAUNCH = """gpu.launch_func @kernels::@twice blocks in (%one, %one, %one) threads in (%t, %one, %one)
      args(%xd : memref<?xf64>, %y : memref<?xf64>)"""


def module(body: str, arguments: str = "%x: memref<?xf64>", results: str = "memref<?xf64>") -> Any:
    head = """
    %c0 = arith.constant 0 : index
    %one = arith.constant 1 : index
    %t = arith.constant 64 : index"""
    text = (
        f"builtin.module attributes {{gpu.container_module}} {{ func.func @f({arguments}) -> ({results}) {{{head}\n{body}}}\n"
    )
    return parse_module(text + KERNEL + "}")


TWICE = f"""
    %n = memref.dim %x, %c0 : memref<?xf64>
    %xd = rt.to_device %x : memref<?xf64>
    %y = memref.alloc(%n) : memref<?xf64>
    {LAUNCH}
    %h = rt.to_host %y : memref<?xf64>
    memref.dealloc %y : memref<?xf64>
    func.return %h : memref<?xf64>
"""
SOURCE = """\
def main(*arguments):
    # input f64[?] arg0
    arg0, = arguments
    xd = y = 0
    try:
        arg0_0 = arg0.shape[0]
        xd = to_device(arg0)
        y = allocate(8 * arg0_0)
        launch_0(1, 64, 0, xd, arg0_0, y, arg0_0)
        xd = release(arg0, xd)
        h = fetch(y, (arg0_0,), 'float64')
        y = free(y)
        return (h,)
    except BaseException:
        release(arg0, xd)
        free(y)
        raise
"""


def run(plan: LaunchPlan, code: Any, *values: Any) -> tuple[Any, EmulatedDevice]:
    """The result of a plan on a device, which has to be empty in the end."""
    device = EmulatedDevice()
    result = DeviceExecutable(plan, device.code(code), device).bind_strict([], lambda *_: None, True)(*values)
    if device.live:
        raise Misuse(f"leak of {len(device.live)}")
    return result, device


def test_a_plan_reads_one_line_a_step() -> None:
    plan = plan_of(module(TWICE))
    assert plan.source == SOURCE
    assert plan.kernels == (Kernel("twice", ("f64[?]", "f64[?]"), 64),) and plan.kernels[0].format == "PqPq"
    assert LaunchPlan.from_json(plan.to_json()) == plan


def test_strides_of_what_has_one_element_leave_no_gaps() -> None:
    view = "memref<1x?xf64, strided<[1, 1]>>"
    lines = f"""
    %v = memref.reinterpret_cast %y to offset: [0], sizes: [1, %n], strides: [1, 1] : memref<?xf64> to {view}
    %g = rt.to_host %v : {view}
    %e = memref.load %g[%c0, %one] : {view}
    %h ="""
    code = module(TWICE.replace("%h =", lines))
    plan = plan_of(code)
    assert "g = to_host(y, (1, arg0_0), 'float64')" in plan.source
    assert (run(plan, code, np.arange(64.0))[0] == 2 * np.arange(64)).all()


def test_a_plan_runs() -> None:
    code = module(TWICE)
    result, device = run(plan_of(code), code, np.arange(64.0))
    assert (result == 2 * np.arange(64)).all()
    kinds = [event[0] for event in device.events]
    assert kinds == ["load", "allocate", "upload", "allocate", "launch", "free", "download", "free", "synchronize"]


@pytest.mark.parametrize(
    ("line", "after", "message"),
    [
        ("y = free(y)", "y = allocate", "was never allocated|was freed"),  # freed before the launch: y is 0
        ("xd = release(arg0, xd)", "xd = to_device", "was never allocated|was freed"),
        ("y = free(y)", None, "leak"),
        ("xd = release(arg0, xd)", None, "leak"),
        ("y = free(y)", "launch_0", "was never allocated|was freed"),
    ],
)
def test_a_free_that_is_moved_or_left_out_is_noticed(line: str, after: str | None, message: str) -> None:
    code = module(TWICE)
    plan = plan_of(code)
    lines = [text for text in plan.source.splitlines() if text.strip() != line]
    if after is not None:
        at = next(number for number, text in enumerate(lines) if text.strip().startswith(after))
        lines.insert(at + 1, f"        {line}")
    with pytest.raises(Misuse, match=message):
        run(dataclasses.replace(plan, source="\n".join(lines)), code, np.ones(64))


@pytest.mark.parametrize(
    ("line", "other", "message"),
    [
        ("y = allocate(8 * arg0_0)", "y = allocate(4 * arg0_0)", "512 bytes at 0 of an allocation of 256 bytes"),
        ("launch_0(1, 64, 0, xd,", "launch_0(1, 64, 0, xd + 8,", "512 bytes at 8"),
        ("launch_0(1, 64,", "launch_0(1, 32,", "blocks of 32 threads"),
        ("launch_0(1, 64, 0, xd, arg0_0, y, arg0_0)", "launch_0(1, 64, 0, xd, y, arg0_0)", "takes 4 words, got 3"),
        ("launch_0(1, 64, 0,", "launch_0(1, 64, 10**6,", "1000000 bytes of shared memory"),
        ("h = fetch(y, (arg0_0,)", "z = y; y = free(y); h = fetch(z, (arg0_0,)", "was freed"),
        ("y = free(y)", "free(y); y = free(y)", "freed twice"),
        ("h = fetch(y, (arg0_0,)", "h = fetch(y, (arg0_0 + 1,)", "520 bytes at 0 of an allocation of 512"),
    ],
)
def test_misuse_is_noticed(line: str, other: str, message: str) -> None:
    code = module(TWICE)
    plan = plan_of(code)
    assert line in plan.source
    with pytest.raises(Misuse, match=message):
        run(dataclasses.replace(plan, source=plan.source.replace(line, other, 1)), code, np.ones(64))


def test_what_the_ir_does_not_free_is_freed_after_its_last_use() -> None:
    without = "\n".join(line for line in TWICE.splitlines() if "dealloc" not in line)
    assert plan_of(module(without)).source == SOURCE


@pytest.mark.parametrize("freed", [True, False])
def test_results_that_stay_are_not_freed(freed: bool) -> None:
    text = "\n".join(line for line in TWICE.splitlines() if freed or "dealloc" not in line)
    source = plan_of(module(text), frozenset([0])).source
    assert "fetch" not in source and "y = free(y)" not in source
    assert "return (device_array(y, (arg0_0,), 'float64'),)" in source


def test_nothing_is_held_when_a_check_fails() -> None:
    check = """
    %no = arith.cmpi slt, %n, %one : index
    rt.assert %no, "ValueError", "{0} is not below {1}" (%n, %one : index, index)
    %h = rt.to_host"""
    code = module(TWICE.replace("%h = rt.to_host", check))
    device = EmulatedDevice()

    def fail(number: int, values: tuple[int, ...]) -> None:
        raise ValueError(f"check {number} of {values}")

    with pytest.raises(ValueError, match=re.escape("check 0 of (64, 1)")):
        DeviceExecutable(plan_of(code), device.code(code), device).bind_strict([], fail, True)(np.ones(64))
    assert not device.live and [event[0] for event in device.events].count("free") == 2


SCALARS = [
    ("arith.divsi", "i64", (-7, 2), -3),
    ("arith.remsi", "i64", (-7, 2), -1),
    ("arith.divui", "i32", (-2, 2), 2**31 - 1),
    ("arith.shrui", "i32", (-1, 28), 15),
    ("arith.addi", "i32", (2**31 - 1, 1), -(2**31)),
    ("arith.muli", "i64", (2**62, 2), -(2**63)),
    ("arith.floordivsi", "i64", (-7, 2), -4),
    ("arith.ceildivsi", "i64", (7, 2), 4),
    ("arith.maxui", "i8", (-1, 3), -1),
    ("arith.divf", "f64", (1.0, 0.0), np.inf),
    ("arith.addf", "f32", (16777216.0, 1.0), 16777216.0),
    ("arith.minimumf", "f64", (1.0, np.nan), np.nan),
    ("arith.minnumf", "f64", (1.0, np.nan), 1.0),
]


@pytest.mark.parametrize(("name", "type", "values", "expected"), SCALARS)
def test_scalars_of_the_host(name: str, type: str, values: tuple[Any, Any], expected: Any) -> None:
    box = f"memref<{type}>"
    body = f"""
    %u = memref.load %a[] : {box}
    %v = memref.load %b[] : {box}
    %w = {name} %u, %v : {type}
    %r = memref.alloc() {{phi.host}} : {box}
    memref.store %w, %r[] : {box}
    func.return %r : {box}
"""
    code = module(body, f"%a: {box}, %b: {box}", box)
    dtype = {"i64": "int64", "i32": "int32", "i8": "int8", "f64": "float64", "f32": "float32"}[type]
    plan = plan_of(code)
    device = RecordingDriver()
    found = DeviceExecutable(plan, "", device).bind_strict([], lambda *_: None, True)(*(np.array(v, dtype) for v in values))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.array(expected, dtype))


def test_conditions() -> None:
    body = """
    %n = memref.dim %x, %c0 : memref<?xf64>
    %few = arith.cmpi ult, %n, %t : index
    %s = scf.if %few -> (index) { scf.yield %one : index } else { scf.yield %t : index }
    %r = memref.alloc(%s) {phi.host} : memref<?xf64>
    scf.if %few {
      %v = arith.constant -3.0 : f64
      memref.store %v, %r[%c0] : memref<?xf64>
    }
    func.return %r : memref<?xf64>
"""
    plan = plan_of(module(body))
    f = DeviceExecutable(plan, "", RecordingDriver()).bind_strict([], lambda *_: None, True)
    assert f(np.ones(5)).tolist() == [-3] and f(np.ones(64)).shape == (64,)


WRONG = {
    "expected rt.to_host before func.return": """
    %xd = rt.to_device %x : memref<?xf64>
    func.return %xd : memref<?xf64>""",
    "math.tanh has no place in the host code": """
    %v = memref.load %x[%c0] : memref<?xf64>
    %w = math.tanh %v : f64
    func.return %x : memref<?xf64>""",
    "is on the host, where a kernel or a library does not reach it": f"""
    %xd = rt.to_host %x : memref<?xf64>
    %y = memref.alloc(%t) : memref<?xf64>
    {LAUNCH}
    func.return %xd : memref<?xf64>""",
}


@pytest.mark.parametrize("message", WRONG)
def test_host_code_that_has_no_plan(message: str) -> None:
    with pytest.raises(TranslationError, match=message):
        plan_of(module(WRONG[message]))
