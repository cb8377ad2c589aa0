"""Workloads on a GPU, with the figures to reach.

What moves memory is held against copies on the device that move as many bytes, in the same turns: 85 % of their bandwidth. A
product is held against cuBLAS called by itself, a step of training against torch.compile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from .gpu_systems import MAKERS, MakeTimed, Timed, system
from .row import OURS, Array, Target, normal
from .rows_training import (
    digits,
    net_cost,
    net_numpy,
    net_weights,
    regression_by_hand,
    regression_cost,
    regression_data,
    regression_weights,
)

Data = Callable[[], Sequence[Array]]
BANDWIDTH = 1 / 0.85
COPY, CUBLAS = "copy of as many bytes", "cuBLAS alone"


@dataclass(frozen=True)
class GpuRow:
    """One workload; fields as those of `Row`. `reference` computes on the host what all results are compared with; `flags`
    are Phintys' while it is measured, `tf32` whether the others may round factors as well."""

    name: str
    group: str
    title: str
    contenders: Mapping[str, MakeTimed]
    reference: Callable[[], list[Array]]
    target: Target
    floors: Mapping[str, MakeTimed] = field(default_factory=dict)
    tolerance: float = 1e-9
    tf32: bool = False
    fresh: str = ""


def express_row(
    name: str, group: str, title: str, device: str, express: Any, data: Data, moved: float, tolerance: float
) -> GpuRow:
    """A function of arrays that has to move `moved` times the bytes of its first operand."""

    def floor() -> Timed:
        return system(OURS, device).copy(round(data()[0].nbytes * moved / 2))  # type: ignore[no-any-return]

    def reference() -> list[Array]:
        return [np.asarray(express(NUMPY, *(array.astype("float64") for array in data())))]

    contenders = {other: partial(_function, other, device, express, data) for other in MAKERS}
    return GpuRow(name, group, title, contenders, reference, Target(ratio=BANDWIDTH, of=COPY), {COPY: floor}, tolerance)


def _function(name: str, device: str, express: Any, data: Data) -> Timed:
    found: Timed = system(name, device).timed(express, data())
    return found


def _training(name: str, device: str, cost: Any, weights: Any, data: Any) -> Timed:
    found: Timed = system(name, device).timed_training(cost, weights(), data())
    return found


