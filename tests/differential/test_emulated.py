"""Kernels of the GPU, run by loops on the CPU, against functions for the CPU; with threads in both orders.

The order of the threads between two waits must not matter: a result that depends on it shows a barrier that is missing.
More of it, any tests on this device: `PHINTYS_FLAGS=device=cuda_emulated python -m pytest tests/programs tests/differential`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from harness import ULPS, values, variable
from programs import generate
from ways import check_ways

import phintys
import phintys.tensor as T
from phintys.codegen.compiler import compile_module
from phintys.codegen.recipe import Recipe
from phintys.dialects.text import parse_module
from phintys.ir.examples import example
from phintys.ir.ops import OPS
from phintys.ir.parser import parse_graph
from phintys.ir.types import TensorType

Array = np.ndarray[Any, Any]

TARGETS = ("cuda_emulated", "cuda_emulated_backward")
SIZES = (0, 1, 7, 300)  # of unknown dimensions; the last is longer than a block
# Linear algebra: on the GPU's way NumPy's, on the CPU's LAPACK.
LOOSE = {"float64": 1e-9, "complex128": 1e-9, "float32": 1e-4, "complex64": 1e-4}


def arguments(types: Sequence[TensorType], size: int) -> list[Array]:
    """Positive numbers below one, and whole ones below three: indices that most arrays have."""
    found = []
    for seed, type in enumerate(types):
        shape = [size if length is None else length for length in type.shape]
        if type.dtype.startswith("complex"):
            found.append((values("float64", shape, seed, 0.1, 0.9) * (1 + 0.5j)).astype(type.dtype))
        else:
            found.append(values(type.dtype, shape, seed, *((0.1, 0.9) if type.dtype.startswith("float") else (0, 2))))
    return found


def outcome(function: Any, given: Sequence[Array]) -> tuple[str, list[Array]]:
    """What a call raises, or what it gives, states after it included."""
    try:
        found = function(*[np.array(one) for one in given])
    except (ValueError, IndexError, TypeError, ZeroDivisionError, np.linalg.LinAlgError) as error:
        return f"{type(error).__name__}: {error}", []
    states = [state.get_value() for state in function.get_shared()]
    return "", [*(found if isinstance(found, list) else [found]), *states]


def agree(label: str, found: Sequence[Array], wanted: Sequence[Array], ulps: float, loose: float = 0.0) -> None:
    """Equal dtypes and shapes; floats to `ulps` of the largest number in sight, or to `loose`."""
    assert len(found) == len(wanted), label
    for a, b in zip(found, wanted, strict=True):
        assert (a.dtype, a.shape) == (b.dtype, b.shape), label
        if b.dtype.kind not in "fc":
            np.testing.assert_array_equal(a, b, err_msg=label)
            continue
        real = b.real.dtype
        tolerance = max(ulps * ULPS[str(real)], loose and LOOSE[str(b.dtype)])
        finite = np.abs(b[np.isfinite(b)])
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * finite.max(initial=0), err_msg=label)


def in_all_ways(build: Any) -> list[Any]:
    """The functions that `build(target)` makes, the CPU's first."""
    return [build(target) for target in ("cpu", *TARGETS)]


def of_text(text: str, target: str) -> Any:
    """The function of graph text; states begin as numbers that fit them."""
    graph = parse_graph(text)
    start = dict(zip([state.name for state in graph.states], arguments([s.type for s in graph.states], 7), strict=True))
    with phintys.config.change_flags(device=target):
        return phintys.compile_text(text, **start)


@pytest.mark.parametrize("name", sorted(OPS))
def test_the_example_of_every_operation(name: str) -> None:
    host, *others = in_all_ways(lambda target: of_text(example(name), target))
    types = [spec.variable.type for spec in host.maker.inputs]
    for size in SIZES:
        given = arguments(types, size)
        error, wanted = outcome(host, given)
        for target, function in zip(TARGETS, others, strict=True):
            raised, found = outcome(function, given)
            assert raised.split("\n")[0] == error.split("\n")[0], f"{target}, size {size}"
            loose = OPS[name].family in ("linear algebra", "host") or name in ("host", "jacobian")
            agree(f"{name}, {target}, size {size}", found, wanted, 16 + size, loose)


# --- reductions ---------------------------------------------------------------------------------------------------------------

