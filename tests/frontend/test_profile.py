"""`profile=True`: kernels, lines and arrays that were measured are those of the program, and results stay as they are."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import phintys.tensor as T
from phintys import Out, config, function, shared
from phintys.compile import ProfileStats

ROWS, FEATURES = 301, 97


def model(profile: Any = None, name: str = "step") -> tuple[Any, Any]:
    """A training step and its weights; the profiles differ by `name`, so that code and counts are not shared."""
    x, factor = T.dmatrix("x"), float(len(name))
    w = shared(np.linspace(-1, 1, FEATURES * 5).reshape(FEATURES, 5), "w")
    hidden = T.tanh(T.dot(x, w))
    cost = (hidden**2).sum() * factor
    return function([x], [cost, hidden], updates=[(w, w - 0.01 * T.grad(cost, w))], profile=profile, name=name), w


def stats() -> ProfileStats:
    return ProfileStats(atexit_print=False)


X = np.sin(np.arange(ROWS * FEATURES)).reshape(ROWS, FEATURES)


def test_results_have_the_same_bits() -> None:
    plain, w0 = model()
    profiled, w1 = model(stats())
    for _ in range(3):
        for a, b in zip(plain(X), profiled(X), strict=True):
            np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(w0.get_value(), w1.get_value())


def test_kernels_and_lines() -> None:
    f, _ = model(stats(), "kernels and lines")
    for _ in range(4):
        f(X)
    kernels = f.profile.kernels()
    assert sum(kernel.kind == "blas.gemm" for kernel in kernels) == 2
    assert {kernel.calls for kernel in kernels} == {4}
    assert 0 < sum(kernel.seconds for kernel in kernels) <= f.profile.native_seconds() <= f.profile.fct_call_time
    for kernel in kernels:
        assert sum(kernel.lines.values()) == pytest.approx(1.0)
    texts = {line.text for line in f.profile.lines()}
    assert "hidden = T.tanh(T.dot(x, w))" in texts
    assert any("(hidden**2).sum()" in text for text in texts)
    assert all(line.place.startswith("test_profile.py:") for line in f.profile.lines())
    assert sum(line.seconds for line in f.profile.lines()) == pytest.approx(sum(kernel.seconds for kernel in kernels))


def test_bytes_of_arrays() -> None:
    x = T.dmatrix("x")
    f = function([x], T.dot(T.dot(x, x.T), x), profile=stats())
    f(np.ones((3, 7)))
    f(np.ones((20, 10)))
    f(np.ones((2, 2)))
    arrays = [(array.kind, array.type, array.bytes) for array in f.profile.arrays()]
    temporaries = [size for kind, _, size in arrays if kind == "temporary"]
    assert ("input", "f64[?, ?]", 20 * 10 * 8) in arrays
    assert ("output", "f64[?, ?]", 20 * 10 * 8) in arrays
    assert temporaries == [20 * 20 * 8] or temporaries == [10 * 10 * 8]
    assert f.profile.peak_bytes() == sum(size for _, _, size in arrays)


def test_arrays_that_follow_one_another_share_the_peak() -> None:
    """Of a chain of products two factors live at a time, not all of them."""
    x = T.dmatrix("x")
    y = x
    for _ in range(6):
        y = T.dot(y, x)
    f = function([x], y, profile=stats())
    f(np.ones((16, 16)))
    sizes = sum(array.bytes for array in f.profile.arrays())
    assert 3 * 2048 <= f.profile.peak_bytes() <= sizes


def test_states_and_updates_are_named() -> None:
    f, w = model(stats(), "names of arrays")
    f(X)
    found = {(array.kind, array.expression) for array in f.profile.arrays()}
    assert ("input", "x") in found
    assert ("state", w.name) in found


def test_threads_lose_no_counts() -> None:
    x = T.dvector("x")
    f = function([x], T.exp(x * 17.25), profile=stats())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: [f(np.ones(40)) for _ in range(250)], range(4)))
    assert {kernel.calls for kernel in f.profile.kernels()} == {1000}


def test_a_call_that_fails_is_no_native_time() -> None:
    x, y = T.dvectors("x", "y")
    f = function([x, y], T.exp(x + y * 19.5), profile=stats())
    with pytest.raises(ValueError, match="mis-match"):
        f([1.0, 2.0], [1.0, 2.0, 3.0])
    assert f.profile.fct_callcount == 1 and f.profile.native_seconds() == 0 and f.profile.kernels() == []
    assert not f.profile.summary(io.StringIO())  # there is something to print in any case


@pytest.mark.cpu  # a GPU computes scalars in a kernel
def test_functions_without_kernels() -> None:
    a = T.dscalar("a")
    f = function([a], a * 2.125, profile=stats())
    f(3.0)
    assert f.profile.kernels() == [] and f.profile.native_seconds() > 0
    text = io.StringIO()
    f.profile.summary(text)
    assert "scalars, checks, allocation" in text.getvalue()


def test_python_and_libraries_are_kernels_too() -> None:
    x = T.dmatrix("x")
    f = function([x], [T.nlinalg.matrix_inverse(x), T.nlinalg.eigh(x)[0]], profile=stats())
    f(np.eye(3))
    kinds = {kernel.kind for kernel in f.profile.kernels()}
    assert any(kind.startswith(("lapack.", "Python: ")) for kind in kinds)


def test_summary() -> None:
    f, _ = model(stats(), "summary")
    f(X)
    text = io.StringIO()
    f.profile.summary(text, n_ops_to_print=2, n_apply_to_print=8)
    shown = text.getvalue()
    for part in ("Time in 1 calls to Function.__call__", "Time in native code", "Kernels", "blas.gemm", "tanh((x \\dot w))"):
        assert part in shown
    assert "hidden = T.tanh(T.dot(x, w))" in shown and "Memory of a call: " in shown and "more\n" in shown
    assert max(map(len, shown.splitlines())) <= 140


def test_kernels_on_emulated_devices() -> None:
    x = T.dvector("x")
    f = function([x], T.exp(x * 1.375).sum(), profile=stats(), target="cuda_emulated")
    assert f(np.zeros(5)) == 5
    assert f.profile.kernels()


def test_several_functions_share_a_profile() -> None:
    both, x = stats(), T.dvector("x")
    f = function([x], T.exp(x * 3.375), profile=both)
    g = function([x], T.sin(x * 3.375), profile=both)
    f([1.0]), g([2.0])
    assert both.fct_callcount == 2 and len(both.programs) == 2
    assert sum(not kernel.kind.startswith("to ") for kernel in both.kernels()) == 2  # the others are transfers


@pytest.mark.parametrize("profile", [None, stats()])
def test_copies_have_profiles(profile: ProfileStats | None) -> None:
    f, _ = model(profile, "a copy of it")
    f(X)
    g = f.copy(profile=stats())
    g(X)
    assert g.profile.fct_callcount == 1 and g.profile.kernels()


def test_borrowed_outputs() -> None:
    x = T.dvector("x")
    f = function([x], Out(x * 5.5, borrow=True), profile=stats())
    np.testing.assert_array_equal(f([2.0]), [11.0])


def test_flag_and_destination(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import phintys\nimport phintys.tensor as T\n"
        "x = T.dvector('x')\ny = T.exp(x)\nf = phintys.function([x], y)\nf([1.0, 2.0])\nf([1.0])\n"
    )
    out = tmp_path / "profile.txt"
    flags = {"PHINTYS_FLAGS": f"profile=True,profiling.destination={out}"}
    subprocess.run([sys.executable, str(program)], check=True, env={**os.environ, **flags})
    text = out.read_text()
    assert "Time in 2 calls" in text and "program.py:4" in text and "y = T.exp(x)" in text
    assert config.profile is False