class _Numpy:
    """NumPy's functions, and those that it lacks."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def softmax(self, x: Array) -> Any:
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)


NUMPY = _Numpy()


def logistic(m: Any, x: Any) -> Any:
    """One operand, one result."""
    return 1 / (1 + m.exp(-x))


def triad(m: Any, x: Any, y: Any) -> Any:
    """Two operands, one result."""
    return x * 3 + y


def softmax(m: Any, x: Any) -> Any:
    """Of each row."""
    return m.softmax(x)


def product(m: Any, x: Any, y: Any) -> Any:
    """Of two matrices."""
    return x @ y


def reduction(kind: str, axis: int | None) -> Any:
    """A reduction as every system writes it."""

    def reduce(m: Any, x: Any) -> Any:
        if hasattr(m, "inference_mode"):  # PyTorch
            function = getattr(m, {"max": "amax"}.get(kind, kind))
            return function(x) if axis is None else function(x, dim=axis)
        return getattr(x, kind)(axis=axis)

    return reduce


def elementwise_rows(device: str, count: int) -> list[GpuRow]:
    """Arrays of `count` numbers of four bytes, or half as many of eight."""

    def data(number: int, dtype: str) -> list[Array]:
        return [normal(20 + n, count * 4 // np.dtype(dtype).itemsize, dtype=dtype) for n in range(number)]

    rows = []
    for dtype, suffix, tolerance in (("float32", "-f32", 1e-5), ("float64", "", 1e-12)):
        size = f"{count * 4 // np.dtype(dtype).itemsize:,} {dtype}"
        one, two = partial(data, 1, dtype), partial(data, 2, dtype)
        title = f"1 / (1 + exp(-x)), {size}"
        rows.append(express_row(f"logistic{suffix}", "elementwise", title, device, logistic, one, 2, tolerance))
        rows.append(express_row(f"triad{suffix}", "elementwise", f"x * 3 + y, {size}", device, triad, two, 3, tolerance))
    return rows


def reduction_rows(device: str, side: int) -> list[GpuRow]:
    """Reductions of a square matrix, and its softmax."""

    def data() -> list[Array]:
        return [normal(22, side, side, dtype="float32")]

    rows = []
    for kind, axis in (("sum", 0), ("sum", 1), ("sum", None), ("max", 0), ("max", 1), ("max", None)):
        over = "everything" if axis is None else f"axis {axis}"
        title = f"{kind} over {over}, {side} × {side} float32"
        name = f"{kind}-{'all' if axis is None else axis}"
        rows.append(express_row(name, "reductions", title, device, reduction(kind, axis), data, 1, 1e-5))
    title = f"softmax of rows, {side} × {side} float32"
    return [*rows, express_row("softmax", "softmax", title, device, softmax, data, 2, 1e-5)]


def product_row(device: str, order: int, dtype: str, tf32: bool) -> GpuRow:
    """A product of two square matrices."""

    def data() -> list[Array]:
        return [normal(23 + n, order, order, dtype=dtype) for n in range(2)]

    name = "gemm" + ("-tf32" if tf32 else "-f32" if dtype == "float32" else "")
    return GpuRow(
        name,
        "products",
        f"x @ y, {order} × {order} {'tf32' if tf32 else dtype}",
        {other: partial(_function, other, device, product, data) for other in MAKERS if not (tf32 and other == "cupy")},
        lambda: [data()[0] @ data()[1]],
        Target(ratio=1.03, of=CUBLAS),
        {CUBLAS: lambda: system(OURS, device).cublas(data())},
        5e-3 if tf32 else 1e-4 if dtype == "float32" else 1e-12,
        tf32,
    )


def training_row(
    name: str, title: str, device: str, cost: Any, weights: Any, data: Any, by_hand: Any, tolerance: float
) -> GpuRow:
    """A step of gradient descent; what it returns in its first two calls is compared."""

    def reference() -> list[Array]:
        function, arguments = by_hand()
        return [np.array(part) for _ in range(2) for part in _listed(function(*arguments))]

    contenders = {other: partial(_training, other, device, cost, weights, data) for other in MAKERS}
    return GpuRow(name, "training", title, contenders, reference, Target(of="torch"), {}, tolerance)


def _listed(found: Any) -> list[Any]:
    return list(found) if isinstance(found, tuple | list) else [found]


def net_row(name: str, title: str, device: str, sizes: tuple[int, ...], batch: int) -> GpuRow:
    """A step of a net in float32."""
    weights, data = partial(net_weights, sizes, "float32"), partial(digits, batch, "float32")
    by_hand = partial(net_numpy, sizes, batch, "float32")
    return training_row(name, f"{title}, float32", device, net_cost, weights, data, by_hand, 2e-3)


def training_rows(device: str, wide: int, seed_batch: int, batch: int) -> list[GpuRow]:
    """Steps of the seeds' models and of a net with two wide layers."""
    features = 784
    weights, data = partial(regression_weights, features), partial(regression_data, features)
    by_hand = partial(regression_by_hand, features, lambda step: step)
    title = f"step of the logistic regression (seed 002), 400 × {features}, float64"
    net = (784, wide, wide, 10)
    return [
        training_row("seed002", title, device, regression_cost, weights, data, by_hand, 1e-9),
        net_row("seed003", f"step of the softmax regression (seed 003), batch {seed_batch}", device, (784, 10), seed_batch),
        net_row("mlp", f"step of a net {'-'.join(map(str, net))}, batch {batch}", device, net, batch),
    ]


def rows(device: str, rehearsal: bool) -> dict[str, GpuRow]:
    """All workloads by name: arrays of 1 GB, or of a few numbers in a rehearsal."""
    count, side, order, training = 1 << 28, 1 << 14, 1 << 13, (4096, 600, 512)
    if rehearsal:
        count, side, order, training = 1000, 24, 16, (12, 20, 20)
    found = [
        *elementwise_rows(device, count),
        *reduction_rows(device, side),
        product_row(device, order // 2, "float64", tf32=False),
        product_row(device, order, "float32", tf32=False),
        product_row(device, order, "float32", tf32=True),
        *training_rows(device, *training),
    ]
    return {row.name: row for row in found}
