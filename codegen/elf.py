"""Object files: several as one piece of bytes, and the symbols of each, read from its ELF symbol table.

LLVM's loader ends the process when it meets a symbol it cannot find, so the names are looked up before it is given the
object, and a missing one is a Python error.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

SYMBOL_TABLE = 2  # kinds of sections
NO_BITS = 8
LOCAL = 0
MAGIC = b"PHIPACK1"


class DamagedObject(ValueError):
    """Bytes that are not a whole 64-bit ELF object."""


class Symbols(NamedTuple):
    """Names that an object has for others, and those that it uses and does not have."""

    defined: set[str]
    undefined: set[str]


class Section(NamedTuple):
    """A row of the table of sections."""

    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry: int


class Symbol(NamedTuple):
    """A row of the table of symbols; section 0: it is in another object."""

    name: str
    binding: int
    section: int
    value: int


def pack(objects: Sequence[bytes]) -> bytes:
    """Objects as one piece of bytes; a single one as it is."""
    if len(objects) == 1:
        return objects[0]
    return b"".join([MAGIC, struct.pack(f"<Q{len(objects)}Q", len(objects), *map(len, objects)), *objects])


def unpack(data: bytes) -> list[bytes]:
    """The objects that `pack` made one of."""
    if not data.startswith(MAGIC):
        return [data]
    try:
        (count,) = struct.unpack_from("<Q", data, len(MAGIC))
        sizes = struct.unpack_from(f"<{count}Q", data, len(MAGIC) + 8)
    except struct.error as error:
        raise DamagedObject(f"objects that end early: {error}") from error
    at = len(MAGIC) + 8 * (1 + count)
    if at + sum(sizes) != len(data):
        raise DamagedObject("objects that are longer or shorter than they say")
    objects = []
    for size in sizes:
        objects.append(data[at : at + size])
        at += size
    return objects


def sections_of(data: bytes) -> list[Section]:
    """The sections of an object."""
    try:
        if data[:6] != b"\x7fELF\x02\x01":
            raise DamagedObject("not a little-endian 64-bit ELF object")
        (start,) = struct.unpack_from("<Q", data, 0x28)
        size, count = struct.unpack_from("<HH", data, 0x3A)
        found = [Section(*struct.unpack_from("<IIQQQQIIQQ", data, start + i * size)) for i in range(count)]
    except (struct.error, OverflowError) as error:
        raise DamagedObject(f"an object file that ends early or points outside itself: {error}") from error
    if any(section.kind != NO_BITS and section.offset + section.size > len(data) for section in found):
        raise DamagedObject("an object file that ends early")
    return found


def symbol_table(data: bytes, sections: Sequence[Section]) -> list[Symbol]:
    """The symbols of an object in their order, by which relocations number them."""
    try:
        for section in sections:
            if section.kind == SYMBOL_TABLE:
                strings = content(data, sections[section.link])
                return [
                    Symbol(strings[name : strings.index(b"\0", name)].decode(), info >> 4, number, value)
                    for name, info, _, number, value, _ in struct.iter_unpack("<IBBHQQ", content(data, section))
                ]
        return []
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise DamagedObject(f"an object file that ends early or points outside itself: {error}") from error


def content(data: bytes, section: Section) -> bytes:
    """The bytes of a section."""
    return data[section.offset : section.offset + section.size]


def symbols_of(data: bytes) -> Symbols:
    """The names that an object has for others, and those that it uses."""
    found = Symbols(set(), set())
    for symbol in symbol_table(data, sections_of(data)):
        if symbol.name and (symbol.section == 0 or symbol.binding != LOCAL):
            (found.defined if symbol.section else found.undefined).add(symbol.name)
    return found
