"""Configuration: `config.floatX = "float32"`, the environment, and temporary changes.

Flags are read, each source winning over those before it, from the files `~/.theanorc` and `~/.phintysrc` (or those that
the variables THEANORC and PHINTYSRC name, several separated as in PATH), then from the environment variables
THEANO_FLAGS and PHINTYS_FLAGS: `name=value` pairs separated by commas (`floatX=float32,on_unused_input=warn`). DEBUG=1
to DEBUG=5 set the flag `debug`; other programs use that variable too, so any other value of it means nothing here. A
file has sections, `[global]` for names without a dot:

    [global]
    floatX = float32
    [NanGuardMode]
    big_is_error = False

Names, defaults and values are the table in `flags.py`. In Theano's own file unknown names are passed over, since it may
speak of things that are not here; anywhere else they are errors.
"""

from __future__ import annotations

import difflib
import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .flags import FLAGS, LOUDNESS, OPEN_SECTIONS, Flag, anything


def _sections() -> set[str]:
    """`dnn` and `dnn.conv` of `dnn.conv.algo_fwd`, and the open ones."""
    found = set(OPEN_SECTIONS)
    for name in FLAGS:
        parts = name.split(".")
        found.update(".".join(parts[:count]) for count in range(1, len(parts)))
    return found


_SECTIONS = _sections()


class Section:
    """Flags whose names begin with `prefix`: reading and setting attributes reads and sets flags."""

    def __init__(self, prefix: str, values: dict[str, Any]) -> None:
        vars(self)["_prefix"] = prefix
        vars(self)["_values"] = values

    def __getattr__(self, name: str) -> Any:
        full = self._prefix + name
        if full in self._values:
            return self._values[full]
        if full in _SECTIONS:
            return Section(full + ".", self._values)
        raise AttributeError(unknown(full), name=full, obj=None)  # Python would add a suggestion of its own to ours

    def __setattr__(self, name: str, value: Any) -> None:
        set_flag(self._prefix + name, value)

    def __dir__(self) -> list[str]:
        return sorted({name.removeprefix(self._prefix) for name in self._values if name.startswith(self._prefix)})

    def __str__(self) -> str:
        return "\n".join(f"{name} = {value}" for name, value in sorted(self._values.items()))

    def change_flags(self, args: Mapping[str, Any] | None = None, **flags: Any) -> change_flags:
        """`with config.change_flags(floatX="float32"): ...`, see `change_flags`."""
        return change_flags(args, **flags)


def unknown(name: str) -> str:
    """The message for a flag that does not exist."""
    close = difflib.get_close_matches(name, FLAGS, 1)
    return f"there is no flag '{name}'" + (f"; did you mean '{close[0]}'?" if close else "")


def find(name: str) -> Flag:
    """Row of a flag; AttributeError for an unknown name."""
    if name in FLAGS:
        return FLAGS[name]
    if name.partition(".")[0] in OPEN_SECTIONS and "." in name:
        return Flag(name, None, anything)
    raise AttributeError(unknown(name), name=name, obj=None)


def check(name: str, value: Any) -> None:
    """ValueError when `value` is not among a flag's choices."""
    choices = find(name).choices
    if choices and value not in choices:
        raise ValueError(f"{name} cannot be {value!r}; expected one of {', '.join(choices)}")


# Spellings of old versions and drivers, by flag.
_ALIASES = {
    "device": {"gpu": "cuda", "cuda0": "cuda", "gpu0": "cuda", **{f"gpu{n}": f"cuda{n}" for n in range(1, 16)}},
    "cast_policy": {"numpy": "numpy+floatX"},
}


def set_flag(name: str, value: Any) -> None:
    """Set one flag by its dotted name; AttributeError or ValueError when name or value are unknown."""
    flag = find(name)
    try:
        new = flag.read(_ALIASES.get(name, {}).get(value, value) if isinstance(value, str) else value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    check(name, new)
    _store(name, new)


def _store(name: str, value: Any) -> None:
    values, flag = vars(config)["_values"], find(name)
    changed = values.get(name) != value
    if flag.apply is not None and changed:
        flag.apply({**values, name: value})  # which may refuse it
    values[name] = value


def read_environment(environment: Mapping[str, str] = os.environ) -> None:
    """Apply the flags of files and environment; ValueError that names the source when one cannot be read."""
    for variable, default in (("THEANORC", "~/.theanorc"), ("PHINTYSRC", "~/.phintysrc")):
        for name in filter(None, environment.get(variable, default).split(os.pathsep)):
            _read_file(Path(name).expanduser(), known_only=variable == "THEANORC")
    if environment.get("DEBUG") in LOUDNESS:
        set_flag("debug", environment["DEBUG"])
    for variable in ("THEANO_FLAGS", "PHINTYS_FLAGS"):
        for pair in filter(None, (part.strip() for part in environment.get(variable, "").split(","))):
            name, sign, value = pair.partition("=")
            if not sign:
                raise ValueError(f"{variable}: expected name=value, got '{pair}'")
            _apply(variable, name.strip(), value.strip())


def _apply(source: str, name: str, value: str) -> None:
    try:
        set_flag(name, value)
    except (AttributeError, ValueError) as error:
        raise ValueError(f"{source}: {error}") from None


def _read_file(path: Path, known_only: bool) -> None:
    """The flags of a file with sections; nothing when there is none."""
    try:
        content = path.read_text()
    except OSError:
        return
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their capitals
    try:
        parser.read_string(content, str(path))
    except Error as error:
        raise ValueError(f"{path}: {error}") from None
    for section in parser.sections():
        for name, value in parser.items(section):
            full = name if section == "global" else f"{section}.{name}"
            if not known_only or full in FLAGS:
                _apply(str(path), full, value)


class change_flags:  # noqa: N801, RUF100  (Theano's name)
    """Flags with other values for a while: `with change_flags(floatX="float32"):`, or a decorator of a function."""

    def __init__(self, args: Mapping[str, Any] | None = None, **flags: Any) -> None:
        self.flags = {**(args or {}), **flags}
        for name in self.flags:
            find(name)
        self.saved: list[dict[str, Any]] = []

    def __enter__(self) -> change_flags:
        values = vars(config)["_values"]
        self.saved.append(dict(values))
        try:
            for name, value in self.flags.items():
                set_flag(name, value)
        except ValueError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        saved = self.saved.pop()
        for name in self.flags:
            _store(name, saved.get(name))

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate `function`: it runs with the flags changed."""

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with change_flags(self.flags):
                return function(*args, **kwargs)

        return wrapper


config = Section("", {name: flag.default for name, flag in FLAGS.items()})
read_environment()
