"""`pp` and `debugprint`; the texts of single operations are in test_operators."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import debugprint, function, pp, pprint, shared

x, y = T.dscalars("x", "y")


def test_pp() -> None:
    assert [pprint(value) for value in (x, y, x + y, T.exp(x + y))] == ["x", "y", "(x + y)", "exp((x + y))"]
    assert pp((x - 4) * (x**2 * 2 + 6)) == (
        "((x - TensorConstant{4}) * (((x ** TensorConstant{2}) * TensorConstant{2}) + TensorConstant{6}))"
    )
    assert pp(function([x, y], x * y)) == "(x * y)"


def test_pp_of_what_is_exponentially_long() -> None:
    z = x
    for _ in range(100):
        z = T.tanh(z + z)
    text = pp(z)
    assert len(text) <= 250_000
    assert text.startswith("tanh((tanh((") and " ... " in text


def test_debugprint_of_an_expression() -> None:
    assert debugprint(x.dimshuffle("x") ** T.constant([10, 11]), file="str") == (
        "Elemwise{pow,no_inplace} [id A] ''   \n"
        " |InplaceDimShuffle{x} [id B] ''   \n"
        " | |x [id C]\n"
        " |TensorConstant{[10 11]} [id D]\n"
    )


def test_debugprint_shares_identifiers() -> None:
    z = x + y
    z.name = "z"
    assert debugprint([z * z, z], file="str") == (
        "Elemwise{mul,no_inplace} [id A] ''   \n"
        " |Elemwise{add,no_inplace} [id B] 'z'   \n"
        " | |x [id C]\n"
        " | |y [id D]\n"
        " |Elemwise{add,no_inplace} [id B] 'z'   \n"
        "Elemwise{add,no_inplace} [id B] 'z'   \n"
    )


def test_debugprint_options() -> None:
    z = T.exp(x + y)
    assert debugprint(z, file="str", depth=1) == "Elemwise{exp,no_inplace} [id A] ''   \n"
    assert "x [id C] <TensorType(float64, scalar)>" in debugprint(z, file="str", print_type=True)
    out = io.StringIO()
    debugprint(z, file=out)
    assert out.getvalue() == debugprint(z, file="str")
    with pytest.raises(TypeError, match="cannot print"):
        debugprint(3)


@pytest.mark.parametrize("file", [np, 3, "graph.txt", io.StringIO], ids=repr)
def test_a_file_has_to_be_open(file: Any) -> None:
    for write in (lambda: debugprint(x, file=file), lambda: phintys.ProfileStats().summary(file)):
        with pytest.raises(TypeError, match="open file, or another object with a method write; got"):
            write()


def test_debugprint_of_a_function_numbers_its_operations() -> None:
    s = shared(0.0, name="s")
    text = debugprint(function([x], T.exp(x + s), updates={s: s + 1}), file="str")
    assert text.splitlines()[0] == "Elemwise{exp,no_inplace} [id A] ''   1"
    assert text.splitlines()[1] == " |Elemwise{add,no_inplace} [id B] ''   0"


def test_deep_graphs() -> None:
    z = x
    for _ in range(5000):
        z = z + y
    assert len(pp(z)) > 5000 and debugprint(z, file="str").count("\n") == 10001
    assert str(phintys.tensor.TensorVariable) == "<class 'phintys.tensor.var.TensorVariable'>"


def test_gradient_through_complex_numbers() -> None:
    """Written out in the real and imaginary parts."""
    v, w = T.dvectors("v", "w")
    text = phintys.pp(T.grad(T.angle(T.complex(v, w)).sum(), v))
    assert text == "(-(w / ((w * w) + (v * v))))"
