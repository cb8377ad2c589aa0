"""Random programs and their gradients, compiled down the whole ladder, against the reference evaluator."""

from __future__ import annotations

from typing import Any

import nd_reference as ref
import numpy as np
import pytest
from random_programs import TYPES, arguments, random_body
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, StringAttr

from phintys.codegen.compiler import compile_module
from phintys.passes.autodiff import Autodiff
from phintys.passes.nd_builder import Term
from phintys.passes.rewriting import functions


def compiled(module: Any) -> Any:
    """The module's function as a callable."""

    def refuse(*arguments: Any, **keywords: Any) -> None:
        raise AssertionError(f"refused: {arguments}")

    (func,) = functions(module)
    names = [DictionaryAttr({"nd.name": StringAttr(f"x{index}")}) for index in range(len(func.body.block.args))]
    func.properties["arg_attrs"] = ArrayAttr(names)
    return compile_module(module).bind([], refuse, refuse, False)


@pytest.mark.parametrize("seed", range(25))
def test_program_and_gradient(seed: int) -> None:
    def body(*inputs: Term) -> list[Term]:
        results = random_body(seed, 9)(*inputs)
        cost = inputs[0]
        for value in results:
            cost = cost + value.op("tanh").op("sum", axes=range(value.type.ndim))
        return [cost, *results, *ref.gradient(cost, *inputs)]

    arrays = [np.array(x, "float64", order="C") for x in arguments(seed, special=False)]
    reference = ref.function(TYPES, body)
    Autodiff().apply(None, reference)  # type: ignore[arg-type]
    for found, expected in zip(compiled(ref.function(TYPES, body))(*arrays), ref.evaluate(reference, *arrays), strict=True):
        assert found.shape == expected.shape
        keep = np.isfinite(expected)  # what overflows may come out finite in the stable form
        np.testing.assert_allclose(found[keep], expected[keep], rtol=1e-9, atol=1e-9)