SHAPES = [(0, 3), (3, 0), (1, 1), (1, 257), (257, 1), (31, 33), (2, 4099), (4099, 2), (97, 101)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_reductions_of_many_shapes(axis: int | None, dtype: str) -> None:
    x = variable(dtype, (None, None), "x")
    outputs = [x.sum(axis), (x * x).sum(axis), T.exp(x).prod(axis), x.mean(axis)]
    host, *others = in_all_ways(lambda target: phintys.function([x], outputs, target=target))
    for shape in SHAPES:
        given = values(dtype, shape, 1, -0.01, 0.01)
        for target, function in zip(TARGETS, others, strict=True):
            length = np.prod(shape) if axis is None else shape[axis]
            for a, b in zip(function(given), host(given), strict=True):
                bound = (4 + np.sqrt(length)) * ULPS[dtype]  # sums in another order; each term is below one hundredth
                np.testing.assert_allclose(a, b, rtol=bound, atol=bound * 0.01 * length, err_msg=f"{target} {shape}")


@pytest.mark.parametrize("dtype", ["float64", "int32", "uint8"])
def test_extremes_are_the_same_numbers(dtype: str) -> None:
    x = variable(dtype, (None, None), "x")
    outputs = [one(x, axis) for one in (T.max, T.min, T.argmax, T.argmin) for axis in (0, 1)] + [T.max(x), T.argmin(x)]
    host, *others = in_all_ways(lambda target: phintys.function([x], outputs, target=target))
    for shape in SHAPES[2:]:
        given = values(dtype, shape, 3)
        if dtype.startswith("float") and shape[1] > 2:
            given[0, 1] = np.nan
        for function in others:
            for a, b in zip(function(given), host(given), strict=True):
                np.testing.assert_array_equal(a, b)


# --- programs -----------------------------------------------------------------------------------------------------------------


def softmax_regression(target: str) -> list[Array]:
    """Ten steps of gradient descent; cost of each, and the weights."""
    x, y = T.dmatrix("x"), T.ivector("y")
    w, b = phintys.shared(np.zeros((31, 10))), phintys.shared(np.zeros(10))
    p = T.nnet.softmax(T.dot(x, w) + b)
    cost = -T.mean(T.log(p)[T.arange(y.shape[0]), y])
    updates = [(v, v - 0.13 * T.grad(cost, v)) for v in (w, b)]
    step = phintys.function([x, y], [cost, T.argmax(p, axis=1)], updates=updates, target=target)
    images, labels = values("float64", (97, 31), 5), values("int32", (97,), 6, 0, 9)
    return [*[part for _ in range(10) for part in step(images, labels)], w.get_value(), b.get_value()]


def xor(target: str) -> list[Array]:
    """A net of one hidden layer, a hundred steps."""
    x, y = T.dmatrix("x"), T.dvector("y")
    first, second = phintys.shared(values("float64", (3, 3), 1)), phintys.shared(values("float64", (4,), 2))
    hidden = T.nnet.sigmoid(T.dot(x, first[:-1]) + first[-1])
    out = T.nnet.sigmoid(T.dot(hidden, second[:-1]) + second[-1])
    cost = T.sqr(out - y).sum()
    step = phintys.function([x, y], cost, updates=[(w, w - 0.5 * T.grad(cost, w)) for w in (first, second)], target=target)
    inputs, expected = np.array([[0.0, 1], [1, 0], [1, 1], [0, 0]]), np.array([1.0, 1, 0, 0])
    return [*[step(inputs, expected) for _ in range(100)], first.get_value(), second.get_value()]


def rosenbrock(target: str) -> list[Array]:
    """Value, gradient and Hessian in forty dimensions, after some steps."""
    x = phintys.shared(values("float64", (40,), 4, -1, 1))
    value = T.sum(100 * T.sqr(x[1:] - T.sqr(x[:-1])) + T.sqr(1 - x[:-1]))
    gradient = T.grad(value, x)
    step = phintys.function([], [value, gradient, T.hessian(value, x)], updates=[(x, x - 1e-4 * gradient)], target=target)
    return [*[part for _ in range(20) for part in step()], x.get_value()]


@pytest.mark.parametrize("program", [softmax_regression, xor, rosenbrock])
@pytest.mark.parametrize("target", TARGETS)
def test_programs(program: Any, target: str) -> None:
    agree(program.__name__, program(target), program("cpu"), 4096)


@pytest.mark.parametrize("seed", range(0, 6007 * 12, 6007))
def test_random_programs(seed: int) -> None:
    program = generate(random.Random(seed))
    check_ways(program.graph(), program.values(), TARGETS, program.wild)


def test_states_stay_as_they_were_when_a_check_fails() -> None:
    for target in TARGETS:
        x, i = phintys.shared(np.arange(5.0)), T.lvector("i")
        f = phintys.function([i], x[i].sum(), updates=[(x, x + 1)], target=target)
        assert f([0, 4]) == 4
        with pytest.raises(IndexError, match="5"):
            f([0, 5])
        np.testing.assert_array_equal(x.get_value(), np.arange(5.0) + 1)


# --- the order of threads -----------------------------------------------------------------------------------------------------

MIRROR = """
builtin.module attributes {gpu.container_module} {
  func.func @mirror(%x: memref<64xf64> {nd.name = "x"}) -> memref<64xf64> {
    %one = arith.constant 1 : index
    %t = arith.constant 64 : index
    %xd = rt.to_device %x : memref<64xf64>
    %y = memref.alloc() : memref<64xf64>
    gpu.launch_func @kernels::@mirror_0 blocks in (%one, %one, %one) threads in (%t, %one, %one)
      args(%xd : memref<64xf64>, %y : memref<64xf64>)
    %yh = rt.to_host %y : memref<64xf64>
    func.return %yh : memref<64xf64>
  }
  gpu.module @kernels {
    gpu.func @mirror_0(%x: memref<64xf64>, %y: memref<64xf64>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      %s = memref.alloca() : memref<64xf64, #gpu.address_space<workgroup>>
      %last = arith.constant 63 : index
      %t = gpu.thread_id x
      %v = memref.load %x[%t] : memref<64xf64>
      memref.store %v, %s[%t] : memref<64xf64, #gpu.address_space<workgroup>>
      BARRIER
      %r = arith.subi %last, %t : index
      %u = memref.load %s[%r] : memref<64xf64, #gpu.address_space<workgroup>>
      memref.store %u, %y[%t] : memref<64xf64>
      gpu.return
    }
  }
}
"""


def mirrored(barrier: str, backward: bool) -> Array:
    """What the kernel makes of 1, 2, 3..."""
    module = parse_module(MIRROR.replace("BARRIER", barrier))
    recipe = Recipe(emulated=True, quick=True, backward=backward)
    executable = compile_module(module, "gpu", recipe)
    found: Array = executable.bind_strict([], fail=pytest.fail, unpack=True)(np.arange(1.0, 65))
    return found


def test_a_missing_barrier_shows_when_threads_run_backward() -> None:
    wanted = np.arange(64.0, 0, -1)
    for backward in (False, True):
        np.testing.assert_array_equal(mirrored("gpu.barrier", backward), wanted)
    assert not np.array_equal(mirrored("", False), mirrored("", True))
