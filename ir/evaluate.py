"""Expressions of graph text, as terms: one method for each rule of the grammar."""

from __future__ import annotations

from typing import Any

from .diagnostics import Source, near_match
from .functions import ATTRIBUTES, FUNCTIONS, PREDEFINED, match_arguments
from .graph import Value
from .indexing import Dots, Item, NewAxis, Pair, Slice, part
from .literals import LiteralError, typed_array, unquote
from .ops import OPS
from .scope import Scope
from .terms import Arguments, DTypeName, Items, Literal, Results, ShapeOf, Term, Text, as_literal, describe
from .types import BY_SHORT, TensorType

INFIX = {row.infix: name for name, row in OPS.items() if row.infix} | {"@": "dot"}
PREFIX = {"-": "neg", "~": "invert"}
SUBSCRIPTED = {"set_subtensor", "inc_subtensor"}  # their first argument is a subscript: set_subtensor(x[1:3], y)


def read_number(text: str) -> int | float | complex:
    """A NUMBER token; ValueError when it is too large for its kind."""
    if text.endswith("j"):
        return complex(0.0, float(text[:-1]))
    if text.isdigit():
        if len(text) > 40:
            raise ValueError(f"{text[:12]}... is too large")
        return int(text)
    value = float(text)
    if value == float("inf"):
        raise ValueError(f"{text} is too large for f64; write inf")
    return value


