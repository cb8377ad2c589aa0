"""The kernels of a module as modules of their own, named by what they do.

In: the LLVM IR text of a function, as `assemble` writes it. Out: a `Program`: the host, which checks, allocates and calls,
and a text for each kernel, a loop that threads may share (`f.part3`, and `f.part3.call`, which takes its values from
memory, stays with the host). A kernel's text has all that it needs, numbered from 0, and none of the names around it: equal
kernels of different functions are equal texts, so that the object made for one does for all. A kernel that touches a variable
of the module, or another kernel, stays with the host.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from . import rare

PREFIX = "phi_kernel_"
PLAIN = '"phi.plain"'  # attribute of a function without a loop that LLVM could do better
USED = "@llvm.compiler.used"
# LLVM's loader (22) reserves memory for data that can be written; the addresses of what is called go there, but are not
# counted: where there is no such data, the process ends.
ROOM = "@phi_room = internal global i64 1"
_KERNEL = re.compile(r"define internal \S+ (@[\w.]+\.part\d+)\(")
_NAMED = re.compile(r'(?:define|declare)[^@]*(@(?:[\w.$-]+|"[^"]*"))\(|([@%!](?:[\w.$-]+|"[^"]*")) =')
_USES = re.compile(r'@[\w.$-]+|@"[^"]*"|%[A-Z]\w*|!\d+')
_OWN = re.compile(rf"^define internal (?=[^@]*@{PREFIX}\()", re.MULTILINE)
_ARGUMENT = re.compile(r" %[\w.]+(?=[,)])")


class Program(NamedTuple):
    """The text of a host, and those of the kernels that it calls, by name."""

    host: str
    kernels: dict[str, str]

    @property
    def plain(self) -> bool:
        """Whether the host has no loop that LLVM could do better."""
        return PLAIN in self.host


class _Chunk(NamedTuple):
    """A definition, declaration, variable, type or metadata node of a module, and the names that it needs."""

    text: str
    uses: list[str]


def split(text: str) -> Program:
    """The host and the kernels of a module."""
    chunks = _chunks(text)
    kernels: dict[str, str] = {}
    names: dict[str, str] = {}
    loops = [found[1] for chunk in chunks.values() if (found := _KERNEL.match(chunk.text))]
    for own in loops:
        needed = _closure(chunks, [own])
        if any(name != own and (name in loops or _changes(chunks[name].text)) for name in needed):
            continue
        name, body = _kernel(chunks, needed, own)
        kernels[name] = body
        names[own] = f"@{name}"
    declared: set[str] = set()
    for part, name in names.items():
        # Loops may differ only in how a constant is called.
        chunks[part] = _Chunk("" if name in declared else _declaration(chunks[part].text), [])
        declared.add(name)
    host = _written(chunks, _closure(chunks, [name for name, chunk in chunks.items() if _is_entry(chunk.text)]))
    return Program(_USES.sub(lambda found: names.get(found[0], found[0]), host) if names else host, kernels)


def _chunks(text: str) -> dict[str, _Chunk]:
    """The parts of a module, by name, in their order; what keeps others from being dropped is put together anew."""
    found: dict[str, _Chunk] = {}
    for piece in _pieces(text):
        named = _NAMED.match(piece)
        if named is None:
            continue
        name = named[1] or named[2]
        if name != USED:
            found[name] = _Chunk(piece, [use for use in dict.fromkeys(_USES.findall(piece)) if use != name])
    for name, chunk in found.items():
        if name.startswith(f"@{rare.PREFIX}"):  # its attribute names the variants for vectors
            chunk.uses.extend(other for other in found if other.startswith(f"{name}_"))
    return found


def _pieces(text: str) -> Iterator[str]:
    """Definitions with all their lines, and every other line."""
    lines = iter(text.split("\n"))
    for line in lines:
        if line.startswith("define"):
            body = [line]
            for line in lines:
                body.append(line)
                if line == "}":
                    break
            yield "\n".join(body)
        else:
            yield line


def _closure(chunks: dict[str, _Chunk], names: Iterable[str]) -> list[str]:
    """These names and all that they need, those that were asked for first, then as they come up."""
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name in chunks and name not in found:
            found[name] = None
            waiting += chunks[name].uses
    return list(found)


def _kernel(chunks: dict[str, _Chunk], needed: list[str], own: str) -> tuple[str, str]:
    """A kernel's name and text: metadata and constants are numbered as they come up, and the name is a hash of the rest."""
    numbers = {name: f"!{k}" for k, name in enumerate(name for name in needed if name.startswith("!"))}
    tables = (name for name in needed if chunks[name].text.startswith(f"{name} = internal constant"))
    numbers |= {name: f"@constant_{k}" for k, name in enumerate(tables)}
    anonymous = {**numbers, own: f"@{PREFIX}"}
    text = _USES.sub(lambda found: anonymous.get(found[0], found[0]), _written(chunks, needed))
    name = PREFIX + hashlib.sha256(text.encode()).hexdigest()[:32]
    return name, _OWN.sub("define dso_local ", text).replace(f"@{PREFIX}(", f"@{name}(")


def _written(chunks: dict[str, _Chunk], names: Iterable[str]) -> str:
    """The text of a module of these parts."""
    needed = list(names)
    kept = ["@phi_room", *(name for name in needed if re.fullmatch(rf"@{rare.PREFIX}\w+_\d+", name))]
    used = ", ".join(f"ptr {name}" for name in kept)
    keep = f'{USED} = appending global [{len(kept)} x ptr] [{used}], section "llvm.metadata"'
    # Types come before the variables of these types.
    needed.sort(key=lambda name: not name.startswith("%"))
    return "\n".join([*(chunks[name].text for name in needed), ROOM, keep]) + "\n"


def _declaration(definition: str) -> str:
    """The declaration of a function that is defined elsewhere: called by its address in a table, not by way of a stub."""
    head = definition.split("\n", 1)[0].rstrip("{ ")
    return _ARGUMENT.sub("", head.replace("define internal", "declare", 1).replace(" noinline", "")) + " nonlazybind"


def _changes(text: str) -> bool:
    """Whether a part of a module is a variable."""
    return text.startswith("@") and re.match(r"\S+ = (?:internal |private )?global", text) is not None


def _is_entry(text: str) -> bool:
    """Whether a part of a module is for others: a function, or a variable with a value."""
    return re.match(r"define (?!internal)|@\S+ = (?:global|constant) ", text) is not None
