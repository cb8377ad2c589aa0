"""Loop nests: loops one in another, some of them unrolled, or in tiles. What stands inside is written by a callback."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.ir import SSAValue

from .emit import Emitter, Index
from .iteration import Loop

TILE = 32  # rows and columns of a tile

Point = dict[int, SSAValue]  # loop number -> its counter
Leaf = Callable[[Emitter, list[Point]], None]
Unrolled = tuple[int, int]  # loop number, and how many of its iterations the leaf sees at once
Part = tuple[int, Index, Index]  # loop number, where it begins and ends


def nest(
    e: Emitter,
    loops: Sequence[Loop],
    order: Sequence[int],
    leaf: Leaf,
    unrolled: Unrolled | None = None,
    points: Sequence[Point] = ({},),
    part: Part | None = None,
) -> None:
    """Loops one in another; `order` has their numbers. `part`: a loop that does not run through all of its range."""
    if not order:
        leaf(e, list(points))
        return
    number, rest = order[0], order[1:]
    size = loops[number].size

    def inside(inner: Emitter, points: list[Point]) -> None:
        nest(inner, loops, rest, leaf, unrolled, points, part)

    if part is not None and part[0] == number:
        _loop(e, number, (part[1], part[2], 1), inside, points)
        return
    count = unrolled[1] if unrolled is not None and unrolled[0] == number else 1
    whole = e.sub(size, e.remainder(size, count)) if count > 1 else size
    _loop(e, number, (0, whole, count), inside, points)
    if count > 1:
        _loop(e, number, (whole, size, 1), inside, points)


def _loop(e: Emitter, number: int, bounds: tuple[Index, Index, int], leaf: Leaf, points: Sequence[Point]) -> None:
    low, high, step = bounds
    if isinstance(low, int) and low == high:
        return
    inner, op = e.loop(low, high, step)
    first = op.regions[0].block.args[0]
    counters = [first, *(inner.index(inner.add(first, k)) for k in range(1, step))]
    leaf(inner, [{**point, number: counter} for point in points for counter in counters])
    inner.end_loop()


def tiles(e: Emitter, loops: Sequence[Loop], pair: tuple[int, int], leaf: Leaf) -> None:
    """Two loops in tiles that fit the cache, for operands that are contiguous in different directions; others outside."""
    outer = [number for number in range(len(loops)) if number not in pair]

    def tile(e: Emitter, points: list[Point]) -> None:
        emitters, ranges = [e], []
        for number in pair:
            inner, op = emitters[-1].loop(0, loops[number].size, TILE)
            emitters.append(inner)
            ranges.append((number, op.regions[0].block.args[0]))
        last = emitters[-1]
        ends = [last.minimum(last.add(start, TILE), loops[number].size) for number, start in ranges]
        point = dict(points[0])
        for (number, start), end in zip(ranges, ends, strict=True):
            inner, op = emitters[-1].loop(start, end)
            emitters.append(inner)
            point[number] = op.regions[0].block.args[0]
        leaf(emitters[-1], [point])
        for inner in reversed(emitters[1:]):
            inner.end_loop()

    nest(e, loops, outer, tile)
