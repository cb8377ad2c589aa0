"""Several processes and threads, interruptions, no memory: what must not break, lose a number or leave half a state."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import phintys.tensor as T
from phintys import function, shared
from phintys.codegen import cache

START = 60  # seconds that a child may take to start on a loaded machine


def run(program: str, *, cache_dir: Path | None = None, **environment: str) -> subprocess.Popen[str]:
    """A child that runs a program, with the object cache in a folder."""
    given = {**os.environ, **environment}
    if cache_dir is not None:
        given["PHINTYS_CACHE_DIR"] = str(cache_dir)
    command = [sys.executable, "-c", textwrap.dedent(program)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=given)


def finish(child: subprocess.Popen[str]) -> tuple[str, str]:
    """What it printed; it has to end well."""
    out, err = child.communicate(timeout=3 * START)
    assert child.returncode == 0, err[-2000:]
    return out, err


# --- the object cache -------------------------------------------------------------------------------------------------

COMPILES = """
    import sys, numpy as np, phintys.tensor as T
    from phintys import function
    x = T.dvector("x")
    same = function([x], T.exp(x).sum())
    own = function([x], x * {number} + 1)
    values = np.arange(5.0)
    assert abs(same(values) - np.exp(values).sum()) < 1e-12
    assert (own(values) == values * {number} + 1).all()
    print("fine")
"""


def test_eight_processes_compile_at_once(tmp_path: Path) -> None:
    """The same function and different ones, into one empty cache."""
    children = [run(COMPILES.format(number=number), cache_dir=tmp_path) for number in range(2, 10)]
    assert [finish(child)[0] for child in children] == ["fine\n"] * 8
    folder = tmp_path / "objects"
    assert len(list(folder.glob("*.phio"))) >= 9 and not list(folder.glob("*.tmp"))  # the runtime's are there, too


def test_killed_while_writing(tmp_path: Path) -> None:
    """What a killed process leaves is a whole entry or none."""
    writer = """
        from phintys.codegen import cache
        print("go", flush=True)
        number = 0
        while True:
            cache.store(str(number % 3), bytes([number % 256]) * 3_000_000, {"n": number % 256})
            number += 1
    """
    for delay in (0.0, 0.01, 0.03):
        child = run(writer, cache_dir=tmp_path)
        assert child.stdout is not None and child.stdout.readline() == "go\n"
        time.sleep(delay)
        child.kill()
        child.communicate()
    reader = """
        from phintys.codegen import cache
        found = [entry for entry in map(cache.load, "012") if entry is not None]
        for data, meta in found:
            assert data == bytes([meta["n"]]) * 3_000_000
        print(len(found) <= 3)
    """
    assert finish(run(reader, cache_dir=tmp_path))[0] == "True\n"


@pytest.mark.parametrize("home", ["/proc/no-such-home", "/dev/null"])
def test_no_home_to_write_to(home: str) -> None:
    """A warning, and functions that work."""
    out, err = finish(run(COMPILES.format(number=2), HOME=home, XDG_CACHE_HOME=f"{home}/.cache", PHINTYS_CACHE_DIR=""))
    assert out == "fine\n" and "compiled functions are not cached on disk" in err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of file sizes")
def test_a_disk_without_room(tmp_path: Path) -> None:
    """Writing fails in the middle of an entry: functions work, and nothing half written stays."""
    limit = """
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
    """
    program = textwrap.dedent(limit) + textwrap.dedent(COMPILES.format(number=2))
    assert finish(run(program, cache_dir=tmp_path))[0] == "fine\n"
    left = list((tmp_path / "objects").iterdir())
    assert all(path.suffix == ".phio" and path.stat().st_size < 3000 for path in left)


def test_two_versions_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions differ in their sources: each finds its own entries."""
    monkeypatch.setenv("PHINTYS_CACHE_DIR", str(tmp_path))
    stored: list[str] = []
    store = cache.store
    monkeypatch.setattr(cache, "store", lambda key, *rest: (stored.append(key), store(key, *rest)))
    x = T.dvector("x")
    for version in ("one", "another"):
        monkeypatch.setattr(cache, "toolchain_fingerprint", lambda version=version: version)
        for _ in range(2):
            assert function([x], x * 3.25 - 17)([1.0]) == [-13.75]
    for kind in ("phi_kernel", ""):
        found = [key for key in stored if key.startswith(kind) and (kind or not key.startswith(("runtime", "phi_kernel")))]
        assert len(found) == len(set(found)) == 2


# --- threads ----------------------------------------------------------------------------------------------------------


def at_once(action: Callable[[int], Any], count: int = 8) -> list[Any]:
    """What `count` threads give that start together."""
    gate = threading.Barrier(count)

    def go(number: int) -> Any:
        gate.wait()
        return action(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(go, range(count)))


def test_one_function_from_eight_threads() -> None:
    x = T.dmatrix("x")
    f = function([x], [T.exp(x).sum(axis=1), x.max()])
    inputs = [np.random.default_rng(number).normal(size=(300, 200)) for number in range(8)]
    expected = [f(value) for value in inputs]
    for found in at_once(lambda number: [f(inputs[number]) for _ in range(20)]):
        number = next(n for n, (_, top) in enumerate(expected) if top == found[0][1])
        for sums, top in found:
            np.testing.assert_array_equal(sums, expected[number][0])
            assert top == expected[number][1]


