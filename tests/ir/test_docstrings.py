"""Every operation of our dialects has a docstring with an example, which parses, verifies and prints as it is written."""

from __future__ import annotations

import inspect
import re
import textwrap
from importlib import import_module
from io import StringIO

import pytest
from xdsl.ir import Block, Dialect, Operation
from xdsl.parser import Parser
from xdsl.printer import Printer

from phintys.dialects.context import DIALECTS, make_context
from phintys.dialects.nd import CLASSES
from phintys.ir.ops import OPS
from phintys.ir.parser import parse_graph
from phintys.ir.printer import format_graph


def dialect(path: str) -> Dialect:
    """The dialect at `module:name`."""
    module, _, name = path.partition(":")
    found = getattr(import_module(module), name)
    assert isinstance(found, Dialect)
    return found


OURS = [path for paths in DIALECTS.values() for path in paths if path.startswith("phintys.")]
OPERATIONS = [op for path in OURS for op in dialect(path).operations]
EXAMPLE = re.compile(r"%|graph |[a-z]+\.[a-z]")  # how a paragraph of code begins


def examples(cls: type[Operation]) -> list[str]:
    """The paragraphs of a docstring that are code."""
    paragraphs = (inspect.getdoc(cls) or "").split("\n\n")[1:]
    return [textwrap.dedent(text).strip() for text in paragraphs if EXAMPLE.match(text.lstrip())]


def parsed(snippet: str) -> list[Operation]:
    """Operations of a piece of IR whose undefined values become arguments of a block, verified."""
    parser = Parser(make_context(), snippet.replace("\\\n", "\n"))
    block = Block()
    while (op := parser.parse_optional_operation()) is not None:
        block.add_op(op)
    for name, uses in parser.forward_ssa_references.items():
        for value in uses.values():
            argument = block.insert_arg(value.type, len(block.args))
            argument.name_hint = None if name.isdigit() else name
            value.replace_all_uses_with(argument)
    for op in block.ops:
        op.verify()
    return list(block.ops)


def printed(ops: list[Operation]) -> str:
    """Their text."""
    stream = StringIO()
    printer = Printer(stream=stream)
    for op in ops:
        printer.print_op(op)
        stream.write("\n")
    return stream.getvalue().strip()


def flat(text: str) -> str:
    """The text without line breaks and the names of its values, which are the reader's and not the printer's."""
    return re.sub(r"\s+", " ", re.sub(r"[%^]\w+", "%", text.replace("\\\n", "\n")))


@pytest.mark.parametrize("cls", OPERATIONS, ids=lambda cls: str(cls.name))
def test_examples_of_ir(cls: type[Operation]) -> None:
    snippets = [text for text in examples(cls) if not text.startswith("graph ")]
    assert snippets, f"the docstring of {cls.name} has no example"
    ops = parsed(snippets[-1])
    assert cls.name in [inner.name for op in ops for inner in op.walk()]
    assert flat(printed(ops)) == flat(snippets[-1])
    assert flat(printed(parsed(printed(ops)))) == flat(snippets[-1])


@pytest.mark.parametrize("name", OPS)
def test_examples_of_graph_text(name: str) -> None:
    (text,) = [text for text in examples(CLASSES[name]) if text.startswith("graph ")]
    graph = parse_graph(text)
    assert name in [node.op for node in graph.nodes()]
    assert format_graph(graph).strip() == text


def test_classes_are_found_by_their_names() -> None:
    from phintys.dialects import nd

    assert nd.LogSoftmaxOp is CLASSES["log_softmax"]  # type: ignore[attr-defined]
    assert (
        nd.NdOp.__doc__
        == "Base of all generated classes: syntax, construction and verification from the operation's table row."
    )
