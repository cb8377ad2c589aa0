"""Operations that a Python callable carries out: how their attributes read, and the types of their results.

    host(x, function="sort", results="f64[?]", options="{'axis': 0}")

`function` names a callable of the table in `codegen.host`, or is a token of this process (`local:7`) for one that a program
has made. `options` are keyword arguments for it, written as a Python dict of literals.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from typing import Any

from .types import TensorType, TypeInferenceError, parse_type

LOCAL = "local:"  # how the token of a callable begins that only this process knows
EACH = "each:"  # in front of a name: the callable is called for every row of a batch
STATE_WORDS = 628  # of a random stream: 624 key words, position, whether a normal is kept, that normal as two words
STATE = TensorType("uint32", (STATE_WORDS,))
_TYPE = re.compile(r"\s*([a-z]+\d*\s*(?:\[[^\]]*\])?)\s*(,|\Z)")


def is_local(function: str) -> bool:
    """Whether a function is known to this process only."""
    return function.startswith(LOCAL)


def types_text(types: Iterable[TensorType]) -> str:
    """`f64[?], u32[628]`: what `parse_types` reads."""
    return ", ".join(type.text for type in types)


def parse_types(text: str) -> list[TensorType]:
    """Types separated by commas; TypeInferenceError when the text is something else."""
    found = []
    position = 0
    while position < len(text):
        match = _TYPE.match(text, position)
        if match is None:
            raise TypeInferenceError(f"'{text[position:].strip()}' does not begin with a type such as f64[?, 3]")
        try:
            found.append(parse_type(match[1]))
        except ValueError:
            raise TypeInferenceError(f"'{match[1]}' is no type: sizes are numbers or '?'") from None
        position = match.end()
    return found


def options_text(options: dict[str, Any]) -> str:
    """Keyword arguments as the `options` attribute; '' for none."""
    return repr(options) if options else ""


def parse_options(text: str) -> dict[str, Any]:
    """Keyword arguments of an `options` attribute; TypeInferenceError when it does not read as a dict of literals."""
    try:
        found = ast.literal_eval(text) if text else {}
    except (ValueError, SyntaxError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise TypeInferenceError(f"options are a dict of literals such as {{'axis': 0}}, got '{text}'")
    return found


def host(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    """The types that `results` lists, at least one."""
    results = parse_types(attrs["results"])
    if not results:
        raise TypeInferenceError("host needs the type of at least one result")
    if not attrs["function"] or "|" in attrs["function"]:
        raise TypeInferenceError(f"'{attrs['function']}' is no name of a function")
    parse_options(attrs["options"])
    attrs["results"] = types_text(results)
    return results


def draw(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    """A random draw: the stream's next state, and float64 numbers of the sizes that `attrs['sizes']` says."""
    if types[0] != STATE:
        raise TypeInferenceError(f"the state of a random stream is {STATE}, got {types[0]}")
    return [STATE, TensorType("float64", _drawn_sizes(types[1:], attrs))]


def draw_mrg(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    """A draw of several MRG31k3p streams: their next states, one a row, and int32 numbers."""
    state = types[0]
    if state.dtype != "int32" or state.ndim != 2 or state.shape[1] != 6:
        raise TypeInferenceError(f"the states of MRG streams are i32[?, 6], got {state}")
    return [state, TensorType("int32", _drawn_sizes(types[1:], attrs))]


def _drawn_sizes(dims: Sequence[TensorType], attrs: dict[str, Any]) -> tuple[int | None, ...]:
    if any(dim.ndim or dim.kind not in "iu" for dim in dims):
        raise TypeInferenceError(f"sizes are integer scalars, got {', '.join(map(str, dims))}")
    sizes = tuple(attrs["sizes"])
    if sizes.count(None) != len(dims) or any(size is not None and size < 0 for size in sizes):
        raise TypeInferenceError(f"{len(dims)} size operands for sizes {sizes}")
    return sizes
