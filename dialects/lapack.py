"""The `lapack` dialect: calls of LAPACK's routines (and of the BLAS's trsm) on memory, at the level of loops.

    %info = lapack.potrf %a {uplo = "U"} : memref<?x?xf64, strided<[1, ?]>> -> i64

Routines see memory as Fortran does: the first stride of a matrix is 1. A row-major matrix is therefore handed over as its
transpose, by a `memref.reinterpret_cast` that costs nothing. Operands are overwritten as LAPACK says; the result is its
`info`, 0 where all is well. Work memory is not an operand: the lowering allocates it.

`ROUTINES` is the table. A row's `arguments` are Fortran's, in order: letters and operands by name, `rows(a)`, `cols(a)`,
`ld(a)` and `size(t)` of operands, `one`, and `work`, `lwork`, `iwork`, `liwork`, `info`.
Source: LAPACK Users' Guide, third edition (1999).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Dialect, Operation, SSAValue
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import MemoryReadEffect, MemoryWriteEffect
from xdsl.utils.exceptions import VerifyException

MATRIX, VECTOR, INTEGERS, NUMBER = "matrix", "vector", "integers", "number"


@dataclass(frozen=True)
class Routine:
    """A row: kinds of operands by name, letters by name with those allowed, Fortran's arguments, and work memory.

    `work` is "" for none, "rows" for 64 elements a row of the first operand (enough for the blocked algorithm), "query" when
    the routine says how many it wants; `integers` likewise, or "smaller" for 8 times the smaller size of the first operand.
    """

    doc: str
    operands: Mapping[str, str]
    arguments: str
    letters: Mapping[str, str] = field(default_factory=dict)
    work: str = ""
    integers: str = ""
    reads: tuple[str, ...] = ()  # operands that are only read; the others are overwritten

    @property
    def has_info(self) -> bool:
        """Whether there is a result."""
        return "info" in self.arguments.split()


ROUTINES: dict[str, Routine] = {
    "getrf": Routine(
        "LU factors of a; info k: the k-th pivot is 0.",
        {"a": MATRIX, "pivots": INTEGERS},
        "rows(a) cols(a) a ld(a) pivots info",
    ),
    "getri": Routine(
        "The inverse in place of LU factors.",
        {"a": MATRIX, "pivots": INTEGERS},
        "rows(a) a ld(a) pivots work lwork info",
        work="rows",
        reads=("pivots",),
    ),
    "getrs": Routine(
        "Solve with LU factors, in place of b.",
        {"a": MATRIX, "pivots": INTEGERS, "b": MATRIX},
        "trans rows(a) cols(b) a ld(a) pivots b ld(b) info",
        {"trans": "NT"},
        reads=("a", "pivots"),
    ),
    "potrf": Routine(
        "Cholesky's factor in the triangle that is read; info k: the k-th minor is not positive.",
        {"a": MATRIX},
        "uplo rows(a) a ld(a) info",
        {"uplo": "UL"},
    ),
    "trsm": Routine(
        "Solve with a triangle a, on the left or the right of b, in place of b.",
        {"a": MATRIX, "b": MATRIX},
        "side uplo trans diag rows(b) cols(b) one a ld(a) b ld(b)",
        {"side": "LR", "uplo": "UL", "trans": "NT", "diag": "NU"},
        reads=("a",),
    ),
    "gelqf": Routine(
        "a = L Q: L in the lower triangle, reflectors in the rest.",
        {"a": MATRIX, "tau": VECTOR},
        "rows(a) cols(a) a ld(a) tau work lwork info",
        work="rows",
    ),
    "orglq": Routine(
        "The rows of Q of reflectors.",
        {"a": MATRIX, "tau": VECTOR},
        "rows(a) cols(a) size(tau) a ld(a) tau work lwork info",
        work="rows",
        reads=("tau",),
    ),
    "syevd": Routine(
        "Eigenvalues of a symmetric matrix, ascending, and with jobz V its eigenvectors in place of a.",
        {"a": MATRIX, "w": VECTOR},
        "jobz uplo rows(a) a ld(a) w work lwork iwork liwork info",
        {"jobz": "NV", "uplo": "UL"},
        work="query",
        integers="query",
    ),
    "geev": Routine(
        "Eigenvalues (real and imaginary parts) and right eigenvectors of any square matrix.",
        {"a": MATRIX, "wr": VECTOR, "wi": VECTOR, "v": MATRIX},
        "jobvl jobvr rows(a) a ld(a) wr wi v ld(v) v ld(v) work lwork info",
        {"jobvl": "N", "jobvr": "NV"},
        work="query",
    ),
    "gesdd": Routine(
        "Singular values, and with jobz A (all) or S (as many as values) the vectors u and vt.",
        {"a": MATRIX, "s": VECTOR, "u": MATRIX, "vt": MATRIX},
        "jobz rows(a) cols(a) a ld(a) s u ld(u) vt ld(vt) work lwork iwork info",
        {"jobz": "NSA"},
        work="query",
        integers="smaller",
    ),
    "gelsd": Routine(
        "The least solution of least squares, in place of b; singular values and rank of a.",
        {"a": MATRIX, "b": MATRIX, "s": VECTOR, "rcond": NUMBER, "rank": INTEGERS},
        "rows(a) cols(a) cols(b) a ld(a) b ld(b) s rcond rank work lwork iwork info",
        work="query",
        integers="query",
    ),
}


def column_major(type: Attribute) -> bool:
    """Whether a type is that of a matrix whose first stride is 1."""
    if not isinstance(type, bi.MemRefType) or type.get_num_dims() != 2:
        return False
    strides = type.get_strides()
    return strides is not None and strides[0] == 1


class RoutineOp(Operation):
    """Base of the calls; `row` is that of the table."""

    row: ClassVar[Routine]
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())

    @property
    def element_type(self) -> Any:
        """f32 or f64, of the first operand."""
        type = self.operands[0].type
        return type.element_type if isinstance(type, bi.MemRefType) else None

    @property
    def written(self) -> list[SSAValue]:
        """The memrefs that the routine overwrites."""
        pairs = zip(self.row.operands, self.operands, strict=True)
        return [value for name, value in pairs if name not in self.row.reads and isinstance(value.type, bi.MemRefType)]

    def letter(self, name: str) -> str:
        """The letter of an attribute, '' where there is none."""
        attr = self.attributes.get(name)
        return attr.data if isinstance(attr, bi.StringAttr) else ""

    def verify_(self) -> None:
        """Check the operands' count and kinds, one element type f32 or f64, and the letters."""
        names = list(self.row.operands)
        if len(self.operands) != len(names):
            raise VerifyException(f"{self.name}: operands are {', '.join(names)}; got {len(self.operands)}")
        if self.element_type not in (bi.f32, bi.f64):
            raise VerifyException(f"{self.name}: matrices are of f32 or f64, got {self.operands[0].type}")
        for (name, kind), value in zip(self.row.operands.items(), self.operands, strict=True):
            self._verify_operand(name, kind, value.type)
        for name, allowed in self.row.letters.items():
            if len(self.letter(name)) != 1 or self.letter(name) not in allowed:
                raise VerifyException(f"{self.name}: '{name}' is one of {', '.join(allowed)}, got '{self.letter(name)}'")
        if [value.type for value in self.results] != [bi.i64] * self.row.has_info:
            raise VerifyException(f"{self.name}: expected {'one result, info, an i64' if self.row.has_info else 'no result'}")

    def _verify_operand(self, name: str, kind: str, type: Attribute) -> None:
        if kind == NUMBER:
            fits, wanted = type == self.element_type, f"a {self.element_type}"
        else:
            element = bi.i64 if kind == INTEGERS else self.element_type
            fits = isinstance(type, bi.MemRefType) and type.element_type == element
            wanted = f"a matrix of {element} whose first stride is 1" if kind == MATRIX else f"a vector of {element}"
            fits = fits and (column_major(type) if kind == MATRIX else _dense_vector(type))
        if not fits:
            raise VerifyException(f"{self.name}: {name} must be {wanted}, got {type}")

    def print(self, printer: Printer) -> None:
        """Custom syntax: operands, letters, types."""
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_list([value.type for value in self.operands], printer.print_attribute)
        if self.results:
            printer.print_string(" -> ")
            printer.print_list([value.type for value in self.results], printer.print_attribute)

    @classmethod
    def parse(cls, parser: Parser) -> RoutineOp:
        """Read what `print` writes."""
        names = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_unresolved_operand)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        types = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)
        results = [parser.parse_type()] if parser.parse_optional_punctuation("->") else []
        operands = parser.resolve_operands(names, types, parser.pos)
        return cls.create(operands=operands, result_types=results, attributes=attributes)