class Evaluator:
    """Evaluates the expressions of one graph."""

    def __init__(self, source: Source) -> None:
        self.scope = Scope(source)

    def term(self, tree: Any) -> Term:
        """What an expression stands for."""
        found: Term = RULES[tree.data](self, tree)
        return found

    def value(self, tree: Any) -> Value:
        """An expression as a tensor."""
        return self.scope.value(self.term(tree), tree)

    def sizes(self, tree: Any) -> tuple[int | None, ...]:
        """The sizes of a written type."""
        sizes: list[int | None] = []
        for token in tree.children if tree is not None else []:
            if token != "?" and (not token.isdigit() or len(token) > 18):
                self.scope.fail(f"a size is a number or '?', got '{token}'", token)
            sizes.append(None if token == "?" else int(token))
        return tuple(sizes)

    # --- leaves ------------------------------------------------------------------------------------------------------

    def name(self, tree: Any) -> Term:
        """A name, or one of `inf nan true false`."""
        token = tree.children[0]
        if str(token) in PREDEFINED and str(token) not in self.scope.names:
            return Literal(PREDEFINED[str(token)])
        return self.scope.lookup(token, [*FUNCTIONS, *OPS])

    def number(self, tree: Any) -> Term:
        """A number: an untyped literal."""
        try:
            return Literal(read_number(str(tree.children[0])))
        except ValueError as failure:
            self.scope.fail(str(failure), tree)

    def string(self, tree: Any) -> Term:
        """A quoted text."""
        return Text(unquote(str(tree.children[0])))

    def dtype(self, tree: Any) -> Term:
        """A dtype where an argument is expected."""
        return DTypeName(BY_SHORT[str(tree.children[0])])

    def items(self, tree: Any) -> Term:
        """A list or a tuple."""
        return Items([self.term(child) for child in tree.children if child is not None])

    def parens(self, tree: Any) -> Term:
        """What the parentheses hold."""
        return self.term(tree.children[0])

    # --- literals of a given dtype -----------------------------------------------------------------------------------

    def typed(self, tree: Any) -> Term:
        """`f32(2.5)` is a constant, `f32(x)` a cast."""
        token, inner = tree.children
        dtype = BY_SHORT[str(token)]
        term = self.term(inner)
        literal = as_literal(term)
        if literal is not None:
            return self.scope.literal(literal, dtype, tree)
        return self.scope.node("cast", [self.scope.value(term, inner)], {"dtype": dtype}, tree)

    def typed_array(self, tree: Any) -> Term:
        """`f64[3, 4](0)`, `f64[2]([1, 2])`, or the bytes as base64."""
        token, sizes, inner = tree.children
        type = TensorType(BY_SHORT[str(token)], self.sizes(sizes))
        if None in type.shape:
            self.scope.fail("the sizes of a constant are known", sizes)
        if 8 * _product(type.shape) > 2**33:
            self.scope.fail(f"a constant of type {type} is too large", tree)
        term = self.term(inner)
        content = term.text if isinstance(term, Text) else getattr(as_literal(term), "value", None)
        if content is None:
            self.scope.fail(f"expected numbers or a base64 string, got {describe(term)}", inner)
        try:
            return self.scope.constant(typed_array(content, type), tree)
        except LiteralError as failure:
            self.scope.fail(str(failure), inner)

    # --- operators ---------------------------------------------------------------------------------------------------

    def binary(self, tree: Any) -> Term:
        """An infix operator."""
        left, sign, right = tree.children
        a, b = self.term(left), self.term(right)
        if isinstance(a, Literal) and isinstance(b, Literal) and sign in "+-":
            folded = _complex(a, str(sign), b)
            if folded is not None:
                return folded
        return self.scope.op(INFIX[str(sign)], [(a, left), (b, right)], {}, tree)

    def unary(self, tree: Any) -> Term:
        """A sign, or `~`."""
        sign, inner = tree.children
        term = self.term(inner)
        if isinstance(term, Literal) and not isinstance(term.value, bool | list) and sign in "+-":
            return Literal(-term.value if sign == "-" else term.value)
        if sign == "+":
            return self.scope.value(term, inner)
        return self.scope.op(PREFIX[str(sign)], [(term, inner)], {}, tree)

    # --- subscripts --------------------------------------------------------------------------------------------------

    def subscript(self, tree: Any) -> Term:
        """`x[i, 2:n]`, `x[rows, columns]`, `shape(x)[0]`."""
        base, entries = tree.children
        term = self.term(base)
        if isinstance(term, ShapeOf) and len(entries.children) == 1 and entries.children[0].data != "slice":
            position = self.term(entries.children[0])
            if isinstance(position, Literal):
                axis = self.scope.integer(position, entries, "a dimension")
                return self.scope.node("dim", [term.value], {"axis": axis}, tree)
        value = self.scope.value(term, base)
        return part(self.scope, tree, value, self.items_of(entries)).read()

    def items_of(self, entries: Any) -> list[Pair]:
        """The entries of a subscript, each with its place."""
        return [(SUBSCRIPTS.get(str(entry.data), Evaluator.entry)(self, entry), entry) for entry in entries.children]

    def entry(self, tree: Any) -> Item:
        """A number or a tensor; `None` and `newaxis` where no value has this name."""
        if tree.data == "name" and str(tree.children[0]) in NEW_AXIS and str(tree.children[0]) not in self.scope.names:
            return NewAxis()
        return self.term(tree)

    def slice(self, tree: Any) -> Item:
        """`start:stop:step`."""
        return Slice(tuple(None if bound is None else (self.term(bound), bound) for bound in tree.children))

    # --- calls -------------------------------------------------------------------------------------------------------

    def call(self, tree: Any) -> Term:
        """A function or an operation by its name."""
        name, arguments = tree.children
        if str(name) in SUBSCRIPTED and arguments is not None and arguments.children[0].data == "subscript":
            return self.subscripted(tree, str(name), arguments.children)
        return self.apply(tree, name, self.arguments(arguments))

    def method(self, tree: Any) -> Term:
        """`x.sum(axis=0)` is `sum(x, axis=0)`."""
        receiver, name, trees = tree.children
        arguments = self.arguments(trees)
        arguments.positional.insert(0, (self.term(receiver), receiver))
        return self.apply(tree, name, arguments)

    def attribute(self, tree: Any) -> Term:
        """`x.T` and `x.shape`."""
        receiver, name = tree.children
        if str(name) not in ATTRIBUTES:
            help = f"there are .{', .'.join(ATTRIBUTES)}"
            self.scope.fail(f"unknown attribute '.{name}'", name, near_match(str(name), ATTRIBUTES) or help)
        return FUNCTIONS[ATTRIBUTES[str(name)]][1](self.scope, tree, (self.term(receiver), receiver))

    def arguments(self, trees: Any) -> Arguments:
        """Evaluate the arguments of a call."""
        result = Arguments()
        for tree in trees.children if trees is not None else []:
            if tree.data == "keyword":
                name, inner = tree.children
                if str(name) in result.keywords:
                    self.scope.fail(f"'{name}' is given twice", name)
                result.keywords[str(name)] = (self.term(inner), inner)
            elif result.keywords:
                self.scope.fail("positional arguments come before keywords", tree)
            else:
                result.positional.append((self.term(tree), tree))
        return result

    def apply(self, tree: Any, name: Any, arguments: Arguments) -> Term:
        """Call a function of the text, or an operation by its name."""
        if str(name) in FUNCTIONS:
            function = FUNCTIONS[str(name)][1]
            return function(self.scope, tree, *match_arguments(self.scope, tree, str(name), arguments))
        if str(name) not in OPS:
            self.scope.fail(f"unknown function '{name}'", name, near_match(str(name), [*FUNCTIONS, *OPS]))
        row = OPS[str(name)]
        attrs = {key: self.scope.attribute(*pair) for key, pair in arguments.keywords.items()}
        if row.name == "constant":
            self.scope.fail("a constant is written as its value", tree, "f64(2.5), i32([1, 2]), f64[3, 4](0)")
        node = self.scope.results(row.name, self.scope.operands(row.name, arguments.positional), attrs, tree)
        return node.results[0] if len(node.results) == 1 else Results(node)

    def subscripted(self, tree: Any, name: str, arguments: Any) -> Term:
        """`set_subtensor(x[1:3], y)`, `inc_subtensor(x[rows, 0], y)`: a part of any form, see `indexing.py`."""
        if len(arguments) != 2:
            self.scope.fail(f"{name} takes a subscript and the new values", tree, f"{name}(x[1:3], y)")
        base, entries = arguments[0].children
        value = self.scope.value(self.term(base), base)
        found = part(self.scope, tree, value, self.items_of(entries))
        return found.write(self.term(arguments[1]), arguments[1], add=name == "inc_subtensor")


def _product(sizes: tuple[int | None, ...]) -> int:
    total = 1
    for size in sizes:
        total *= size or 0
    return total


def _complex(a: Literal, sign: str, b: Literal) -> Literal | None:
    """`1+2j` as one literal."""
    real = isinstance(a.value, int | float) and not isinstance(a.value, bool)
    if not real or not isinstance(b.value, complex) or b.value.real != 0:
        return None
    return Literal(complex(a.value, b.value.imag if sign == "+" else -b.value.imag))  # type: ignore[arg-type]


NEW_AXIS = ("None", "newaxis")
SUBSCRIPTS: dict[str, Any] = {"slice": Evaluator.slice, "dots": lambda reader, tree: Dots()}
RULES: dict[str, Any] = {
    "name": Evaluator.name,
    "number": Evaluator.number,
    "string": Evaluator.string,
    "dtype": Evaluator.dtype,
    "list": Evaluator.items,
    "tuple": Evaluator.items,
    "parens": Evaluator.parens,
    "typed": Evaluator.typed,
    "typed_array": Evaluator.typed_array,
    "binary": Evaluator.binary,
    "unary": Evaluator.unary,
    "subscript": Evaluator.subscript,
    "attribute": Evaluator.attribute,
    "method": Evaluator.method,
    "call": Evaluator.call,
}
