"""Graph text from Python: variables and functions of texts and files, and compiled functions as text of every level."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.dialects.text import module_text, parse_module, verify_module
from phintys.ir.diagnostics import DiagnosticError
from phintys.ir.parser import parse_graph

TRAIN = """
graph predict(x: f64[?, 3]) state(w: f64[3]) { return sigmoid(dot(x, w)) }

graph train(x: f64[?, 3], y: f64[?]) state(w: f64[3], n: i64) {
  p = sigmoid(dot(x, w))
  cost = -mean(y * log(p) + (1 - y) * log(1 - p))
  update w = w - 0.5 * grad(cost, w)
  update n = n + 1
  return cost, p
}
"""


def test_variables() -> None:
    g = phintys.parse_graph("graph f(x: f64[?], k: i32) { e = exp(x); s = sum(e); return e / s, x[k] }")
    x, k = g.inputs
    assert [str(v) for v in (x, k)] == ["x", "k"] and x.type == T.dvector and k.type == T.iscalar
    assert isinstance(g["e"], phintys.TensorVariable) and len(g.outputs) == 2
    f = phintys.function([x, k], [g.outputs[0] * 2, T.grad(g["s"], x), g.outputs[1]])
    a = np.array([0.0, 1.0, 2.0])
    doubled, gradient, picked = f(a, 1)
    np.testing.assert_allclose(doubled, 2 * np.exp(a) / np.exp(a).sum())
    np.testing.assert_allclose(gradient, np.exp(a))
    assert picked == 1.0
    assert repr(g) == "<graph f(x: f64[?], k: i32[])>"


def test_states_are_shared_variables() -> None:
    g = phintys.parse_graph(TRAIN, "train", w=[1, 2, 3])
    w, n = g.states
    assert w.get_value().tolist() == [1, 2, 3] and n.get_value() == 0
    step = phintys.function(g.inputs, g.outputs[0], updates=g.updates)
    step(np.ones((2, 3)), np.ones(2))
    assert n.get_value() == 1 and w.get_value()[0] > 1


def test_functions_of_files(tmp_path: Path) -> None:
    file = tmp_path / "train.phi"
    file.write_text(TRAIN)
    train = phintys.compile_file(file, "train", w=np.zeros(3, "float32"))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3))
    y = (x @ [1.0, -2.0, 0.5] > 0) * 1.0
    costs = [train(x, y=y)[0] for _ in range(40)]
    assert costs[0] == pytest.approx(np.log(2)) and costs[-1] < 0.3
    assert train["n"] == 40
    predict = phintys.compile_file(str(file), "predict", w=train["w"])
    np.testing.assert_allclose(predict(x), train(x, y)[1])
    predict["w"] = np.zeros(3)
    assert predict(x).tolist() == [0.5] * 50


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"there are 2 graphs: predict, train; say which"):
        phintys.parse_graph(TRAIN)
    with pytest.raises(ValueError, match=r"no graph 'trian'; did you mean 'train'\?; there are: predict, train"):
        phintys.compile_text(TRAIN, "trian")
    with pytest.raises(TypeError, match=r"graph train has no state 'W'.*its states: w, n"):
        phintys.compile_text(TRAIN, "train", W=1)
    with pytest.raises(TypeError, match=r"the first value of the state w: f64\[3\]"):
        phintys.compile_text(TRAIN, "train", w=[[1.0]])
    with pytest.raises(ValueError, match=r"the sizes of the state w: f64\[\?\] are not all known: give its first value"):
        phintys.compile_text("graph f() state(w: f64[?]) { return w }")
    with pytest.raises(KeyError, match=r"no value named 'costs'; did you mean 'cost'\?"):
        phintys.parse_graph(TRAIN, "train")["costs"]
    file = tmp_path / "bad.phi"
    file.write_text("graph f(x: f64[?]) {\n  return sofmax(x)\n}\n")
    with pytest.raises(DiagnosticError, match=r"(?s)bad\.phi:2:10: error: unknown function 'sofmax'.*did you mean 'softmax'"):
        phintys.compile_file(file)


def test_errors_of_calls_name_the_line(tmp_path: Path) -> None:
    file = tmp_path / "f.phi"
    file.write_text("graph f(x: f64[?], y: f64[?]) {\n  return x + y\n}\n")
    with pytest.raises(ValueError, match=r"f\.phi:2:10"):
        phintys.compile_file(file)(np.ones(2), np.ones(3))


x, y = T.dmatrix("x"), T.dvector("y")
z = T.zvector("z")
w = phintys.shared(np.ones(3), "w")
FUNCTIONS = {
    "logistic": lambda: phintys.function([x], 1 / (1 + T.exp(-x))),
    "reduction": lambda: phintys.function([x, y], [x.sum(axis=1) * y, T.grad((x**4).sum(), x)]),
    "softmax": lambda: phintys.function([x], T.nnet.softmax(x)),
    "complex": lambda: phintys.function([z], [z * z.conj(), T.exp(z), z.imag]),
    "indexing": lambda: phintys.function([x, y], T.set_subtensor(x[1:, ::-1], y[0])),
    "state": lambda: phintys.function([x], T.dot(x, w), updates=[(w, w * 0.9 + x[0])]),
    "nothing": lambda: phintys.function([], []),
}
ARGUMENTS = {
    "x": np.array([[0.5, -1.0, 2.0], [3.0, 0.0, -0.25]]),
    "y": np.array([1.0, 2.0]),
    "z": np.array([1 + 2j, -0.5j, 3]),
}


def call(f: Any) -> list[np.ndarray[Any, Any]]:
    """Outputs and states of a function after a call, as a list."""
    found = f(*[ARGUMENTS[spec.variable.name] for spec in f.maker.inputs])
    return [*(found if isinstance(found, list) else [found]), *(state.get_value() for state in f.get_shared())]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("optimized", [False, True])
def test_functions_as_graph_text(name: str, optimized: bool) -> None:
    f = FUNCTIONS[name]()
    text = f.graph(optimized=optimized)
    states = {str(state): state.get_value() for state in f.get_shared()}
    again = phintys.compile_text(text, **states)
    assert again.graph() == text
    for a, b in zip(call(again), call(f), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-14)


@pytest.mark.parametrize("level", ["nd", "fused", "loops", "llvm", "gpu", "nvvm"])
def test_dumps_of_ir_read_back(level: str) -> None:
    for make in FUNCTIONS.values():
        text = phintys.dump(make(), level)
        module = parse_module(text)
        verify_module(module)
        assert module_text(module) == text


def test_levels_and_their_errors() -> None:
    f = FUNCTIONS["reduction"]()
    assert "nd.grad" in phintys.dump(f, "nd") and "nd.grad" not in phintys.dump(f, "nd", optimized=True)
    assert "grad(" in f.graph() and repr(f.graph()) == f.graph()
    assert "define" in phintys.dump(f, "llvmir") and ".text" in phintys.dump(f, "asm")
    assert ".entry" in phintys.dump(f, "ptx")
    with pytest.raises(ValueError, match=r"unknown level 'loop'; did you mean 'loops'\?"):
        phintys.dump(f, "loop")
    with pytest.raises(ValueError, match="level loops comes after the optimizer"):
        phintys.dump(f, "loops", optimized=False)
    with pytest.raises(TypeError, match=r"prints what phintys\.function returns"):
        phintys.dump(x)  # type: ignore[arg-type]


def test_graphs_with_checks_compile_but_are_no_variables() -> None:
    text = FUNCTIONS["reduction"]().graph(optimized=True)
    assert "require" in text
    f = phintys.compile_text(text)
    with pytest.raises(ValueError, match="mis-match"):
        f(np.ones((2, 3)), np.ones(3))
    with pytest.raises(DiagnosticError, match="makes checks"):
        phintys.parse_graph(text)
    text = "graph f(x: f64[?]) {\n  y = fused(a = x) {\n    map exp(a)\n  }\n  return y\n}\n"
    with pytest.raises(DiagnosticError, match="<text>:2:7: error: graph 'f' holds a fused region"):
        phintys.parse_graph(text)
    np.testing.assert_allclose(phintys.compile_text(text)(np.ones(2)), np.exp(np.ones(2)))
    assert phintys.compile_text(text).graph() == text


def test_ir_files(tmp_path: Path) -> None:
    f = FUNCTIONS["softmax"]()
    for level in ("nd", "fused"):
        file = tmp_path / f"{level}.mlir"
        file.write_text(phintys.dump(f, level))
        np.testing.assert_allclose(phintys.compile_file(file)(ARGUMENTS["x"]), f(ARGUMENTS["x"]), rtol=1e-14)
    file.write_text(phintys.dump(f, "loops"))
    with pytest.raises(DiagnosticError, match="graph text"):
        phintys.compile_file(file)


def test_declared_sizes_are_part_of_the_function() -> None:
    plain = phintys.compile_text("graph f(x: f64[?]) { y = x[1:]; return y }")
    known = phintys.compile_text("graph f(x: f64[?]) { y: f64[2] = x[1:]; return y }")
    assert plain(np.ones(4)).shape == (3,)
    assert known(np.ones(3)).shape == (2,)


def test_a_text_means_one_graph() -> None:
    assert parse_graph("graph f() { return }").outputs == []


SUBSCRIPTS = """
    0 -1,::-1 1:,:2 n,...,1 ...,None None,:,newaxis,1 ::n,3:0:-2 ...,n,None i i,j i,:,0 0,:,i ::-1,i,:,j None,i ...,i :,m1
    m2 m2,::-1 [0,1] :,[2,0],::2 1:,m1,None n,i,...,0
