"""Random expression graphs for property tests: every value is well typed, constants of all dtypes, fused regions, updates."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from phintys.ir.fused import FusedBody, FusedNode, ScalarNode
from phintys.ir.graph import Graph, Node, Value
from phintys.ir.ops import OPS
from phintys.ir.types import DTYPES, TensorType, TypeInferenceError

SIZES = st.sampled_from([None, None, 1, 2, 3])
TYPES = st.builds(TensorType, st.sampled_from(list(DTYPES)), st.lists(SIZES, max_size=3).map(tuple))
NAMES = st.sampled_from([None, None, None, "x", "y", "t1", "graph", "f64", "exp", "c1", "straße", "not a name", "x_1"])
SIMPLE = [name for name, row in OPS.items() if row.family == "elementwise" and name != "cast"]


@st.composite
def constants(draw: st.DrawFn) -> Value:
    """A constant of any dtype: special values, splats, empty and large arrays."""
    dtype = draw(st.sampled_from(list(DTYPES)))
    shape = tuple(draw(st.lists(st.integers(0, 5), max_size=2)))
    raw = draw(st.binary(min_size=16, max_size=16))
    kind = DTYPES[dtype].kind
    if draw(st.booleans()):
        item: Any = draw(st.sampled_from([0, 1, 2, 100] if kind != "f" else [0.0, -0.0, 0.1, np.inf, -np.inf, np.nan, 1e-30]))
        array = np.full(shape, item, dtype)
    elif kind == "b":
        array = np.full(shape, raw[0] % 2 == 0)
    else:
        array = np.resize(np.frombuffer(raw, dtype), shape).copy()
    return Node("constant", (), {"value": array.reshape(shape)}).results[0]


def attributes(draw: st.DrawFn, op: str, operands: list[Value]) -> dict[str, Any]:
    """Attributes that may fit the operands."""
    ndim = operands[0].type.ndim if operands else 0
    axes = st.integers(-ndim, max(ndim - 1, 0))
    choices: dict[str, Any] = {
        "axes": st.lists(axes, max_size=2, unique=True).map(tuple),
        "axis": axes,
        "dtype": st.sampled_from(list(DTYPES)),
        "target": st.sampled_from(["cpu", "cuda", "cuda1"]),
        "side": st.sampled_from(["left", "right"]),
        "order": st.permutations([*range(ndim), -1]).map(tuple),
        "sizes": st.lists(st.sampled_from([1, 2, 6, -1]), max_size=3).map(tuple),
        "index": st.sampled_from(["", "0", "?", "?:", "1, :?:-1", "?:?", ":", "1:", "::-1", ":2, ::2", "-1, 0:1", ":, 1:2:3"]),
    }
    if op == "host":
        choices["results"] = st.lists(TYPES, min_size=1, max_size=3).map(lambda types: ", ".join(map(str, types)))
        choices |= {"function": st.sampled_from(["sort", "local:7"]), "options": st.sampled_from(["", "{'axis': 0}"])}
    if op == "arange":
        choices["dtype"] = st.sampled_from([None, "int32", "float64"])
    return {key: draw(choices[key]) for key in OPS[op].attrs}


@st.composite
def fused(draw: st.DrawFn, values: list[Value]) -> FusedNode:
    """A region over one floating value."""
    inputs = [Value(TensorType(value.type.dtype.removeprefix("u")), draw(NAMES)) for value in values]
    pool = list(inputs)
    for _ in range(draw(st.integers(0, 4))):
        x = draw(st.sampled_from(pool))
        if x.type.kind == "f":
            op = draw(st.sampled_from(["neg", "exp", "sigmoid", "sqrt"]))
            pool += ScalarNode(op, [x]).results
        constant = ScalarNode("constant", (), {"value": np.array(draw(st.sampled_from([0, 1])), x.type.dtype)}).results[0]
        if x.type.kind in "if":
            pool += ScalarNode(draw(st.sampled_from(["add", "mul", "lt", "maximum"])), [x, constant]).results
        target = draw(st.sampled_from(["int64", "float32", "float64"]))
        if target != x.type.dtype:
            pool += ScalarNode("cast", [x], {"dtype": target}).results
    outputs = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3))
    combine = [
        "map" if value.type.kind not in "if" else draw(st.sampled_from(["map", "add", "max", "argmax"])) for value in outputs
    ]
    ndim = max(value.type.ndim for value in values)
    axes = draw(st.lists(st.integers(0, ndim - 1), unique=True).map(sorted)) if ndim else []
    return FusedNode(values, combine, axes, FusedBody(inputs, outputs))


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A graph of up to a dozen operations."""
    inputs = [Value(type, f"in{i}") for i, type in enumerate(draw(st.lists(TYPES, min_size=1, max_size=3)))]
    states = [Value(type, f"state{i}") for i, type in enumerate(draw(st.lists(TYPES, max_size=2)))]
    pool = [*inputs, *states, *draw(st.lists(constants(), max_size=3))]
    for _ in range(draw(st.integers(1, 12))):
        node = _node(draw, pool)
        if node is not None:
            for value in node.results:
                value.name = draw(NAMES)
            pool += node.results
    outputs = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3))
    updates = []
    for state in states:
        fitting = [value for value in pool if value.type == state.type]
        updates.append((state, draw(st.sampled_from(fitting))))
    return Graph(draw(st.sampled_from(["f", "g1", "bool", "my graph"])), inputs, outputs, states, updates)


def _node(draw: st.DrawFn, pool: list[Value]) -> Node | None:
    op = draw(st.sampled_from([*OPS, *SIMPLE, "fused"]))
    if op == "constant":
        return None
    if op == "fused":
        real = [value for value in pool if value.type.kind != "c" and not value.is_constant]
        return draw(fused([draw(st.sampled_from(real))])) if real else None
    count = OPS[op].operands + (draw(st.integers(0, 2)) if OPS[op].variadic else 0)
    operands = [draw(st.sampled_from(pool)) for _ in range(count)]
    if op == "select" and operands[0].type.kind == "c":
        return None
    if op.endswith("subtensor") or op == "scatter_add":
        operands = [value for value in operands if value.type.kind != "c"]
    attrs = attributes(draw, op, operands)
    if "index" in attrs and attrs["index"].count("?") != count - OPS[op].operands:
        return None
    try:
        return Node(op, operands, attrs)
    except (TypeInferenceError, ValueError):
        return None
