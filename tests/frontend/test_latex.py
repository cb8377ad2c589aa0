"""Formulas in notebooks."""

from __future__ import annotations

import pytest

import phintys
import phintys.tensor as T
from phintys.latex import latex, name_text

x, y = T.dscalars("x", "y")
v = T.dvector("v")
W = T.dmatrix("W")

FORMULAS = [
    (1 / (1 + T.exp(-x)), r"\frac{1}{1 + e^{-x}}"),
    (x - (y - 2), "x - (y - 2)"),
    ((x + y) * x**2, r"(x + y) \cdot x^{2}"),
    ((x * y) ** 2, r"(x \cdot y)^{2}"),
    (-(x + y), "-(x + y)"),
    (T.sqrt(x), r"\sqrt{x}"),
    (abs(x) * 1e-8, r"\left|x\right| \cdot 1 \cdot 10^{-8}"),
    (T.dot(W, v).sum(), r"\sum W \, v"),
    (W.sum(axis=1), r"\sum_{1} W"),
    (W.T[0, 1:], r"(W^{T})_{0, 1:}"),
    (T.switch(x > y, x, 0), r"\begin{cases}x & x > y \\ 0 & \text{otherwise}\end{cases}"),
    (T.nnet.softmax(v), r"\mathrm{softmax}(v)"),
    (T.nnet.sigmoid(T.log(x)), r"\sigma(\log(x))"),
]


@pytest.mark.parametrize(("expression", "text"), FORMULAS, ids=[text for _, text in FORMULAS])
def test_formula(expression: T.TensorVariable, text: str) -> None:
    assert latex(expression).replace(r"\left(", "(").replace(r"\right)", ")") == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x", "x"),
        ("alpha", r"\alpha"),
        ("w2", "w_{2}"),
        ("p_1", "p_{1}"),
        ("cost", r"\mathrm{cost}"),
        ("y_true", r"y_{\mathrm{true}}"),
        ("(dcost/dw)", r"\frac{\partial \mathrm{cost}}{\partial w}"),
    ],
)
def test_name(name: str, text: str) -> None:
    assert name_text(name) == text


def test_notebook() -> None:
    z = x + y
    z.name = "z"
    assert z._repr_latex_() == r"$\displaystyle z = x + y$" and x._repr_latex_() == r"$\displaystyle x$"
    assert latex(T.exp(z)) == "e^{z}"
    f = phintys.function([x], 1 / (1 + T.exp(-x)))
    assert f._repr_svg_().startswith("<svg") and "sigmoid" in f._repr_svg_()
    doubled = x
    for _ in range(60):
        doubled = doubled * doubled
    assert len(latex(doubled)) < 10000
