"""Objects for x86-64 into the memory of this process, without LLVM: a process that finds its functions in the object cache
never loads that library.

In: ELF objects as LLVM writes them, position-independent code of the small code model. What they know of each other is
resolved among them; other names are asked for. Out: an `Image`: one piece of memory, code first, then constants, then what can
be written, each on pages of its own and protected as it has to be. Names outside are reached by a table of addresses, calls of
them by a jump next to the code, however far away they are.

Records of exceptions (`.eh_frame`) are left out: nothing here throws.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import struct
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from .elf import NO_BITS, DamagedObject, Section, Symbol, content, sections_of, symbol_table

WRITTEN, LOADED, CODE = 1, 2, 4  # flags of sections
DATA_KINDS = (1, NO_BITS)  # others say something of these
WITH_ADDENDS = 4
# Kinds of relocations: an address; a distance to a name; one to a function; one to the address of a name in the table.
ADDRESS, DISTANCE, CALL, IN_TABLE = 1, 2, 4, (9, 41, 42)
JUMP = struct.Struct("<HiH")  # jmp *distance(%rip), filled up to 8 bytes
JUMP_CODE, FILL, JUMP_LENGTH = 0x25FF, 0xCCCC, 6
ABSOLUTE = 0xFFF1
LARGEST = 1 << 28  # bytes of a section: LLVM's code for us reaches no further than 31 bits
PROTECTIONS = (mmap.PROT_READ | mmap.PROT_EXEC, mmap.PROT_READ, mmap.PROT_READ | mmap.PROT_WRITE)


class LinkError(Exception):
    """An object has something that LLVM does not write for us."""


def available() -> bool:
    """Whether objects of this machine are of the kind that is read here."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


class Image:
    """Code and data in memory, until `close`."""

    def __init__(self, base: int, size: int, addresses: dict[str, int]) -> None:
        self.base, self.size, self.addresses = base, size, addresses

    def close(self) -> None:
        """Give the memory back: nothing may run there any more."""
        _libc().munmap(self.base, self.size)


class _Object(NamedTuple):
    """An object that is being placed: where its sections begin, by number, counted from the beginning of all."""

    data: bytes
    sections: list[Section]
    symbols: list[Symbol]
    places: dict[int, int]


def link(objects: Sequence[bytes], address_of: Callable[[str], int]) -> Image:
    """Place objects in memory. `address_of` gives the address of a name that none of them has.

    DamagedObject for bytes that are no object, LinkError for what LLVM does not write for us.
    """
    try:
        return _Linker(objects, address_of).image()
    except (struct.error, IndexError, OverflowError) as error:
        raise DamagedObject(f"an object file that points outside itself: {error}") from error


