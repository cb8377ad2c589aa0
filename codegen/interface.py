"""What a compiled function takes, gives and checks: read from the `phi.*` attributes, kept beside the object in the
cache.

Plain strings in, plain values out: no IR here. `Interface.to_json()` and `Interface.from_json()` are the form on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from phintys.ir.checks import EXCEPTIONS
from phintys.ir.types import TensorType, parse_type


class InterfaceError(ValueError):
    """A `phi.*` attribute does not read as the contract says."""


class Argument(NamedTuple):
    """One argument of the body: an input of the call or the value of a state cell."""

    is_state: bool
    type: TensorType
    name: str

    @classmethod
    def parse(cls, text: str) -> Argument:
        """Read `input f64[?, 784] x` or `state f64[784, 10] w`."""
        kind, _, rest = text.partition(" ")
        split = rest.rfind("]") + 1 or rest.find(" ")
        kind_known = kind in ("input", "state")
        if not kind_known or split < 1:
            raise InterfaceError(f"phi.arguments entry '{text}': expected 'input TYPE NAME' or 'state TYPE NAME'")
        return cls(kind == "state", parse_type(rest[:split]), rest[split:].strip())

    def __str__(self) -> str:
        return f"{'state' if self.is_state else 'input'} {self.type} {self.name}"


class Result(NamedTuple):
    """One result: `output` (returned), `update` (replaces a state's array) or `inplace` (already written there)."""

    kind: str
    type: TensorType | None
    argument: int | None

    @classmethod
    def parse(cls, text: str) -> Result:
        """Read `output f64[]`, `update 1 f64[784, 10]` or `inplace 1`."""
        kind, _, rest = text.partition(" ")
        if kind == "output":
            return cls(kind, parse_type(rest), None)
        number, _, kind_text = rest.partition(" ")
        if kind == "update" and number.isdigit():
            return cls(kind, parse_type(kind_text), int(number))
        if kind == "inplace" and rest.isdigit():
            return cls(kind, None, int(rest))
        raise InterfaceError(
            f"phi.results entry '{text}': expected 'output TYPE', 'update ARGUMENT TYPE' or 'inplace ARGUMENT'"
        )

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.kind, self.argument, self.type) if part is not None)


class Check(NamedTuple):
    """One run-time check: the exception it raises, where it stands, and its message with `{0}`, `{1}` for values."""

    exception: str
    location: str
    message: str

    @classmethod
    def parse(cls, text: str) -> Check:
        """Read `ValueError|#12|dot: x has {0} columns but y has {1} rows`."""
        exception, _, rest = text.partition("|")
        location, bar, message = rest.partition("|")
        if exception not in EXCEPTIONS or not bar:
            raise InterfaceError(f"phi.checks entry '{text}': expected 'EXCEPTION|LOCATION|MESSAGE' with one of {EXCEPTIONS}")
        return cls(exception, location, message)

    def __str__(self) -> str:
        return f"{self.exception}|{self.location}|{self.message}"

    @property
    def arity(self) -> int:
        """How many values the message shows."""
        import string

        fields = [field for _, field, _, _ in string.Formatter().parse(self.message) if field is not None]
        return max((int(field) + 1 for field in fields if field.isdigit()), default=0)


class Host(NamedTuple):
    """One call of a Python callable: its name or token, results' types, place, options (see `codegen.host`)."""

    function: str
    gives: str
    location: str
    options: str

    @classmethod
    def parse(cls, text: str) -> Host:
        """Read `sort|f64[?]|train.py:3|{'axis': 0}`."""
        parts = text.split("|", 3)
        if len(parts) != 4 or not (parts[0] and parts[1]):
            raise InterfaceError(f"phi.hosts entry '{text}': expected 'FUNCTION|TYPES|LOCATION|OPTIONS'")
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.function}|{self.gives}|{self.location}|{self.options}"


@dataclass(frozen=True)
class Interface:
    """Arguments, results, checks and Python callables of a compiled function, the symbol of its entry, and what it measures
    (see `ir.profile`)."""

    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    checks: tuple[Check, ...] = ()
    entry: str = ""
    hosts: tuple[Host, ...] = ()
    profile: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for result in self.results:
            if result.argument is None:
                continue
            if result.argument >= len(self.arguments) or not self.arguments[result.argument].is_state:
                raise InterfaceError(f"phi.results entry '{result}': argument {result.argument} is not a state")

    @classmethod
    def parse(
        cls,
        arguments: Sequence[str],
        results: Sequence[str],
        checks: Sequence[str] = (),
        entry: str = "",
        hosts: Sequence[str] = (),
        profile: Sequence[str] = (),
    ) -> Interface:
        """Read the `phi.*` attributes."""
        return cls(
            tuple(Argument.parse(text) for text in arguments),
            tuple(Result.parse(text) for text in results),
            tuple(Check.parse(text) for text in checks),
            entry,
            tuple(Host.parse(text) for text in hosts),
            tuple(profile),
        )

    @property
    def inputs(self) -> list[Argument]:
        """The arguments that a call passes, in order."""
        return [argument for argument in self.arguments if not argument.is_state]

    @property
    def states(self) -> list[Argument]:
        """The arguments that are the values of state cells, in order."""
        return [argument for argument in self.arguments if argument.is_state]

    @property
    def inplace(self) -> set[int]:
        """Numbers of the arguments whose buffers the body writes."""
        return {result.argument for result in self.results if result.kind == "inplace" and result.argument is not None}

    @property
    def outputs(self) -> int:
        """How many arrays a call returns."""
        return sum(result.kind == "output" for result in self.results)

    def to_json(self) -> dict[str, Any]:
        """Lists of strings, as in the attributes."""
        return {
            "arguments": [str(argument) for argument in self.arguments],
            "results": [str(result) for result in self.results],
            "checks": [str(check) for check in self.checks],
            "entry": self.entry,
            "hosts": [str(host) for host in self.hosts],
            "profile": list(self.profile),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Interface:
        """Read what `to_json` gave."""
        return cls.parse(*(data[name] for name in ("arguments", "results", "checks", "entry", "hosts", "profile")))
