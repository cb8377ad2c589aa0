"""Functions of equal text become one: layers of one kind have loops of one kind, and LLVM's time is by the line."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAME = re.compile(r"@([\w.$-]+)")


def merged(definitions: Iterable[tuple[str | None, str]]) -> list[str]:
    """The texts of definitions, with calls of a function that is gone led to the one that stays.

    A definition comes with its name if nothing outside of the module knows it, and it may go. It goes if another one is the
    same but for its name; functions that call others go together with these when they come after them.
    """
    kept: list[str] = []
    names: dict[str, str] = {}  # text without its name -> the name that stays
    instead: dict[str, str] = {}
    for name, text in definitions:
        if name is not None:
            key = _renamed(text, {**instead, name: ""})
            stays = names.setdefault(key, name)
            if stays != name:
                instead[name] = stays
                continue
        kept.append(text)
    return [_renamed(text, instead) for text in kept] if instead else kept


def _renamed(text: str, names: dict[str, str]) -> str:
    return _NAME.sub(lambda found: "@" + names.get(found[1], found[1]), text)
