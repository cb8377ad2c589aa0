"""The symbols an object file leaves to others, read from its ELF symbol table.

LLVM's loader ends the process when it meets a symbol it cannot find, so the names are looked up before it is given the
object, and a missing one is a Python error.
"""

from __future__ import annotations

import struct

SYMBOL_TABLE = 2


class DamagedObject(ValueError):
    """Bytes that are not a whole 64-bit ELF object."""


def undefined_symbols(data: bytes) -> set[str]:
    """Names that the object uses and does not define."""
    try:
        if data[:6] != b"\x7fELF\x02\x01":
            raise DamagedObject("not a little-endian 64-bit ELF object")
        (start,) = struct.unpack_from("<Q", data, 0x28)
        size, count = struct.unpack_from("<HH", data, 0x3A)
        sections = [struct.unpack_from("<IIQQQQIIQQ", data, start + i * size) for i in range(count)]
        names: set[str] = set()
        for section in sections:
            if section[1] == SYMBOL_TABLE:
                strings = sections[section[6]]
                names |= _undefined(data[section[4] : section[4] + section[5]], data[strings[4] : strings[4] + strings[5]])
        return names
    except (struct.error, IndexError) as error:
        raise DamagedObject(f"an object file that ends early or points outside itself: {error}") from error


def _undefined(table: bytes, strings: bytes) -> set[str]:
    rows = struct.iter_unpack("<IBBHQQ", table)
    places = [name for name, _, _, section, _, _ in rows if section == 0 and name]
    return {strings[place : strings.index(b"\0", place)].decode() for place in places}
