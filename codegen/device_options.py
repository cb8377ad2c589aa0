"""What a program chooses about devices, kept apart from them: choosing loads no driver."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Options:
    """`tf32`: products of float32 matrices may round their factors to 10 bits of fraction."""

    tf32: bool = False


options = Options()


def set_tf32(wanted: bool) -> None:
    """Choose for all products that follow."""
    options.tf32 = wanted
