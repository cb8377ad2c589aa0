"""Loops on several threads give the bits that one thread gives, whoever else calls, forks or leaves meanwhile."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.codegen import blas, defaults
from phintys.codegen.threads import set_threads, threads
from phintys.passes import parallel_totals

COUNTS = (2, 3, 7)


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    set_threads(None)


def programs() -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    x = T.dmatrix("x")
    expressions = {
        "map": x**10 + T.exp(-x),
        "rows": T.nnet.softmax(x),
        "sums of rows": (x * 2).sum(axis=1),
        "sums of columns": x.sum(axis=0),
        "sum": T.exp(x).sum(),
        "largest": x.max(),
        "position": x.argmin(),
        "integers": T.cast(x * 1e9, "int64").prod(),
        "largest of columns": (x * 2).max(axis=0),
        "position in columns": x.argmax(axis=0),
        "truth": T.gt(x, 0),
        "transposed": x.T * 3,
        "joined": T.concatenate([x, x * 2, x[:, :1]], axis=1),
        "cumulative": T.cumsum(x, axis=0),
        "sorted": T.sort(x, axis=1),
        "order of columns": T.argsort(x, axis=0),
        "chosen rows": x[T.cast(T.arange(x.shape[0]) * 7 % x.shape[0], "int64") - x.shape[0]],
    }
    return {name: phintys.function([x], expression) for name, expression in expressions.items()}


@pytest.fixture(scope="module")
def functions() -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    return programs()


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (1, 400_000), (200_003, 2), (521, 769), (5, 80_000)])
def test_bits_do_not_depend_on_the_number_of_threads(
    functions: dict[str, Callable[[np.ndarray], np.ndarray]], shape: tuple[int, int]
) -> None:
    a = np.random.default_rng(0).normal(size=shape)
    for name, f in functions.items():
        set_threads(1)
        expected = f(a)
        for count in COUNTS:
            set_threads(count)
            assert all(f(a).tobytes() == expected.tobytes() for _ in range(3)), (name, count)


def test_totals_are_merged_in_order() -> None:
    """Ties, NaN and infinities far apart, and a sum whose parts nearly cancel."""
    set_threads(3)
    x = T.dvector("x")
    f = phintys.function([x], [x.sum(), x.max(), x.min(), x.argmax(), x.argmin(), (x * x).sum(), T.prod(x)])
    a = np.random.default_rng(3).normal(size=1_500_000)
    a[[400_000, 1_300_000]] = 9.0
    a[[700_000, 1_200_000]] = -9.0
    total, largest, smallest, where, where_not, squares, product = f(a)
    assert abs(total - math.fsum(a)) <= 4 * np.spacing(np.abs(a).sum()) and product == 0.0
    assert (largest, smallest, where, where_not) == (9.0, -9.0, 400_000, 700_000)
    assert abs(squares / math.fsum(a * a) - 1) < 4e-16
    a[[900_000, 1_400_000]] = np.nan
    total, largest, smallest, where, where_not, *_ = f(a)
    assert np.isnan([total, largest, smallest]).all() and where == where_not == 900_000
    a[[900_000, 1_400_000]] = np.inf
    total, largest, smallest, where, where_not, *_ = f(a)
    assert (total, largest, smallest, where, where_not) == (np.inf, np.inf, -9.0, 900_000, 700_000)
    assert [int(v) for v in f(np.full(1_000_000, -np.inf))[3:5]] == [0, 0]


@pytest.mark.parametrize("chunk", [64, 1000])
def test_parts_of_totals_reach_the_end(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    """Whatever is left over when the elements are given out."""
    monkeypatch.setattr(parallel_totals, "CHUNK", chunk)
    set_threads(3)
    x = T.dvector("x")
    f = phintys.function([x], [x.sum(), x.max(), x.argmax()])
    for whole in (700, 8192, 3 * 8192, 128_000, 1 << 19, 3 << 19):
        for more in (-1, 0, 1, 63, 64, 65, 127):
            a = np.ones(whole + more)
            a[-1] = 5.0
            assert [float(v) for v in f(a)] == [a.size + 4, 5, a.size - 1], a.size


def test_no_elements(functions: dict[str, Callable[[np.ndarray], np.ndarray]]) -> None:
    set_threads(3)
    for shape in ((0, 5), (0, 1)):
        assert functions["map"](np.zeros(shape)).shape == shape


def test_the_team_is_used(functions: dict[str, Callable[[np.ndarray], np.ndarray]]) -> None:
    """Members are threads of the process that Python does not know."""
    tasks = Path("/proc/self/task")
    if not tasks.exists():
        pytest.skip("the system does not list threads here")
    set_threads(threads() + 40)
    functions["map"](np.ones((1000, 1000)))
    assert len(list(tasks.iterdir())) >= 40


def test_loops_that_others_take_part_in() -> None:
    """What a member of the team does is time of the process, but not of the thread that calls."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core")
    x, i = T.dmatrix("x"), T.lvector("i")
    a = np.random.default_rng(4).normal(size=(4000, 400))
    order = np.random.default_rng(5).permutation(4000)
    functions = [phintys.function([x], T.sort(x, axis=1)), phintys.function([x, i], x[i], on_unused_input="ignore")]
    set_threads(2)
    for f, arguments in zip(functions, [(a,), (a, order)], strict=True):
        share = 1.0
        for _ in range(300):  # on a busy machine, members come late
            before = time.process_time(), time.thread_time()
            f(*arguments)
            share = min(share, (time.thread_time() - before[1]) / max(time.process_time() - before[0], 1e-9))
            if share < 0.9:
                break
        assert share < 0.9


