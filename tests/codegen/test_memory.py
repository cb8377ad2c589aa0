"""References, temporaries, the pool of large buffers, threads."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
import threading
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from native_support import CheckFailed, SlowPathTaken, bound, compiled, fail, function, slow
from test_entry import ACCUMULATE, ADD, PAIR, SQUARE

from phintys.codegen import memory
from phintys.codegen.engine import start


def counts(*objects: object) -> list[int]:
    return [sys.getrefcount(thing) for thing in objects]


def test_no_reference_is_lost_or_kept() -> None:
    add, pair, accumulate = bound(ADD), None, None
    cell, buffer_cell = [np.zeros(2)], [np.zeros(3)]
    pair, accumulate = bound(PAIR, [cell]), bound(ACCUMULATE, [buffer_cell])
    x, y, three, wrong = np.array(2.5), 1234.5, np.ones(3), np.ones(4)
    watched = (
        x,
        y,
        three,
        wrong,
        np.dtype("float64"),
        np.dtype("int64"),
        np.ndarray,
        buffer_cell[0],
        buffer_cell,
        cell,
        float,
    )

    def once() -> None:
        add(x, y)
        pair(y)
        accumulate(three)
        for call, argument in ((accumulate, wrong), (add, "text")):
            with pytest.raises((CheckFailed, SlowPathTaken)):
                call(argument)

    for _ in range(10):
        once()
    gc.collect()
    before = counts(*watched)
    for _ in range(1000):
        once()
    gc.collect()
    after = counts(*watched)
    assert all(abs(b - a) <= 3 for a, b in zip(before, after, strict=True)), list(zip(before, after, strict=True))


def test_no_memory_is_lost() -> None:
    add, square = bound(ADD, unpack=False), bound(SQUARE)
    cell = [np.zeros(2)]
    pair, accumulate = bound(PAIR, [cell]), bound(ACCUMULATE, [[np.zeros(3)]])
    x, wrong = np.ones(1000), np.ones(4)
    vast = bound(
        SQUARE.replace("llvm.store %x_0, %dims", "%v = llvm.mlir.constant(1000000000000000 : i64) : i64\nllvm.store %v, %dims")
        .replace("%v = llvm.load", "%vv = llvm.load")
        .replace("llvm.fmul %v, %v", "llvm.fmul %vv, %vv")
    )

    def many(count: int) -> None:
        for _ in range(count):
            add(1.0, 2.0)
            square(x)
            pair(1.0)
        for _ in range(count // 100):
            with pytest.raises(CheckFailed):
                accumulate(wrong)
            with pytest.raises(MemoryError):
                vast(x)

    many(2000)
    gc.collect()
    tracemalloc.start()
    try:
        many(500)
        gc.collect()
        first = tracemalloc.get_traced_memory()[0]
        many(20000)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - first < 20_000
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_resident_memory_stays_over_a_million_calls() -> None:
    add, cell = bound(ADD), [np.zeros(2)]
    pair = bound(PAIR, [cell])

    def resident() -> int:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    for _ in range(1000):
        add(1.0, 2.0), pair(1.0)
    before = resident()
    for _ in range(1_000_000):
        add(1.0, 2.0)
        pair(1.0)
    assert resident() - before < 4 << 20


def test_the_builtin_keeps_what_it_needs_and_no_more() -> None:
    class Owner:
        def slow(self, *args: object) -> None:
            raise SlowPathTaken(args)

    owner = Owner()
    cell = [np.zeros(3)]
    call = compiled(ACCUMULATE).bind([cell], owner.slow, fail, True)
    del cell
    gc.collect()
    with pytest.raises(SlowPathTaken):
        call("x")
    gone = weakref.ref(owner)
    del owner, call
    gc.collect()
    assert gone() is None


def test_functions_in_cycles_are_collected() -> None:
    class Function:
        pass

    def make() -> weakref.ref[Function]:
        made = Function()
        made.call = compiled(ADD).bind([], lambda *args: made, fail, True)  # type: ignore[attr-defined]
        return weakref.ref(made)

    gone = make()
    gc.collect()
    assert gone() is None


def test_an_update_frees_the_array_it_replaces() -> None:
    cell = [np.zeros(2)]
    gone = weakref.ref(cell[0])
    bound(PAIR, [cell])(1.0)
    assert gone() is None


def test_a_finalizer_that_empties_the_cell_does_no_harm() -> None:
    cell: list[object] = [np.zeros(2)]
    pair = bound(PAIR, [cell])
    weakref.finalize(cell[0], cell.clear)
    pair(1.0)
    assert cell == []
    with pytest.raises(SlowPathTaken):
        pair(1.0)


def test_large_results_come_from_the_pool() -> None:
    memory.clear_pool()
    square = bound(SQUARE)
    x = np.random.default_rng(0).normal(size=1 << 18)
    first = square(x)
    assert first.flags.owndata and first.base is None
    np.testing.assert_array_equal(first, x * x)
    address = first.ctypes.data
    assert address % 64 == 0
    del first
    assert memory.pool_bytes() == x.nbytes
    second = square(x[:-1000].copy())
    assert second.ctypes.data == address and memory.pool_bytes() == 0
    third = square(x)
    assert third.ctypes.data != address
    np.testing.assert_array_equal(third, x * x)
    second.resize(3 << 18, refcheck=False)
    assert second[-1] == 0.0
    del second, third
    memory.clear_pool()
    assert memory.pool_bytes() == 0


def test_the_pool_forgets_the_oldest_and_keeps_its_limit() -> None:
    before = memory.pool_limit()
    square = bound(SQUARE)
    try:
        memory.clear_pool()
        memory.set_pool_limit(5 << 20)
        for _ in range(3):
            kept = [square(np.ones((1 << 17) + 40000 * k)) for k in range(8)]
            assert all(array[0] == 1.0 for array in kept)
            del kept
            assert 0 < memory.pool_bytes() <= 5 << 20
        del_me = square(np.ones(1 << 20))
        del del_me
        assert memory.pool_bytes() <= 5 << 20
    finally:
        memory.set_pool_limit(before)
        memory.clear_pool()


def test_numpy_is_left_with_its_own_memory_handler() -> None:
    from numpy._core.multiarray import get_handler_name

    before = get_handler_name()
    result = bound(SQUARE)(np.ones(1 << 18))
    assert get_handler_name(result) == "phintys"
    assert get_handler_name() == before == get_handler_name(np.ones(3))


def test_temporaries_are_aligned() -> None:
    functions = start()
    alloc = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint64)(functions["phi_alloc"])
    free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(functions["phi_free"])
    for size in (0, 1, 63, 100_000, 1 << 20, 10 << 20):
        address = alloc(size)
        assert address % 64 == 0
        ctypes.memset(address, 255, size)
        free(address)
    free(None)
    assert alloc(1 << 63) is None and alloc(1 << 50) is None
    memory.clear_pool()


def test_small_temporaries_are_where_there_is_room_for_them() -> None:
    functions = start()
    near = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_uint64)(functions["phi_alloc_near"])
    free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(functions["phi_free"])
    room = (ctypes.c_uint8 * 384)()
    begin = -(-ctypes.addressof(room) // 64) * 64
    for size in (0, 1, 256, 257, 100_000, 2 << 20):
        address = near(size, begin, 256)
        assert address % 64 == 0
        assert (address == begin + 64) == (size <= 256)
        ctypes.memset(address, 255, size)
        free(address)
    memory.clear_pool()


def test_temporary_in_a_body() -> None:
    body = """
    %t = llvm.call @phi_alloc(%one) : (i64) -> !llvm.ptr
    %ti = llvm.ptrtoint %t : !llvm.ptr to i64
    llvm.call @phi_free(%t) : (!llvm.ptr) -> ()
    %o = llvm.call @phi_output(%ctx, %ok, %null) : (!llvm.ptr, i32, !llvm.ptr) -> !llvm.ptr
    llvm.store %ti, %o : i64, !llvm.ptr
    llvm.return %ok : i32
    """
    assert bound(function([], ["output i64[]"], body))() % 64 == 0


def test_two_outputs_do_not_alias_and_both_are_written() -> None:
    body = """
    %index = llvm.mlir.constant(1 : i32) : i32
    %o = llvm.call @phi_output(%ctx, %ok, %null) : (!llvm.ptr, i32, !llvm.ptr) -> !llvm.ptr
    %p = llvm.call @phi_output(%ctx, %index, %null) : (!llvm.ptr, i32, !llvm.ptr) -> !llvm.ptr
    %v = llvm.load %x : !llvm.ptr -> f64
    llvm.store %v, %o : f64, !llvm.ptr
    %w = llvm.fadd %v, %v : f64
    llvm.store %w, %p : f64, !llvm.ptr
    llvm.return %ok : i32
    """
    both = bound(function(["input f64[] x"], ["output f64[]", "output f64[]"], body), unpack=False)
    assert both(1.5) == [np.array(1.5), np.array(3.0)]


def test_other_threads_run_while_a_large_call_does() -> None:
    slow_square = bound(SQUARE)
    x = np.random.default_rng(0).normal(size=1 << 20)
    expected = x * x
    ticks, done = [], threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks.append(1)

    ticker = threading.Thread(target=tick)
    ticker.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            for result in pool.map(lambda _: slow_square(x), range(40)):
                np.testing.assert_array_equal(result, expected)
    finally:
        done.set()
        ticker.join()
    assert ticks


def test_one_function_from_many_threads() -> None:
    cell = [np.zeros(1000)]
    accumulate, add = bound(ACCUMULATE, [cell]), bound(ADD)
    ones = np.ones(1000)

    def work(_: int) -> None:
        for k in range(500):
            accumulate(ones)
            assert add(float(k), 1.0) == k + 1.0

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    np.testing.assert_array_equal(cell[0], np.full(1000, 2000.0))


def test_slow_path_result_and_errors_pass_through() -> None:
    executable = compiled(ADD)
    assert executable.bind([], lambda *args, **kwargs: (args, kwargs), fail, True)("a", pb=1) == (("a",), {"pb": 1})
    with pytest.raises(SlowPathTaken):
        executable.bind([], slow, fail, True)("a")


@pytest.mark.parametrize(
    "program",
    [
        "import builtins; builtins.kept = [square(x), square]",
        "import atexit; big = square(x); atexit.register(lambda: square(big))",
        "import os\nbig = square(x)\npid = os.fork()\nif pid: assert os.waitpid(pid, 0)[1] == 0\nbig = square(big)",
        "import threading; threading.Thread(target=lambda: [square(x) for _ in range(50)], daemon=True).start()",
    ],
    ids=["kept to the end", "called at exit", "fork", "daemon thread"],
)
def test_the_process_ends_well(program: str) -> None:
    preamble = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import numpy as np
from native_support import bound
from test_entry import SQUARE
square = bound(SQUARE)
x = np.ones(1 << 18)
"""
    result = subprocess.run([sys.executable, "-c", preamble + program], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
