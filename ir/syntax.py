"""From `.phi` text to a syntax tree: the lark parser, and its errors as diagnostics that say what was expected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .diagnostics import DiagnosticError, Source, Span, error, near_match
from .types import BY_SHORT

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

    Syntax = Tree[Token]

KEYWORDS = ("graph", "state", "update", "require", "return", "fused")
# What a terminal is called in messages; punctuation stands for itself.
SPOKEN = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a string",
    "DTYPE": "a dtype",
    "UNKNOWN": "'?'",
    "_NL": "the end of the line",
    "$END": "the end of the file",
    "LPAR": "'('",
    "RPAR": "')'",
    "LSQB": "'['",
    "RSQB": "']'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "COMMA": "','",
    "COLON": "':'",
    "EQUAL": "'='",
    "DOT": "'.'",
    **{word.upper(): f"'{word}'" for word in KEYWORDS},
}
EXPRESSION = {"NAME", "NUMBER", "STRING", "DTYPE", "LPAR", "LSQB", "MINUS", "PLUS", "TILDE"}  # what may begin one
OPERATOR = {"COMPARISON", "PIPE", "CARET", "AMPERSAND", "PLUS", "MINUS", "TIMES", "POWER"}  # what may follow one
STATEMENT = {"NAME", "UPDATE", "REQUIRE", "RETURN"}
WORDS = {"not": "~a", "and": "a & b", "or": "a | b", "def": "graph", "lambda": "graph f(x: f64) { return ... }"}
QUIET = {"SEMICOLON", "DOT", "_DOTS"}  # not worth mentioning among what was expected


class _Lines:
    """Drops the ends of lines inside of parentheses and brackets; notes those that are open."""

    always_accept = ("_NL",)

    def __init__(self) -> None:
        self.open: list[Token] = []

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        self.open = []
        for token in stream:
            if token.type in ("LPAR", "LSQB"):
                self.open.append(token)
            elif token.type in ("RPAR", "RSQB") and self.open:
                self.open.pop()
            if token.type != "_NL" or not self.open:
                yield token


@cache
def _parser() -> tuple[Lark, _Lines]:
    from lark import Lark

    lines = _Lines()
    grammar = files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    options: dict[str, Any] = {"propagate_positions": True, "maybe_placeholders": True, "postlex": lines}
    return Lark(grammar, parser="lalr", **options), lines


def parse_syntax(source: Source) -> Syntax:
    """The syntax tree of a text; DiagnosticError where it does not follow the grammar."""
    from lark import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

    parser, lines = _parser()
    try:
        return parser.parse(source.text)
    except UnexpectedToken as failure:
        raise _unexpected_token(failure, source, lines.open) from None
    except UnexpectedCharacters as failure:
        char = source.text[failure.pos_in_stream or 0]
        span = Span(source, source.first_line + failure.line - 1, failure.column)
        quoted = "a string that does not end in its line" if char in "\"'" else f"unexpected character {char!r}"
        raise error(quoted, span) from None
    except UnexpectedInput as failure:  # the base class: nothing else is raised today
        raise error(str(failure), name=source.name) from None


def _unexpected_token(failure: Any, source: Source, opened: list[Token]) -> DiagnosticError:
    token = failure.token
    expected = set(failure.accepts or failure.expected)
    if token.type == "$END":
        lines = source.text.rstrip().split("\n")
        span = Span(source, source.first_line + len(lines) - 1, len(lines[-1]) + 1)
        found = "end of the file"
    else:
        width = max(1, len(token.rstrip("\r\n")))
        span = Span(source, source.first_line + token.line - 1, token.column, width)
        found = "end of the line" if token.type == "_NL" else f"'{token}'"
    unclosed = {"RPAR", "RSQB"} & expected and token.type not in OPERATOR
    before = re.search(r"(\w*)[ \t]*\Z", source.text[: token.start_pos or 0])
    help = [_opened(opened, source) if unclosed else "", _advice(token, expected, before[1] if before else "")]
    return error(f"unexpected {found}; expected {_spoken(expected)}", span, *help)


def _opened(opened: list[Token], source: Source) -> str:
    if not opened:
        return ""
    first = opened[-1]
    return f"'{first}' of line {source.first_line + (first.line or 1) - 1}, column {first.column} is not closed"


def _advice(token: Token, expected: set[str], before: str) -> str:
    """What to try, for mistakes that are made often; `before` is the word that the token follows."""
    if before in WORDS or token in WORDS:
        return f"'{before if before in WORDS else token}' is written {WORDS[before if before in WORDS else str(token)]}"
    if token.type == "LSQB" and "EQUAL" in expected:
        return f"a value does not change: give the changed one a name, y = set_subtensor({before}[...], ...)"
    if token.type == "_NL" and EXPRESSION - {"DTYPE"} <= expected:
        return "parentheses let an expression go on in the next line"
    if "EQUAL" in expected and near_match(before, KEYWORDS):
        return near_match(before, KEYWORDS)
    if token.type == "COMPARISON" and "COMPARISON" not in expected:
        return "comparisons do not chain: write (a < b) & (b < c)"
    if token.type in {word.upper() for word in KEYWORDS} and "NAME" in expected:
        return f"'{token}' is a keyword; choose another name"
    if token.type == "LBRACE":
        return "a fused region is a statement of its own: y = fused(a = x) { map exp(a) }"
    if token.type == "DTYPE" and "NAME" in expected:
        return f"'{token}' is a dtype; choose another name"
    if token.type == "NAME" and "GRAPH" in expected:
        return near_match(str(token), KEYWORDS)
    if token.type == "NAME" and expected == {"DTYPE"}:
        return near_match(str(token), BY_SHORT) or f"one of {', '.join(BY_SHORT)}"
    return ""


def _spoken(expected: set[str]) -> str:
    """The terminals in words: all that can begin an expression are one word, and so are the operators."""
    words = []
    if EXPRESSION - {"DTYPE"} <= expected:
        words.append("an expression")
        expected = expected - EXPRESSION
    if expected >= STATEMENT:
        words.append("a statement")
        expected = expected - STATEMENT
    if OPERATOR & expected:
        words.append("an operator")
        expected = expected - OPERATOR
    words += sorted(SPOKEN.get(name, name.lower()) for name in expected - QUIET)
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def span_of(tree: Any, source: Source) -> Span:
    """The place of a tree or token: its first line's part when it has several."""
    place = getattr(tree, "meta", tree)
    line = getattr(place, "line", None)
    if line is None:
        return Span(source, source.first_line, 1)
    row = source.first_line + line - 1
    width = place.end_column - place.column if place.end_line == line else 1_000
    return Span(source, row, place.column, max(1, width))
