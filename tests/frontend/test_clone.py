"""`clone`: replacements, shared inputs, errors."""

from __future__ import annotations

import pytest

import phintys
import phintys.tensor as T

x, y, z = T.dscalars("x", "y", "z")


def test_replacements_are_simultaneous() -> None:
    swapped = phintys.clone(x - y, {x: y, y: x})
    assert phintys.pp(swapped) == "(y - x)" and phintys.pp(x - y) == "(x - y)"
    assert phintys.pp(*phintys.clone([x + y, y], replace=[(x, z * 2)])) == "((z * TensorConstant{2}) + y), y"


def test_types() -> None:
    with pytest.raises(TypeError, match="Cannot convert Type"):
        phintys.clone(x + y, {x: T.dvector("v")})
    assert phintys.clone(x + y, {x: T.dvector("v")}, strict=False).ndim == 1
    assert phintys.pp(phintys.clone(x + y, {x: 2})) == "(TensorConstant{2.0} + y)"
    with pytest.raises(NotImplementedError, match="give their copies"):
        phintys.clone(x, share_inputs=False)
