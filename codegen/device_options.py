"""What a program chooses about devices, kept apart from them: choosing loads no driver."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Options:
    """`tf32`: products of float32 matrices may round their factors to 10 bits of fraction. `atomics`: sums at places that
    come twice are added up as threads come. `streams`: at most so many,
    functions beyond share them. `graphs`: whether steps that repeat are replayed as CUDA graphs."""

    tf32: bool = False
    atomics: bool = False
    streams: int = 64
    graphs: bool = True


options = Options()


def choose(tf32: bool, atomics: bool, streams: int, graphs: bool) -> None:
    """Choose for all that follows."""
    options.tf32, options.atomics, options.streams, options.graphs = tf32, atomics, streams, graphs
