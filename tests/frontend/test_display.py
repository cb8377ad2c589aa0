"""Graphs as Theano shows them: gradients written out, FAST_COMPILE and FAST_RUN, drawings. Texts are Theano 1.0.5's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import debugprint, function, pp
from phintys.printing import pydotprint

x, y = T.dscalars("x", "y")
v, w = T.dvectors("v", "w")
W = T.dmatrix("W")
COST = (x - 4) * (x**2 * 2 + 6)


def test_gradient_before_compilation() -> None:
    assert pp(T.grad(x**2, x)) == (
        "((fill((x ** TensorConstant{2}), TensorConstant{1.0}) * TensorConstant{2}) "
        "* (x ** (TensorConstant{2} - TensorConstant{1})))"
    )


def test_fast_compile() -> None:
    f = function([x], T.grad(COST, x), mode="FAST_COMPILE")
    assert pp(f.maker.fgraph.outputs[0]) == (
        "((TensorConstant{1.0} * (((x ** TensorConstant{2}) * TensorConstant{2}) + TensorConstant{6})) + "
        "((((TensorConstant{1.0} * (x - TensorConstant{4})) * TensorConstant{2}) * TensorConstant{2}) * "
        "(x ** TensorConstant{1})))"
    )
    assert [float(f(value)) for value in range(3)] == [6, -4, -2]


def test_fast_run() -> None:
    assert pp(function([x], T.grad(x**2, x))) == "(TensorConstant{2.0} * x)"
    text = debugprint(function([v], v**10), file="str")
    assert "pow" not in text and text.count("sqr") >= 2
    logistic = 1 / (1 + T.exp(-x))
    assert debugprint(function([x], logistic), file="str") == "sigmoid [id A] ''   0\n |x [id B]\n"
    assert "sigmoid" in debugprint(function([x], T.grad(logistic, x)), file="str")
    f = function([v], T.nnet.softmax(v))
    assert "Softmax" in [str(node.op) for node in f.maker.fgraph.toposort()]
    assert f.maker.fgraph.inputs[0] is v and f.maker.fgraph.outputs[0].owner.inputs[0].type.dtype == "float64"


def test_lower_ranks_are_dimshuffled() -> None:
    assert debugprint(T.grad((v**2).sum(), v), file="str", depth=4) == (
        "Elemwise{mul,no_inplace} [id A] ''   \n"
        " |Elemwise{mul,no_inplace} [id B] ''   \n"
        " | |Elemwise{second,no_inplace} [id C] ''   \n"
        " | | |Elemwise{pow,no_inplace} [id D] ''   \n"
        " | | |InplaceDimShuffle{x} [id E] ''   \n"
        " | |InplaceDimShuffle{x} [id F] ''   \n"
        " |   |TensorConstant{2} [id G]\n"
        " |Elemwise{pow,no_inplace} [id H] ''   \n"
        "   |v [id I]\n"
        "   |Elemwise{sub,no_inplace} [id J] ''   \n"
        "     |InplaceDimShuffle{x} [id F] ''   \n"
        "     |InplaceDimShuffle{x} [id K] ''   \n"
    )


def test_small_constants_are_shared() -> None:
    assert debugprint((1 + x) / 1 + 100, file="str").count("[id") == 7
    text = debugprint(1 / (1 + T.exp(-v)), file="str")
    assert text.count("TensorConstant{1} [id C]") == 2  # in Theano's manual, too


GRADIENTS = [
    T.exp(T.sin(v**2)).sum() + T.log(v).sum() * T.cos(v).mean(),
    (T.tanh(T.dot(W, v)) * w).sum(),
    (T.dot(W, v) ** 2).sum() + T.dot(v, w) + T.dot(W, W.T).sum(),
    T.nnet.sigmoid(W.sum(axis=0) / (1 + v)).sum() - T.sqrt(T.maximum(v, w)).sum(),
    T.log(W).max(axis=1).sum() + W[0, 1:].sum() + T.concatenate([v, w * v])[1] + T.stack([x, v[0]]).sum(),
    (abs(v - w) + T.switch(v > w, v * w, v / w) + v % 2 + (v + 1) ** w).sum(),
    T.arctan(v).sum() + T.log1p(v).sum() + T.expm1(v).prod() + T.nnet.softplus(-v).sum(),
    # Without printed forms of Theano's: the compiler's own rules.
    T.erf(v[0]) + (T.sort(v) * w).sum() + T.cumsum(v)[1] ** 2 + T.arctan2(v, w).sum() + T.nnet.logsoftmax(W * v)[0, 1],
    (T.set_subtensor(v[1:], v[0]) ** 3).sum() + T.batched_dot(W[None] * v, W[None]).sum() + T.inc_subtensor(w[:2], v[1]).prod(),
    (T.slinalg.solve(W + 3 * T.identity_like(W), v) * w).sum() + (T.nlinalg.matrix_inverse(W * v + 2) ** 2).sum(),
    (T.grad((v**3).sum() + T.gammaln(v).sum(), v) * w).sum(),
    (T.jacobian(T.tanh(T.dot(W, v)), v) * W).sum(),
]


@pytest.mark.parametrize("cost", GRADIENTS, ids=range(len(GRADIENTS)))
def test_gradients_that_are_shown_are_those_that_are_computed(cost: T.TensorVariable) -> None:
    inputs = [v, w, W, x]
    gradient = T.grad(cost, v, disconnected_inputs="ignore")
    options = {"on_unused_input": "ignore"}
    shown = function(inputs, gradient, mode="FAST_COMPILE", **options).maker.fgraph.outputs[0]
    assert "grad" not in pp(shown)
    rng = np.random.RandomState(3)
    values = [rng.rand(3) + 0.5, rng.rand(3) + 0.5, rng.rand(3, 3) + 0.5, 2.0]
    np.testing.assert_allclose(
        function(inputs, shown, **options)(*values), function(inputs, gradient, **options)(*values), rtol=1e-12
    )


def test_derived_gradients_read_the_operands_that_are_there() -> None:
    assert (
        pp(T.grad(T.erf(x), x))
        == "(fill(erf(x), TensorConstant{1.0}) * (exp((-(x * x))) * TensorConstant{1.1283791670955126}))"
    )
    assert "grad(" not in pp(T.grad((T.grad(T.nnet.softmax(W)[:, 0].sum(), W) ** 2).sum(), W))
    assert pp(T.grad(T.nlinalg.det(W), W)) == "(fill(Det(W), TensorConstant{1.0}) * cofactor(W))"


def test_gradients_through_complex_numbers_are_written_out_in_their_parts() -> None:
    gradient = T.grad(abs(T.exp(x * T.constant(1j))) + x**3, x)
    assert "grad(" not in pp(gradient)
    graph = function([x], gradient, mode="FAST_COMPILE").maker.fgraph
    assert abs(graph.outputs[0].eval({graph.inputs[0]: 0.5}) - function([x], gradient)(0.5)) < 1e-12


def test_drawings(tmp_path: Path) -> None:
    z = T.exp(x + y)
    image = pydotprint(z, return_image=True, format="svg")
    assert isinstance(image, str) and image.startswith("<svg") and "exp" in image and "add" in image
    f = function([x], T.grad(x**2, x))
    assert "mul" in str(pydotprint(f, return_image=True, format="svg"))
    assert "<svg" in str(pydotprint(f.maker.fgraph.outputs[0], return_image=True, format="svg"))
    pydotprint(f, outfile=tmp_path / "f.svg", print_output_file=False)
    assert (tmp_path / "f.svg").read_text().startswith("<svg")
    pytest.importorskip("matplotlib")
    pydotprint([z, x], outfile=tmp_path / "z.png", print_output_file=False)
    assert (tmp_path / "z.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(TypeError, match="pydotprint draws"):
        pydotprint(3)


def test_page(tmp_path: Path) -> None:
    phintys.d3viz.d3viz(function([x], T.exp(x)), tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert text.startswith("<!DOCTYPE html>") and "<svg" in text and "exp" in text and "{" in text


def test_walks() -> None:
    z = T.exp(x + y) * 2
    graph = phintys.gof.graph
    assert graph.inputs([z])[:2] == [x, y] or set(graph.inputs([z])) >= {x, y}
    assert z in graph.ancestors([z]) and len(graph.ancestors([z], blockers=[z])) == 1
    assert [str(node.op) for node in graph.io_toposort([x, y], [z])][:2] == [
        "Elemwise{add,no_inplace}",
        "Elemwise{exp,no_inplace}",
    ]
    assert graph.is_same_graph(z, T.exp(x + y) * 2) and not graph.is_same_graph(z, T.exp(x - y) * 2)
    assert graph.is_same_graph(x + 1, y + 1, givens={x: y}) and not graph.is_same_graph(x + 1, y + 1)