"""
A = np.arange(120.0).reshape(2, 3, 4, 5)
VALUES = {
    "i": np.array([1, 0, 1]),
    "j": np.array([[0], [2]]),
    "m1": np.array([True, False, True]),
    "m2": A[:, :, 0, 0] % 40 < 30,
    "n": 1,
}
HEAD = "graph f(x: f64[2, ?, 4, ?], i: i64[3], j: i64[2, 1], m1: bool[3], m2: bool[?, ?], n: i64) "


def numpy_key(text: str) -> Any:
    """What a subscript means to NumPy."""
    return eval(f"np.index_exp[{text}]", {"np": np, "newaxis": None, **VALUES})


def arguments() -> list[Any]:
    return [VALUES[name] for name in ("i", "j", "m1", "m2", "n")]


def test_subscripts_are_numpys() -> None:
    subscripts = SUBSCRIPTS.split()
    f = phintys.compile_text(HEAD + "{ return " + ", ".join(f"x[{text}]" for text in subscripts) + " }")
    for text, found in zip(subscripts, f(A, *arguments()), strict=True):
        want = A[numpy_key(text)]
        assert found.shape == want.shape and (found == want).all(), text


@pytest.mark.parametrize("operation", ["set", "inc"])
def test_assignments_are_numpys(operation: str) -> None:
    keys = {text: numpy_key(text) for text in SUBSCRIPTS.split()}
    if operation == "set":  # of positions that are named twice, NumPy does not say which value stays
        keys = {text: key for text, key in keys.items() if "i" not in text}
    news = [np.cos(np.arange(A[key].size)).reshape(A[key].shape) for key in keys.values()]
    types = ["f64[" + ", ".join("1" if size == 1 else "?" for size in new.shape) + "]" for new in news]
    head = HEAD.replace(") ", ", " + ", ".join(f"y{k}: {type}" for k, type in enumerate(types)) + ") ")
    parts = [f"{operation}_subtensor(x[{text}], y{k})" for k, text in enumerate(keys)]
    f = phintys.compile_text(head + "{ return " + ", ".join(parts) + " }")
    for (text, key), new, found in zip(keys.items(), news, f(A, *arguments(), *news), strict=True):
        want = A.copy()
        if operation == "set":
            want[key] = new
        else:
            np.add.at(want, key, new)
        np.testing.assert_allclose(found, want, err_msg=text)


@pytest.mark.parametrize(
    ("subscript", "message"),
    [
        ("0, 0, 0, 0, 0", "too many indices: 5 for f64"),
        ("..., 0, ...", "a subscript has one '...' at most"),
        ("1.5", "an index must be a literal int"),
        ("[0.5]", "an index is made of integers"),
        ("n > 0", "a single truth value is no index"),
        ("::0", "slice step cannot be zero"),
        ("x", "indices must be integers"),
        ("5", "index 5 is out of bounds"),
    ],
)
def test_wrong_subscripts(subscript: str, message: str) -> None:
    with pytest.raises(DiagnosticError) as failure:
        parse_graph(HEAD + "{ return x[" + subscript + "] }")
    assert message in str(failure.value) and "^" in str(failure.value)


def test_strings_read_back() -> None:
    text = 'graph f(x: f64[]) {\n  require x > 0.0, "ValueError", "say \\"no\\" \\\\ \\n {{}}"\n  return x\n}\n'
    with pytest.raises(ValueError, match='say "no" '):
        phintys.compile_text(text)(-1.0)
    assert phintys.compile_text(text).graph() == text


def infix(rng: random.Random, names: str, signs: list[str], prefixes: str, depth: int) -> str:
    """A random expression with few parentheses."""
    if depth == 0:
        return rng.choice(names)
    inner = [infix(rng, names, signs, prefixes, rng.randrange(depth)) for _ in range(2)]
    shown = [f"({text})" if rng.random() < 0.2 else text for text in inner]
    kind = rng.random()
    return f"{rng.choice(prefixes)}{shown[0]}" if kind < 0.25 else f" {rng.choice(signs)} ".join(shown)


class Shaken(np.ndarray):
    """Numbers whose powers are off in the last bits: remainders of these say nothing."""

    def __pow__(self, other: Any, modulo: None = None) -> Any:
        return super().__pow__(other) * (1 + 2e-15 if self.dtype.kind == "f" else 1)


@pytest.mark.parametrize(
    ("dtype", "signs", "prefixes"),
    [("f64", ["+", "-", "*", "/", "//", "%", "**"], "-+"), ("i64", ["+", "-", "*", "//", "%", "&", "|", "^"], "-~")],
)
def test_precedence_is_pythons(dtype: str, signs: list[str], prefixes: str) -> None:
    rng = random.Random(3)
    texts = [infix(rng, "abc", signs, prefixes, 4) for _ in range(80)]
    f = phintys.compile_text(f"graph f(a: {dtype}[3], b: {dtype}[3], c: {dtype}[3]) {{ return {', '.join(texts)} }}")
    values = {name: np.array(row, dtype.replace("f", "float").replace("i", "int")) for name, row in
              zip("abc", ([3, 2, 5], [7, 1, 2], [2, 4, 3]), strict=True)}  # fmt: skip
    used = [values[spec.variable.name] for spec in f.maker.inputs]
    compared = 0
    with np.errstate(all="ignore"):
        shaken = {name: array.view(Shaken) for name, array in values.items()}
        for text, found in zip(texts, f(*used), strict=True):
            expected = eval(text, {}, values)
            steady = np.isclose(expected, np.asarray(eval(text, {}, shaken)), rtol=1e-9, equal_nan=True)
            np.testing.assert_allclose(found[steady], expected[steady], rtol=1e-9, err_msg=text)
            compared += int(steady.sum())
    assert compared > 200
