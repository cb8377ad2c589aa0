"""Drawings stay readable: nothing overlaps, arrows point down, edges avoid each other where they can."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from phintys.ir.layout import arrange, crossings, isotonic, order, split

BOX = (60.0, 30.0)


@st.composite
def acyclic(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    count = draw(st.integers(1, 12))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] < pair[1])
    return count, draw(st.lists(pairs, max_size=20)) if count > 1 else []


@given(acyclic())
def test_boxes_are_apart_and_edges_go_down(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = graph
    layout = arrange([BOX] * count, edges)
    for (x0, y0), (x1, y1) in combinations(layout.centres, 2):
        assert abs(x0 - x1) >= BOX[0] or abs(y0 - y1) >= BOX[1]
    for path in layout.paths:
        heights = [y for _, y in path]
        assert heights == sorted(heights)
        assert heights[0] < heights[-1]
    for x, y in layout.centres:
        assert BOX[0] / 2 - 1e-6 <= x <= layout.width - BOX[0] / 2 + 1e-6
        assert BOX[1] / 2 - 1e-6 <= y <= layout.height - BOX[1] / 2 + 1e-6


def test_crossed_pairs_are_uncrossed() -> None:
    graph = split([BOX] * 6, [(0, 5), (1, 4), (2, 3)])
    assert crossings(graph, order(graph)) == 0


def test_a_chain_is_straight() -> None:
    layout = arrange([BOX] * 4, [(0, 1), (1, 2), (2, 3)])
    assert len({round(x, 6) for x, _ in layout.centres}) == 1


def test_sources_stand_just_above_their_first_user() -> None:
    layout = arrange([BOX] * 5, [(0, 1), (1, 2), (2, 3), (4, 3)])
    assert layout.centres[4][1] == layout.centres[2][1]


def test_nothing_to_draw() -> None:
    assert arrange([], []).centres == []


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30))
def test_isotonic_is_sorted_and_keeps_the_mean(values: list[float]) -> None:
    result = isotonic(values, [1.0] * len(values))
    assert all(left <= right + 1e-9 for left, right in pairwise(result))
    np.testing.assert_allclose(np.mean(result), np.mean(values), atol=1e-9)
