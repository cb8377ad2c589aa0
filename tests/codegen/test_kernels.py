"""Kernels as objects of their own: which texts are equal, what is compiled again, and what their packing refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.codegen import elf, engine
from phintys.codegen.compiler import compile_graph
from phintys.codegen.kernels import PREFIX, split
from phintys.ir.parser import parse_graph

MODULE = """
%Frame = type { i64 }
declare double @llvm.fabs.f64(double)
declare double @llvm.sqrt.f64(double)
@constant_7 = internal constant [2 x double] [double 1.0, double 2.0]
@count = internal global i64 0
define internal i32 @main(ptr %v0) nounwind "phi.plain" {
  %v1 = call i32 @main.part0(ptr %v0, i64 0)
  %v2 = call i32 @main.part1(ptr %v0, i64 0)
  ret i32 %v1
}
define internal i32 @main.part0(ptr noalias %v0, i64 %v1) nounwind noinline {
b0:
  %v2 = load double, ptr @constant_7
  %v3 = call double @llvm.fabs.f64(double %v2)
  store double %v3, ptr %v0
  br label %b1, !llvm.loop !9
b1:
  ret i32 0
}
define internal i32 @main.part0.call(ptr %v0, i64 %v1) nounwind {
  %v2 = call i32 @main.part0(ptr %v0, i64 %v1)
  ret i32 %v2
}
define internal i32 @main.part1(ptr noalias %v0, i64 %v1) nounwind noinline {
  store i64 %v1, ptr @count
  ret i32 0
}
define ptr @phi_entry_0(ptr %frame) {
  %code = call i32 @main(ptr %frame)
  ret ptr @main.part0.call
}
!8 = !{!"llvm.loop.unroll.disable"}
!9 = distinct !{!9, !8}
"""


def test_a_kernel_has_what_it_needs_and_no_names_of_others() -> None:
    found = split(MODULE)
    ((name, text),) = found.kernels.items()
    assert name.startswith(PREFIX)
    assert f"define dso_local i32 @{name}(ptr noalias %v0, i64 %v1)" in text
    assert "@constant_0 = internal constant" in text and "constant_7" not in text
    assert "!0 = distinct !{!0, !1}" in text and "llvm.fabs" in text
    assert not any(word in text for word in ("main", ".call", "@count", "sqrt", "%Frame"))
    renamed = MODULE.replace("main", "train").replace("constant_7", "constant_3").replace("!9", "!4").replace("!8", "!5")
    assert split(renamed).kernels == found.kernels
    assert split(MODULE.replace("fabs", "sqrt")).kernels != found.kernels


def test_loops_that_differ_by_the_name_of_a_constant_are_one_kernel() -> None:
    start, end = (MODULE.index(f"define internal i32 @main.part{text}(") for text in ("0", "1"))
    again = MODULE[start:end].replace("part0", "part2").replace("constant_7", "constant_8")
    table = "@constant_8 = internal constant [2 x double] [double 1.0, double 2.0]\n"
    called = MODULE.replace("  ret i32 %v1\n", "  %v3 = call i32 @main.part2(ptr %v0, i64 0)\n  ret i32 %v1\n", 1)
    found = split(called + table + again)
    (name,) = found.kernels
    assert found.host.count(f"declare i32 @{name}(") == 1 and found.host.count(f"call i32 @{name}(") == 3


def test_a_kernel_with_a_variable_of_the_module_stays_with_its_host() -> None:
    found = split(MODULE)
    assert "define internal i32 @main.part1(" in found.host and "@count = internal global" in found.host
    assert "define internal i32 @main.part0(" not in found.host
    (name,) = found.kernels
    assert f"declare i32 @{name}(ptr noalias, i64) nounwind nonlazybind" in found.host
    assert "define internal i32 @main.part0.call(" in found.host and f"call i32 @{name}(ptr %v0, i64 %v1)" in found.host
    assert found.plain


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """An empty object cache, and the texts that are compiled from here on."""
    monkeypatch.setenv("PHINTYS_CACHE_DIR", str(tmp_path))
    texts: list[str] = []

    def noting(real: Callable[..., bytes]) -> Callable[..., bytes]:
        def compile(text: str, **options: bool) -> bytes:
            if "@phi_entry_" in text or f"@{PREFIX}" in text:  # not the runtime
                texts.append(text)
            return real(text, **options)

        return compile

    for name in ("compile_object", "compile_quickly"):
        monkeypatch.setattr(engine, name, noting(getattr(engine, name)))
    return texts


def step(rate: float) -> object:
    """A training step of a logistic regression on data of any size."""
    x, y, w = T.dmatrix("x"), T.dvector("y"), phintys.shared(np.zeros(3), "w")
    cost = T.nnet.binary_crossentropy(T.nnet.sigmoid(T.dot(x, w)), y).mean()
    return phintys.function([x, y], cost, updates=[(w, w - rate * T.grad(cost, w))])


def test_an_edited_program_compiles_the_kernels_that_changed(compiled: list[str]) -> None:
    data = np.ones((4, 3)), np.ones(4)
    step(0.1)(*data)  # type: ignore[operator]
    first = len(compiled)
    assert first >= 3
    del compiled[:]
    other = step(0.25)
    assert 1 < len(compiled) < first  # the host, and the update
    assert other(*data) == pytest.approx(np.log(2.0))  # type: ignore[operator]
    assert other(*data) < 0.6  # type: ignore[operator]


def test_functions_share_kernels_on_disk(compiled: list[str]) -> None:
    x, y = T.dvector("x"), T.dvector("y")
    phintys.function([x], T.exp(x) * 3.5)
    del compiled[:]
    both = phintys.function([y, x], [T.exp(x) * 3.5, T.exp(y) * 3.5])
    assert len(compiled) == 1 and "define dso_local" not in compiled[0]
    for found, data in zip(both([1.0], [0.0, 1.0]), ([0.0, 1.0], [1.0]), strict=True):
        np.testing.assert_allclose(found, np.exp(data) * 3.5)


def test_anew_means_the_kernels_too(compiled: list[str]) -> None:
    graph = parse_graph("graph f(x: f64[?]) { return exp(x) * 4.5 }")
    compile_graph(graph)
    assert len(compiled) == 2
    compile_graph(graph)
    assert len(compiled) == 2
    compile_graph(graph, anew=True)
    assert len(compiled) == 4


def test_packed_objects() -> None:
    assert elf.unpack(elf.pack([b"one"])) == [b"one"]
    packed = elf.pack([b"first", b"", b"third"])
    assert elf.unpack(packed) == [b"first", b"", b"third"]
    for damaged in (packed[:-1], packed + b"x", packed[:12]):
        with pytest.raises(elf.DamagedObject):
            elf.unpack(damaged)
