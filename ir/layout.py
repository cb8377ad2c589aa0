"""Layered drawing of a directed acyclic graph, top to bottom: where the boxes go and which way the edges run.

In: box sizes and edges between box numbers. Out: box centres and the points of each edge. The method is Sugiyama's
(1981): give each box a layer, split long edges into one piece per layer, order each layer by the barycentre of its
neighbours, then move boxes sideways towards their neighbours without changing the order.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Point = tuple[float, float]
Edge = tuple[int, int]

SIDE_GAP = 18.0
LAYER_GAP = 46.0
SWEEPS = 12


@dataclass
class Layout:
    """Centres of the boxes, polylines of the edges (top to bottom, ends on box borders), and the whole size."""

    centres: list[Point]
    paths: list[list[Point]]
    width: float
    height: float


@dataclass
class Layered:
    """The graph with long edges split: vertices up to `boxes` are boxes, later ones bends of edges."""

    boxes: int
    sizes: list[Point]
    layer: list[int]
    up: list[list[int]] = field(default_factory=list)
    down: list[list[int]] = field(default_factory=list)
    chains: list[list[int]] = field(default_factory=list)

    def add_edge(self, source: int, target: int) -> None:
        """An edge between neighbouring layers."""
        self.down[source].append(target)
        self.up[target].append(source)

    def add_bend(self, layer: int) -> int:
        """A point of an edge that passes through `layer`."""
        self.sizes.append((0.0, 0.0))
        self.layer.append(layer)
        self.up.append([])
        self.down.append([])
        return len(self.sizes) - 1


def arrange(sizes: Sequence[Point], edges: Sequence[Edge]) -> Layout:
    """Lay out boxes of the given (width, height); `edges` must have no cycle and may repeat."""
    graph = split(sizes, edges)
    rows = order(graph)
    xs = place(graph, rows)
    return finish(graph, rows, xs)


def split(sizes: Sequence[Point], edges: Sequence[Edge]) -> Layered:
    """Assign layers and cut each edge into pieces that cross one layer gap."""
    count = len(sizes)
    graph = Layered(count, list(sizes), layers(count, edges))
    graph.up = [[] for _ in range(count)]
    graph.down = [[] for _ in range(count)]
    for source, target in edges:
        bends = [graph.add_bend(layer) for layer in range(graph.layer[source] + 1, graph.layer[target])]
        chain = [source, *bends, target]
        for above, below in pairwise(chain):
            graph.add_edge(above, below)
        graph.chains.append(chain)
    return graph


def layers(count: int, edges: Sequence[Edge]) -> list[int]:
    """Longest path from above; then sources are pulled down to just above their first user, which shortens edges."""
    users: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in edges:
        users[source].append(target)
        waiting[target] += 1
    is_source = [number == 0 for number in waiting]
    layer = [0] * count
    ready = [vertex for vertex in range(count) if is_source[vertex]]
    while ready:
        vertex = ready.pop()
        for user in users[vertex]:
            layer[user] = max(layer[user], layer[vertex] + 1)
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    for vertex in range(count):
        if is_source[vertex] and users[vertex]:
            layer[vertex] = min(layer[user] for user in users[vertex]) - 1
    return layer


def order(graph: Layered) -> list[list[int]]:
    """Vertices of each layer from left to right; the best of a few barycentre sweeps up and down."""
    rows: list[list[int]] = [[] for _ in range(max(graph.layer, default=-1) + 1)]
    for vertex, layer in enumerate(graph.layer):
        rows[layer].append(vertex)
    best, fewest = [list(row) for row in rows], crossings(graph, rows)
    place = positions(rows)
    for sweep in range(SWEEPS):
        downward = sweep % 2 == 0
        for row in rows[1:] if downward else rows[-2::-1]:
            sort_by_barycentre(row, graph.up if downward else graph.down, place)
        found = crossings(graph, rows)
        if found < fewest:
            best, fewest = [list(row) for row in rows], found
    return best


def positions(rows: Sequence[Sequence[int]]) -> dict[int, int]:
    """Place of each vertex in its row."""
    return {vertex: place for row in rows for place, vertex in enumerate(row)}


def sort_by_barycentre(row: list[int], neighbours: list[list[int]], place: dict[int, int]) -> None:
    """Order `row` by the mean place of each vertex's neighbours; one without any keeps its place. `place` follows."""

    def key(vertex: int) -> float:
        around = neighbours[vertex]
        return sum(place[other] for other in around) / len(around) if around else place[vertex]

    row.sort(key=key)
    place.update((vertex, index) for index, vertex in enumerate(row))


def crossings(graph: Layered, rows: Sequence[Sequence[int]]) -> int:
    """How many pairs of edge pieces cross: inversions among targets when pieces are sorted by source."""
    place = positions(rows)
    total = 0
    for row in rows:
        seen: list[int] = []
        for vertex in row:
            for target in sorted(place[below] for below in graph.down[vertex]):
                at = bisect_right(seen, target)
                total += len(seen) - at
                seen.insert(at, target)
    return total


