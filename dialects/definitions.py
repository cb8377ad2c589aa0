"""xDSL's definitions of operations and attributes, read when a class is first used.

The decorators of xDSL read the fields of a class, make constraints of them, accessors for its operands, results and attributes,
a verifier, and parse its assembly format. `function()` imports two hundred operations, uses fifty, and neither reads nor prints
text. Here a class keeps its fields as they were written: whatever is first asked of it has xDSL read them, and a format is
parsed with the first operation that is read or printed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import xdsl.irdl
from xdsl.ir import TypedAttribute
from xdsl.irdl import attributes, operations
from xdsl.irdl.attributes import ParamAttrDef
from xdsl.irdl.constraints import AnyOf
from xdsl.irdl.operations import OpDef, OptionalDef
from xdsl.utils.runtime_final import runtime_final

_LOCK = threading.RLock()
_ABSENT = object()
_PENDING: dict[type, dict[str, Any]] = {}  # operation -> what stood in the class before the stand-ins


class _Traits:
    """Stands for the traits of an operation."""

    def __get__(self, instance: object, owner: type) -> Any:
        _finish(owner)
        return owner.traits  # type: ignore[attr-defined]


_TRAITS = _Traits()


def _operation(cls: Any) -> Any:
    """`irdl_op_definition` that does all of it later."""

    def get_irdl_definition(asked: type) -> Any:
        _finish(asked)
        return asked.get_irdl_definition()  # type: ignore[attr-defined]

    def verify_(op: Any) -> None:
        _finish(type(op))
        op.verify_()

    def parse(asked: Any, parser: Any) -> Any:
        _finish(asked)
        return asked.parse(parser)

    def print(op: Any, printer: Any) -> None:
        _finish(type(op))
        op.print(printer)

    new = {"get_irdl_definition": classmethod(get_irdl_definition), "verify_": verify_, "traits": _TRAITS}
    if cls.assembly_format is not None:
        new |= {"parse": classmethod(parse), "print": print}
    _PENDING[cls] = {name: cls.__dict__.get(name, _ABSENT) for name in new}
    for name, value in new.items():
        setattr(cls, name, value)
    return cls


def _finish(cls: type) -> None:
    """Read the definitions of an operation, those that it inherits from first."""
    with _LOCK:
        for owner in reversed(cls.__mro__):
            if owner in _PENDING:
                for name, value in _PENDING[owner].items():
                    if value is _ABSENT:
                        delattr(owner, name)
                    else:
                        setattr(owner, name, value)
                del _PENDING[owner]
                _define(owner)


def _define(cls: Any) -> None:
    """What `irdl_op_definition` does, but for the format."""
    definition = OpDef.from_pyrdl(cls)
    text, definition.assembly_format = definition.assembly_format, None
    new = operations.get_accessors_from_op_def(definition, getattr(cls, "verify_", None))
    definition.assembly_format = text
    if text is not None:
        new |= _format(text, definition)
    for name, value in new.items():
        setattr(cls, name, value)


Default = tuple[str, str, Any]  # "properties" or "attributes", a name and a value
_DEFAULTS: dict[type, list[Default]] = {}


def _fill(op: Any) -> None:
    """`IRDLOperation.__post_init__`: give an operation the properties and attributes that have a value by default."""
    cls = type(op)
    defaults = _DEFAULTS.get(cls)
    if defaults is None:
        defaults = _DEFAULTS[cls] = list(_unread_defaults(cls) if cls in _PENDING else _read_defaults(cls))
    for place, name, value in defaults:
        getattr(op, place).setdefault(name, value)
    super(operations.IRDLOperation, op).__post_init__()


def _read_defaults(cls: Any) -> Iterator[Default]:
    definition = cls.get_irdl_definition()
    for place in ("properties", "attributes"):
        for name, found in getattr(definition, place).items():
            if found.default_value is not None and not isinstance(found, OptionalDef):
                yield place, name, found.default_value


def _unread_defaults(cls: type) -> Iterator[Default]:
    """The same from the fields as they were written: most operations are made and not asked for anything else."""
    for number, owner in enumerate(cls.__mro__):
        for name, default in _own_defaults(owner):
            if not any(name in vars(heir) for heir in cls.__mro__[:number]):
                yield default


@cache
def _own_defaults(owner: type) -> tuple[tuple[str, Default], ...]:
    """The fields that a class itself has, and what they are by default."""
    found = []
    for name, field in vars(owner).items():
        if isinstance(field, operations._AttrOrPropFieldDef) and not issubclass(field.cls, OptionalDef):
            place = "properties" if issubclass(field.cls, operations.PropertyDef) else "attributes"
            found.append((name, (place, field.ir_name or name, field.default_value)))
    return tuple((name, default) for name, default in found if default[2] is not None)


def _format(text: str, definition: OpDef) -> dict[str, Any]:
    """How operations of a format are read and printed."""
    parsed: list[Any] = []

    def program() -> Any:
        if not parsed:
            from xdsl.irdl.declarative_assembly_format import FormatProgram

            parsed.append(FormatProgram.from_str(text, definition))
        return parsed[0]

    def parse(cls: type, parser: Any) -> Any:
        return program().parse(parser, cls)

    def print(op: Any, printer: Any) -> None:
        program().print(printer, op)

    return {"parse": classmethod(parse), "print": print}


def _field(field: Any, instance: object, owner: type) -> Any:
    """A field as it was written: what it stands for, in an operation that has not been read yet."""
    if not any(cls in _PENDING for cls in owner.__mro__):
        return field
    name = next(name for cls in owner.__mro__ for name, value in vars(cls).items() if value is field)
    _finish(owner)
    return getattr(owner if instance is None else instance, name)


def _attribute(cls: Any) -> Any:
    """`irdl_param_attr_definition` that reads the parameters later."""
    found: list[ParamAttrDef] = []

    def get_irdl_definition(asked: type) -> ParamAttrDef:
        if not found:
            found.append(ParamAttrDef.from_pyrdl(cls))
        return found[0]

    def get_type_index(asked: type) -> int:
        return next(i for i, (name, _) in enumerate(get_irdl_definition(cls).parameters) if name == "type")

    cls.get_irdl_definition = classmethod(get_irdl_definition)
    if issubclass(cls, TypedAttribute):
        cls.get_type_index = classmethod(get_type_index)
    return runtime_final(dataclass(frozen=True, init=False)(cls))


_union = AnyOf.get
_UNIONS: dict[tuple[Any, ...], Any] = {}


def _known_union(*parts: Any) -> Any:
    """`AnyOf.get`, which compares all its parts with each other, once for the same parts: half of the calls are repetitions."""
    found = _UNIONS.get(parts)
    if found is None:
        found = _UNIONS[parts] = _union(*parts)
    return found


def defer_definitions() -> None:
    """Let operations and attributes defined from now on be read when they are first used."""
    replaced: list[tuple[Any, str, Callable[..., Any]]] = [
        (xdsl.irdl, "irdl_op_definition", _operation),
        (operations, "irdl_op_definition", _operation),
        (operations._OpDefField, "__get__", _field),
        (operations.IRDLOperation, "__post_init__", _fill),
        (attributes, "irdl_param_attr_definition", _attribute),
        (AnyOf, "get", staticmethod(_known_union)),
    ]
    for owner, name, new in replaced:
        setattr(owner, name, new)
