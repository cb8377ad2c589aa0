"""`clone(expression, replace)`: the same expression of other inputs."""

from __future__ import annotations

from typing import Any

from phintys.ir.graph import Value, substitute

from .plan import pairs
from .tensor.build import as_tensor_variable
from .tensor.var import TensorVariable


def clone(output: Any, replace: Any = None, strict: bool = True, share_inputs: bool = True, copy_inputs: Any = None) -> Any:
    """An expression, or a list of them, with variables exchanged: `clone(x + y, {x: z})` is `z + y`.

    `replace`: pairs (variable, what stands in its place) or a dict; all are exchanged at once, and what they are exchanged for
    is left as it is. `strict` wants replacements of the same type (TypeError); without it operations are inferred anew. Inputs
    are always shared with the original (`share_inputs`, `copy_inputs` are Theano's).
    """
    if not share_inputs or copy_inputs is False:
        raise NotImplementedError("clone copies no inputs: give their copies in replace=, {x: x.clone(), ...}")
    exchange: dict[Value, Value] = {}
    for old, new in pairs(replace, "replace"):
        if not isinstance(old, TensorVariable):
            raise TypeError(f"clone replaces variables; got {old!r}")
        exchange[old] = old.type.filter_variable(new) if strict else as_tensor_variable(new)
    roots = list(output) if isinstance(output, list | tuple) else [output]
    copies = substitute([as_tensor_variable(root) for root in roots], exchange)
    return copies if isinstance(output, list | tuple) else copies[0]