def _dense_vector(type: Attribute) -> bool:
    return isinstance(type, bi.MemRefType) and type.get_num_dims() == 1 and list(type.get_strides() or ()) == [1]


EXAMPLE_TYPES = {MATRIX: "memref<?x?xf64, strided<[1, ?]>>", VECTOR: "memref<?xf64>", INTEGERS: "memref<?xi64>", NUMBER: "f64"}


def _documented(name: str, row: Routine) -> str:
    """The docstring of a generated class: the row's sentence and a call."""
    letters = ", ".join(f'{letter} = "{allowed[0]}"' for letter, allowed in row.letters.items())
    operands = ", ".join(f"%{operand}" for operand in row.operands)
    types = ", ".join(EXAMPLE_TYPES[kind] for kind in row.operands.values())
    call = f"lapack.{name} {operands}{f' {{{letters}}}' if letters else ''} : {types}"
    return f"{row.doc}\n\n    {f'%info = {call} -> i64' if row.has_info else call}\n"


CLASSES: dict[str, type[RoutineOp]] = {
    name: type(f"{name.title()}Op", (RoutineOp,), {"name": f"lapack.{name}", "row": row, "__doc__": _documented(name, row)})
    for name, row in ROUTINES.items()
}


def build_op(routine: str, operands: Sequence[SSAValue], letters: Mapping[str, str], location: Any = None) -> RoutineOp:
    """A call of a routine of the table."""
    cls = CLASSES[routine]
    attributes: dict[str, Attribute] = {name: bi.StringAttr(letter) for name, letter in letters.items()}
    results = [bi.i64] * cls.row.has_info
    return cls.create(operands=operands, result_types=results, attributes=attributes, location=location)


Lapack = Dialect("lapack", list(CLASSES.values()), [])
