"""Every rung computes: loops in Python, fused regions in NumPy, and what they say of memory that must not be touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.codegen.interpreter_loops import LoopProgram, TooLong
from phintys.codegen.interpreter_memory import BadAccess
from phintys.codegen.recipe import FULL, Recipe
from phintys.codegen.rungs import rungs
from phintys.dialects.text import parse_module
from phintys.tools.opt import main as opt

x, m, a = T.dvector("x"), T.dmatrix("m"), T.dmatrix("a")
u, i, z = T.TensorType("uint8", (False,))("u"), T.ivector("i"), T.zvector("z")
f32 = T.fmatrix("f32")
VALUES = {
    "x": np.array([0.5, -1.5, 3.0]),
    "m": np.linspace(-1, 1, 12).reshape(3, 4),
    "a": np.array([[4.0, 1, 0], [1, 5, 2], [0, 2, 6]]),
    "u": np.array([0, 200, 255], "uint8"),
    "i": np.array([-1, 0, 2], "int32"),
    "z": np.array([1 + 2j, -3j, 0.5]),
    "f32": np.linspace(0.1, 2, 6, dtype="float32").reshape(2, 3),
}
PROGRAMS = {
    "sums": lambda: [m.sum(1), m.max(0), m.argmax(1), T.exp(m).mean(), T.nnet.softmax(m)],
    "unsigned": lambda: [u // 3, u % 7, u > 100, T.maximum(u, 9), u.astype("float32"), u.max(), u.argmax()],
    "ints": lambda: [i // 2, i % 3, -i, i.astype("int8"), (i > 0).sum(), abs(i), i**3, x[i]],
    "complex": lambda: [z * z, abs(z), T.exp(z).real, z.sum()],
    "functions": lambda: [T.erf(x), T.gammaln(abs(x) + 1), T.arctan2(x, 2.0), T.sin(f32), x % 0.7, T.round(x), T.sgn(x)],
    "linear algebra": lambda: [
        *(T.nlinalg.matrix_inverse(a), T.nlinalg.det(a), T.slinalg.cholesky(a), T.slinalg.solve(a, x)),
        *(*T.nlinalg.eigh(a), *T.nlinalg.qr(m), T.nlinalg.svd(m, compute_uv=False), *T.nlinalg.eig(a)[:1]),
    ],
    "python": lambda: [T.sort(x), T.argsort(m, 1), T.cumsum(m, 0)],
    "indices": lambda: [
        m[::-1, 1],
        T.set_subtensor(m[1:, ::2], 0.0),
        m[:, i],
        T.inc_subtensor(x[i], 1.0),
        T.concatenate([x, x]),
    ],
    "gradient": lambda: [T.grad((T.tanh(T.dot(m, m.T)) ** 2).sum(), m)],
}


@pytest.mark.parametrize("recipe", [FULL, Recipe(emulated=True, quick=True)], ids=["cpu", "gpu"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_rungs_agree(name: str, recipe: Recipe) -> None:
    f = phintys.function([x, m, a, u, i, z, f32], PROGRAMS[name](), on_unused_input="ignore", mode="FAST_COMPILE")
    arrays = list(VALUES.values())
    first: list[Any] = []
    for rung in rungs(f.maker.plan.graph, recipe):
        found = rung.compute(arrays)
        first = first or found
        for one, other in zip(found, first, strict=True):
            assert one.dtype == other.dtype and one.shape == other.shape, rung.name
            np.testing.assert_allclose(one, other, 1e-5 if one.dtype == "float32" else 1e-11, 1e-14, err_msg=rung.name)
        assert not rung.doubted


LOOP = """builtin.module {{
  func.func @f(%x: memref<?xf64> {{nd.name = "x"}}) -> memref<?xf64> {{
    %0 = arith.constant 0 : index
    %1 = arith.constant {step} : index
    %n = memref.dim %x, %0 : memref<?xf64>
    %y = memref.alloc(%n) : memref<?xf64>
    scf.for %i = %0 to %n step %1 {{
      %a = memref.load %x[%i] : memref<?xf64>
      %j = arith.{move} %i, %1 : index
      memref.store %a, %y[%{at}] : memref<?xf64>
    }}
    func.return %y : memref<?xf64>
  }}
}}
"""


def loop(step: int = 1, move: str = "addi", at: str = "i", limit: int = 1000) -> LoopProgram:
    """A copy, more or less."""
    return LoopProgram(parse_module(LOOP.format(step=step, move=move, at=at)), limit)


def test_memory_is_checked() -> None:
    ones = np.ones(4)
    assert loop()(ones)[0].tolist() == [1, 1, 1, 1]
    assert np.isnan(loop(step=2)(ones)[0]).tolist() == [False, True, False, True]  # nobody has written these
    with pytest.raises(BadAccess, match="index 4 is out of bounds"):
        loop(at="j")(ones)
    with pytest.raises(BadAccess, match=r"memref.store at \[-1\] of memory of sizes \[4\]"):
        loop(move="subi", at="j")(ones)
    with pytest.raises(TooLong, match="more than 10 operations"):
        loop(limit=10)(ones)


def test_interpret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command line computes a module where it stands; without passes a load beyond the end is seen."""
    path = tmp_path / "f.mlir"
    path.write_text(LOOP.format(step=1, move="addi", at="j"))
    assert opt([str(path), "--interpret", "--input", "x=ones:3"]) == 1
    assert "BadAccess: index 3 is out of bounds" in capsys.readouterr().err
    text = tmp_path / "g.phi"
    text.write_text("graph g(x: f64[3]) state(s: f64[]) { y = exp(x)\n update s = s + sum(y)\n return y - 1.0 }")
    shown = set()
    for level in ("nd", "fused", "loops"):
        assert opt([str(text), f"--emit={level}", "--interpret", "--input", "x=[0, 1, 2]"]) == 0
        shown.add(capsys.readouterr().out)
    assert len(shown) == 1 and "state s: f64[] = 11.1" in shown.pop()
    assert opt([str(text), "--emit=llvm", "--interpret", "--input", "x=ones"]) == 1
    assert "--interpret takes nd, fused and loops" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        opt([str(text), "--interpret", "--run"])
