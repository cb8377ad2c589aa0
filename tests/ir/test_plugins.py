"""What cannot be registered, and files that cannot be loaded. That the rest works, the tutorial's test shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from phintys.ir.op_row import REAL_FLOAT, binary, unary
from phintys.ir.ops import OPS
from phintys.passes.pipeline import PASSES
from phintys.passes.plugins import register_operation, register_pass
from phintys.tools.opt import main


@dataclass(frozen=True)
class Taken(ModulePass):
    """A pass of a name that there is."""

    name = "cse"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Nothing."""


def test_names_are_taken_once() -> None:
    before = dict(PASSES), dict(OPS)
    with pytest.raises(ValueError, match="there is a pass 'cse' already"):
        register_pass(Taken)
    with pytest.raises(ValueError, match="there is an operation 'exp' already: e to the power x"):
        register_operation(unary("exp", REAL_FLOAT, "Mine."), scalar={})
    with pytest.raises(ValueError, match="has 2 operands and 1 derivatives"):
        register_operation(binary("hypotenuse", REAL_FLOAT, None, "A side."), scalar={}, vjp=(lambda c: c.g,))
    with pytest.raises(ValueError, match="only elementwise operations without attributes"):
        register_operation(replace(OPS["sum"], name="total"), scalar={})
    assert before == (PASSES, OPS)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.py", None, "none.py: error: cannot load this: No such file"),
        ("notes.txt", "", "a file to load is Python and ends in .py"),
        ("wrong.py", "x = 1\nimport nonsense_module\n", "wrong.py:2:1: error: cannot load this: ModuleNotFoundError"),
        ("typo.py", "def f(:\n", "typo.py:1:1: error: cannot load this: SyntaxError"),
    ],
)
def test_files_that_cannot_be_loaded(
    name: str, text: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    assert main(["--load", str(tmp_path / name), "--list-passes"]) == 1
    assert message in capsys.readouterr().err
