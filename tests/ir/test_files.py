"""Every pass and every dialect has a text test, and one of programs that are wrong, with the messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from phintys.dialects.context import DIALECTS
from phintys.passes.pipeline import PASSES

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", [*PASSES, *DIALECTS, "convert-graph-to-nd"])
def test_there_are_files(name: str) -> None:
    for stem in (name, f"{name}_invalid"):
        found = [HERE / f"{stem}{suffix}" for suffix in (".mlir", ".phi") if (HERE / f"{stem}{suffix}").exists()]
        assert found, f"tests/ir/{stem}.mlir is missing"
        text = found[0].read_text(encoding="utf-8")
        if name in PASSES:
            assert f"-p {name}" in text or f",{name}" in text or stem == name
        if stem != name:
            assert "CHECK" in text or "expected-error" in text