def test_indices_are_checked_before_rows_are_copied() -> None:
    x, i = T.dmatrix("x"), T.lvector("i")
    f = phintys.function([x, i], x[i])
    a = np.arange(12.0).reshape(4, 3)
    set_threads(2)
    np.testing.assert_array_equal(f(a, [-4, 3, 0]), a[[-4, 3, 0]])
    for wrong in (4, -5):
        with pytest.raises(IndexError, match=f"index {wrong} is out of bounds for dimension 0 of size 4"):
            f(a, [0, wrong, 1])
    assert f(a, np.zeros(0, int)).shape == (0, 3) and f(np.zeros((0, 3)), np.zeros(0, int)).shape == (0, 3)


def test_states_are_written_in_place_by_all_threads() -> None:
    w = phintys.shared(np.arange(1_000_000.0))
    step = phintys.function([], [], updates={w: w * 0.5 + 1})
    set_threads(3)
    for _ in range(20):
        step()
    expected = np.arange(1_000_000.0)
    for _ in range(20):
        expected = expected * 0.5 + 1
    np.testing.assert_array_equal(w.get_value(), expected)


def test_several_callers_at_once(functions: dict[str, Callable[[np.ndarray], np.ndarray]]) -> None:
    set_threads(3)
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=(300, 700)) for _ in range(4)]
    names = ("map", "rows", "sums of rows", "transposed")
    expected = {(name, k): functions[name](a).tobytes() for name in names for k, a in enumerate(arrays)}

    def caller(k: int) -> bool:
        return all(functions[name](arrays[k]).tobytes() == expected[name, k] for _ in range(30) for name in names)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(caller, range(4)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_has_a_team_of_its_own(functions: dict[str, Callable[[np.ndarray], np.ndarray]]) -> None:
    set_threads(3)
    a = np.random.default_rng(2).normal(size=(700, 700))
    expected = functions["map"](a).tobytes()
    child = os.fork()
    if child == 0:
        os._exit(0 if all(functions["map"](a).tobytes() == expected for _ in range(20)) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert functions["map"](a).tobytes() == expected


def test_a_program_ends_while_threads_wait_or_work() -> None:
    program = """
import threading, time
import numpy as np, phintys, phintys.tensor as T
x = T.dvector("x")
f = phintys.function([x], T.exp(x) ** 10)
a = np.ones(3_000_000)
f(a)
threading.Thread(target=lambda: [f(a) for _ in range(10_000)], daemon=True).start()
time.sleep(0.1)
print("end")
"""
    environment = {**os.environ, "PHINTYS_NUM_THREADS": "3"}
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=environment)
    assert (result.returncode, result.stdout, result.stderr) == (0, "end\n", "")


@pytest.mark.parametrize(("phintys", "omp", "expected"), [("3", "8", 3), ("", "5", 5), ("4000", "", 1024)])
def test_the_environment_says_how_many(monkeypatch: pytest.MonkeyPatch, phintys: str, omp: str, expected: int) -> None:
    monkeypatch.setenv("PHINTYS_NUM_THREADS", phintys)
    monkeypatch.setenv("OMP_NUM_THREADS", omp)
    assert defaults.default_threads() == expected


def test_what_a_program_asks_for_counts_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHINTYS_NUM_THREADS", "3")
    set_threads(5)
    assert (threads(), blas.thread_count()) == (5, 5)
    set_threads(None)
    assert (threads(), blas.thread_count()) == (3, 3)


@pytest.mark.parametrize(("text", "expected"), [("200000 100000", 2), ("150000 100000", 2), ("max 100000", 16), ("?", 16)])
def test_a_container_has_a_share_of_the_processors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, expected: int
) -> None:
    for variable in ("PHINTYS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(variable, raising=False)
    quota = tmp_path / "cpu.max"
    quota.write_text(text)
    monkeypatch.setattr(defaults, "_QUOTA", quota)
    monkeypatch.setattr(defaults, "_cores", lambda: 64)
    assert defaults.default_threads() == expected


@pytest.mark.parametrize("count", [0, -1, 5000])
def test_counts_that_make_no_sense(count: int) -> None:
    with pytest.raises(ValueError, match="expected a number from 1 to 1024"):
        set_threads(count)