def place(graph: Layered, rows: Sequence[Sequence[int]]) -> list[float]:
    """Centre of each vertex: rows start packed, then each moves towards its neighbours, in sweeps down and up."""
    xs = [0.0] * len(graph.sizes)
    for row in rows:
        offsets = packed(graph, row)
        middle = offsets[-1] / 2 if offsets else 0.0
        for vertex, offset in zip(row, offsets, strict=True):
            xs[vertex] = offset - middle
    either = [up + down for up, down in zip(graph.up, graph.down, strict=True)]
    spaced = [packed(graph, row) for row in rows]
    for sweep in range(2 * SWEEPS):
        downward = sweep % 2 == 0
        around = either if sweep >= SWEEPS else graph.up if downward else graph.down
        for row, offsets in zip(rows, spaced, strict=True) if downward else zip(rows[::-1], spaced[::-1], strict=True):
            settle(graph.boxes, row, offsets, around, xs)
    for row in rows:
        gather(graph, row, either, xs)
    return xs


def packed(graph: Layered, row: Sequence[int]) -> list[float]:
    """Centres of the vertices of `row` when they stand as close as they may."""
    offsets: list[float] = []
    for index, vertex in enumerate(row):
        if index:
            widths = graph.sizes[row[index - 1]][0] + graph.sizes[vertex][0]
            offsets.append(offsets[-1] + widths / 2 + SIDE_GAP)
        else:
            offsets.append(0.0)
    return offsets


def settle(boxes: int, row: Sequence[int], offsets: Sequence[float], around: Sequence[Sequence[int]], xs: list[float]) -> None:
    """Move `row` as near its neighbours as its order and gaps allow, in the least-squares sense."""
    wishes: list[float] = []
    weights: list[float] = []
    for vertex, offset in zip(row, offsets, strict=True):
        others = around[vertex]
        wish = sum([xs[other] for other in others]) / len(others) if others else xs[vertex]
        wishes.append(wish - offset)
        weights.append(8.0 if vertex >= boxes else 1.0 if others else 0.1)  # bends: long edges run straight
    for vertex, offset, shift in zip(row, offsets, isotonic(wishes, weights), strict=True):
        xs[vertex] = shift + offset


def gather(graph: Layered, row: Sequence[int], around: Sequence[Sequence[int]], xs: list[float]) -> None:
    """Put boxes without any edge beside the others of their row: nothing held them while the others moved."""
    tied = [place for place, vertex in enumerate(row) if around[vertex]] or [0] * bool(row)
    steps = [*range(tied[0] - 1, -1, -1), *range(tied[0] + 1, len(row))] if row else []
    for at in steps:
        beside = row[at + 1] if at < tied[0] else row[at - 1]
        if not around[row[at]]:
            gap = (graph.sizes[row[at]][0] + graph.sizes[beside][0]) / 2 + SIDE_GAP
            xs[row[at]] = xs[beside] + (-gap if at < tied[0] else gap)


def isotonic(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The non-decreasing sequence nearest to `values` (pool adjacent violators)."""
    blocks: list[tuple[float, float, int]] = []  # mean, weight, length
    for value, weight in zip(values, weights, strict=True):
        block = (value, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            mean, mass, length = blocks.pop()
            whole = mass + block[1]
            block = ((mean * mass + block[0] * block[1]) / whole, whole, length + block[2])
        blocks.append(block)
    return [mean for mean, _, length in blocks for _ in range(length)]


def finish(graph: Layered, rows: Sequence[Sequence[int]], xs: list[float]) -> Layout:
    """Heights, edge points, and everything shifted so that the drawing starts at the origin."""
    left = min((x - size[0] / 2 for x, size in zip(xs, graph.sizes, strict=True)), default=0.0)
    right = max((x + size[0] / 2 for x, size in zip(xs, graph.sizes, strict=True)), default=0.0)
    ys: list[float] = []
    bottom = 0.0
    for row in rows:
        tall = max(graph.sizes[vertex][1] for vertex in row) if row else 0.0
        ys.append(bottom + tall / 2)
        bottom += tall + LAYER_GAP
    points = [(x - left, ys[layer]) for x, layer in zip(xs, graph.layer, strict=True)]
    paths = [route(graph, points, chain) for chain in graph.chains]
    return Layout(points[: graph.boxes], paths, right - left, max(bottom - LAYER_GAP, 0.0))


def route(graph: Layered, points: Sequence[Point], chain: Sequence[int]) -> list[Point]:
    """An edge from the lower border of its first box, through its bends, to the upper border of its last."""
    first, last = chain[0], chain[-1]
    (x0, y0), (x1, y1) = points[first], points[last]
    (wide0, tall0), (wide1, tall1) = graph.sizes[first], graph.sizes[last]
    start = (x0 + spread(graph.down[first], chain[1], points, wide0), y0 + tall0 / 2)
    end = (x1 + spread(graph.up[last], chain[-2], points, wide1), y1 - tall1 / 2)
    return [start, *(points[bend] for bend in chain[1:-1]), end]


def spread(others: Sequence[int], other: int, points: Sequence[Point], width: float) -> float:
    """Sideways offset of an edge's end, so that several edges at one box do not meet in a point."""
    ranked = sorted(others, key=lambda vertex: points[vertex][0])
    middle = (len(ranked) - 1) / 2
    step = min(22.0, 0.7 * width / max(len(ranked), 1))
    return (ranked.index(other) - middle) * step
