"""What a function of level "loops" or "gpu" takes and gives, as the texts of `codegen.interface`."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import builtin as bi
from xdsl.dialects import func
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.exceptions import VerifyException

from phintys.dialects.convert import BY_ELEMENT
from phintys.ir.types import BY_SHORT, TensorType


def arguments_text(function: func.FuncOp) -> list[str]:
    """`input f64[?, 784] x` or `state f64[784, 10] w` for each argument."""
    arguments = []
    values = function.body.blocks[0].args
    for number, (argument, attrs) in enumerate(zip(values, rows(function.arg_attrs, values), strict=True)):
        name = attrs.get("nd.name")
        kind = "state" if "nd.state" in attrs else "input"
        shown = name.data if isinstance(name, bi.StringAttr) else f"arg{number}"
        arguments.append(f"{kind} {tensor_type(argument.type, attrs)} {shown}")
    return arguments


def results_text(function: func.FuncOp, returned: Sequence[SSAValue]) -> list[str]:
    """`output f64[]`, `update 1 f64[784, 10]` or `inplace 1` for each value that is returned."""
    results = []
    for value, attrs in zip(returned, rows(function.res_attrs, returned), strict=True):
        update = attrs.get("nd.update")
        if not isinstance(update, bi.IntegerAttr):
            results.append(f"output {tensor_type(value.type, attrs)}")
        elif value is function.body.blocks[0].args[update.value.data]:
            results.append(f"inplace {update.value.data}")
        else:
            results.append(f"update {update.value.data} {tensor_type(value.type, attrs)}")
    return results


def rows(attributes: bi.ArrayAttr[bi.DictionaryAttr] | None, values: Sequence[SSAValue]) -> list[dict[str, Attribute]]:
    """Attribute dictionaries of arguments or results, empty ones where there are none."""
    return [dict(row.data) for row in attributes.data] if attributes is not None else [{} for _ in values]


def signature_memory(type: Attribute) -> bi.MemRefType[Attribute]:
    """A type in the signature of a function that callers reach, which is memory of elements they know."""
    if not isinstance(type, bi.MemRefType) or type.element_type not in BY_ELEMENT:
        raise VerifyException(
            f"convert-loops-to-llvm: a function that takes or gives memory has {type} in its signature; "
            "expected memrefs of numbers only (a scalar is memref<f64>)"
        )
    if not isinstance(type.layout, bi.NoneAttr):
        raise VerifyException(f"convert-loops-to-llvm: {type} in a signature; what callers pass is contiguous")
    return type


def tensor_type(given: Attribute, attrs: dict[str, Attribute]) -> TensorType:
    """The type that callers see: `nd.dtype` says where memory holds another (unsigned numbers, pairs for complex ones)."""
    type = signature_memory(given)
    dtype = attrs.get("nd.dtype")
    name = BY_SHORT[dtype.data] if isinstance(dtype, bi.StringAttr) else BY_ELEMENT[type.element_type]
    sizes = tuple(None if size == bi.DYNAMIC_INDEX else size for size in type.get_shape())
    return TensorType(name, sizes[:-1] if name.startswith("complex") else sizes)  # memory holds pairs of numbers