def test_no_update_is_lost() -> None:
    """A call that updates states is one step for all threads, also when two functions share the state."""
    total, table = shared(0), shared(np.zeros(1000))
    n = T.lscalar("n")
    add = function([n], total, updates=[(total, total + n)])
    fill = function([], updates=[(total, total + 1), (table, table + 1)])
    at_once(lambda number: [add(2) if number % 2 else fill() for _ in range(500)])
    assert total.get_value() == 4 * 500 * 2 + 4 * 500
    np.testing.assert_array_equal(table.get_value(), np.full(1000, 2000.0))


def test_compiling_in_eight_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHINTYS_CACHE", "0")

    def compile_and_call(number: int) -> float:
        x = T.dvector("x")
        return float(function([x], T.sum(T.tanh(x * (number + 1)) ** 2))(np.ones(3)))

    np.testing.assert_allclose(at_once(compile_and_call), [3 * np.tanh(n + 1) ** 2 for n in range(8)])


# --- processes --------------------------------------------------------------------------------------------------------


def _double(value: float) -> float:
    x = T.dscalar("x")
    return float(function([x], 2 * x)(value))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_functions_in_child_processes(method: str) -> None:
    assert _double(1.5) == 3.0  # the parent has compiled and has threads
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map_async(_double, [1.0, 2.0, 3.0]).get(timeout=3 * START) == [2.0, 4.0, 6.0]
        w, x = shared(3.0), T.dscalar("x")
        add = function([x], w + x, updates=[(w, w + 1)])
        assert pool.apply_async(add, (2.0,)).get(timeout=START) == 5.0 and w.get_value() == 3.0


def test_functions_and_models_travel() -> None:
    """A pickled function has its states with it; a deep copy shares nothing."""
    w = shared(np.arange(3.0), name="w")
    x = T.dvector("x")
    step = function([x], (w * x).sum(), updates=[(w, w + x)])
    for copied in (pickle.loads(pickle.dumps(step)), deepcopy(step)):
        assert copied(np.ones(3)) == 3.0
        assert copied(np.ones(3)) == 6.0
    assert step(np.ones(3)) == 3.0
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(w)).get_value(), [1.0, 2.0, 3.0])


# --- interruptions and no memory --------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_control_c_in_a_long_call() -> None:
    """The call ends when its loop has; the interruption is raised then, and the state is the old or the new one."""
    program = """
        import signal
        import time, numpy as np, phintys.tensor as T
        from phintys import function, shared
        signal.signal(signal.SIGINT, signal.default_int_handler)  # children of a job in the background ignore it
        total = shared(np.zeros(3_000_000))
        f = function([], updates=[(total, T.sin(T.cos(T.erfinv(T.tanh(total + 1)))) ** 1.37)])
        f()
        before = total.get_value()
        print("go", flush=True)
        calls = 0
        try:
            while True:
                f()
                calls += 1
        except KeyboardInterrupt:
            pass
        again = shared(before)
        g = function([], updates=[(again, T.sin(T.cos(T.erfinv(T.tanh(again + 1)))) ** 1.37)])
        reached = total.get_value()
        for _ in range(calls + 1):
            if np.array_equal(again.get_value(), reached):
                break
            g()
        print("state", np.array_equal(again.get_value(), reached))
    """
    child = run(program)
    assert child.stdout is not None and child.stdout.readline() == "go\n"
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    assert finish(child)[0] == "state True\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_control_c_while_compiling() -> None:
    """Compiling stops; the same function compiles afterwards."""
    program = """
        import signal
        import phintys.tensor as T
        from phintys import function
        signal.signal(signal.SIGINT, signal.default_int_handler)
        x = T.dvector("x")
        def build():
            return function([x], [T.sum(x * n + 1, axis=0) for n in range(300)])
        print("go", flush=True)
        try:
            build()
        except KeyboardInterrupt:
            print("stopped", flush=True)
        assert build()([1.0, 2.0])[2] == 8.0
        print("fine")
    """
    child = run(program, PHINTYS_CACHE="0")
    assert child.stdout is not None and child.stdout.readline() == "go\n"
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    assert finish(child)[0] == "stopped\nfine\n"


def test_a_terabyte_is_an_exception() -> None:
    """Results and temporaries that cannot be had: MemoryError, and no state has changed."""
    n = T.lscalar("n")
    count = shared(0)
    large = T.alloc(T.exp(T.cast(n, "float64")), n, 1 << 17)
    for result in (large, T.sort(large, axis=0).sum(), T.dot(large, T.ones((1 << 17, 3))).sum()):
        f = function([n], result, updates=[(count, count + 1)])
        with pytest.raises(MemoryError):
            f(1 << 23)  # 8 TiB
    assert count.get_value() == 0
    assert function([n], T.alloc(1.0, n).sum())(3) == 3.0


def test_the_interpreter_ends_while_threads_call() -> None:
    program = """
        import threading, numpy as np, phintys.tensor as T
        from phintys import function
        x = T.dmatrix("x")
        f = function([x], T.exp(x).sum())
        value = np.ones((1000, 1000))
        def forever():
            while True:
                f(value)
        for _ in range(3):
            threading.Thread(target=forever, daemon=True).start()
        f(value)
        print("end")
    """
    assert finish(run(program))[0] == "end\n"
