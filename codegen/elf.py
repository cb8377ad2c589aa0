"""Object files: several as one piece of bytes, and the symbols of each, read from its ELF symbol table.

LLVM's loader ends the process when it meets a symbol it cannot find, so the names are looked up before it is given the
object, and a missing one is a Python error.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

SYMBOL_TABLE = 2
LOCAL = 0
MAGIC = b"PHIPACK1"


class DamagedObject(ValueError):
    """Bytes that are not a whole 64-bit ELF object."""


class Symbols(NamedTuple):
    """Names that an object has for others, and those that it uses and does not have."""

    defined: set[str]
    undefined: set[str]


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


def symbols_of(data: bytes) -> Symbols:
    """The symbols of an object."""
    try:
        if data[:6] != b"\x7fELF\x02\x01":
            raise DamagedObject("not a little-endian 64-bit ELF object")
        (start,) = struct.unpack_from("<Q", data, 0x28)
        size, count = struct.unpack_from("<HH", data, 0x3A)
        sections = [struct.unpack_from("<IIQQQQIIQQ", data, start + i * size) for i in range(count)]
        found = Symbols(set(), set())
        for section in sections:
            if section[1] == SYMBOL_TABLE:
                strings = sections[section[6]]
                table = data[section[4] : section[4] + section[5]]
                _sort(found, table, data[strings[4] : strings[4] + strings[5]])
        return found
    except (struct.error, IndexError) as error:
        raise DamagedObject(f"an object file that ends early or points outside itself: {error}") from error


def _sort(found: Symbols, table: bytes, strings: bytes) -> None:
    for name, info, _, section, _, _ in struct.iter_unpack("<IBBHQQ", table):
        if name and (section == 0 or info >> 4 != LOCAL):
            text = strings[name : strings.index(b"\0", name)].decode()
            (found.defined if section else found.undefined).add(text)