class _Linker:
    """The layout of one image, and its bytes."""

    def __init__(self, objects: Sequence[bytes], address_of: Callable[[str], int]) -> None:
        self.address_of = address_of
        self.objects = []
        for data in objects:
            sections = sections_of(data)
            self.objects.append(_Object(data, sections, symbol_table(data, sections), {}))
        self.table: dict[object, int] = {}  # what has an address in the table -> its place in the table
        self.jumps: dict[str, int] = {}
        self.parts = self._layout()
        self.image_bytes = bytearray(self.parts[-1][1])
        self.global_places = self._globals()

    def _layout(self) -> list[tuple[int, int]]:
        """Place every section; the begin and end of the three parts."""
        sections = [section for each in self.objects for section in each.sections]
        relocations = sum(section.size // 24 for section in sections if section.kind == WITH_ADDENDS)
        parts, end = [], 0
        for part in range(3):
            start = end
            for each in self.objects:
                for number, section in enumerate(each.sections):
                    if section.flags & LOADED and section.kind in DATA_KINDS and section.size and _part(section) == part:
                        if section.alignment > mmap.PAGESIZE or section.size > LARGEST:
                            raise DamagedObject(f"a section of {section.size} bytes, aligned to {section.alignment}")
                        end = _aligned(end, section.alignment)
                        each.places[number] = end
                        end += section.size
            if part == 0:
                self.jumps_at = end = _aligned(end, 8)
                end += 8 * len({s.name for each in self.objects for s in each.symbols if s.section == 0 and s.name})
            if part == 1:
                self.table_at = end = _aligned(end, 8)
                end += 8 * relocations
            end = _aligned(end, mmap.PAGESIZE)
            parts.append((start, end))
        return parts

    def _globals(self) -> dict[str, int]:
        """Where the names are that objects have for each other."""
        found: dict[str, int] = {}
        for each in self.objects:
            for symbol in each.symbols:
                if symbol.section and symbol.binding and symbol.section != ABSOLUTE:
                    if symbol.name in found:
                        raise LinkError(f"two objects have {symbol.name}")
                    found[symbol.name] = _place(each, symbol)
        return found

    def image(self) -> Image:
        """Fill the image and put it into memory."""
        libc = _libc()
        size = len(self.image_bytes)
        base = libc.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
        if base in (None, ctypes.c_void_p(-1).value):
            raise MemoryError(f"no {size} bytes of memory for code")
        image = Image(base, size, {name: base + place for name, place in self.global_places.items()})
        try:
            self._fill(base)
            ctypes.memmove(base, (ctypes.c_char * size).from_buffer(self.image_bytes), size)
            for (start, end), protection in zip(self.parts, PROTECTIONS, strict=True):
                if end > start and libc.mprotect(base + start, end - start, protection):
                    raise MemoryError("the system refuses to make memory executable")
        except BaseException:
            image.close()
            raise
        return image

    def _fill(self, base: int) -> None:
        for each in self.objects:
            for number, place in each.places.items():
                section = each.sections[number]
                if section.kind != NO_BITS:
                    self.image_bytes[place : place + section.size] = content(each.data, section)
            for section in each.sections:
                if section.kind == WITH_ADDENDS and section.info in each.places:
                    self._relocate(each, section, base)

    def _relocate(self, each: _Object, section: Section, base: int) -> None:
        """Write the addresses and distances that a section leaves open."""
        start = each.places[section.info]
        for offset, info, addend in struct.iter_unpack("<QQq", content(each.data, section)):
            kind, symbol = info & 0xFFFFFFFF, each.symbols[info >> 32]
            place = start + offset
            target = self._target(each, symbol)
            if kind in IN_TABLE:
                self._distance(place, self._in_table(each, symbol, target, base) + addend)
            elif kind in (DISTANCE, CALL) and target is not None:
                self._distance(place, target + addend)
            elif kind == CALL:
                self._distance(place, self._jump(symbol, base) + addend)
            elif kind == ADDRESS:
                value = (self.address_of(symbol.name) if target is None else base + target) + addend
                struct.pack_into("<Q", self.image_bytes, place, value)
            else:
                raise LinkError(f"relocation {kind} of {symbol.name or 'a section'} is not known here")

    def _distance(self, place: int, target: int) -> None:
        struct.pack_into("<i", self.image_bytes, place, target - place)

    def _target(self, each: _Object, symbol: Symbol) -> int | None:
        """The place of a symbol; None: it is outside."""
        return _place(each, symbol) if symbol.section else self.global_places.get(symbol.name)

    def _in_table(self, each: _Object, symbol: Symbol, target: int | None, base: int) -> int:
        """Where the table has the address of a symbol."""
        key: object = symbol.name if target is None else target
        if key not in self.table:
            self.table[key] = at = self.table_at + 8 * len(self.table)
            address = self.address_of(symbol.name) if target is None else base + target
            struct.pack_into("<Q", self.image_bytes, at, address)
        return self.table[key]

    def _jump(self, symbol: Symbol, base: int) -> int:
        """Where the jump to a function outside is."""
        if symbol.name not in self.jumps:
            self.jumps[symbol.name] = at = self.jumps_at + 8 * len(self.jumps)
            entry = self._in_table(self.objects[0], symbol, None, base)
            JUMP.pack_into(self.image_bytes, at, JUMP_CODE, entry - at - JUMP_LENGTH, FILL)
        return self.jumps[symbol.name]


def _part(section: Section) -> int:
    """0: code, 1: constants, 2: what can be written."""
    return 0 if section.flags & CODE else 2 if section.flags & WRITTEN else 1


def _place(each: _Object, symbol: Symbol) -> int:
    if symbol.section not in each.places:
        if symbol.section < len(each.sections) and not each.sections[symbol.section].size:
            return 0  # nothing is there to be read
        raise LinkError(f"{symbol.name or 'a symbol'} is in no section that is loaded")
    return each.places[symbol.section] + symbol.value


def _aligned(value: int, alignment: int) -> int:
    return -(-value // (alignment or 1)) * (alignment or 1)


@cache
def _libc() -> ctypes.CDLL:
    """The C library, told what its functions for memory take."""
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return libc
