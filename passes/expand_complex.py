"""expand-complex: every complex tensor becomes two real ones, before anything else; memory holds pairs of numbers.

Expects: `nd` of a graph. Leaves: `nd` without complex types. A complex argument is a real one with a last dimension of 2 and
`nd.dtype`, which says how callers see it; so is a result. Gradients of real values through complex ones are those of the
parts, which `autodiff` takes afterwards.

    func.func @f(%z: tensor<?xcomplex<f64>>) -> tensor<?xf64>    func.func @f(%z: tensor<?x2xf64> {nd.dtype = "c128"}) ...
      %0 = nd.exp %z                                        ->     %a = nd.subtensor %z {index = ":, 0"}
      %1 = nd.real %0                                              %b = nd.subtensor %z {index = ":, 1"}
      func.return %1                                               %0 = nd.exp %a, %1 = nd.cos %b, %2 = nd.mul %0, %1 ...
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import builtin as bi
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from phintys.dialects.convert import from_xdsl, location_text, string, to_xdsl
from phintys.dialects.nd import NdOp
from phintys.ir.diagnostics import error
from phintys.ir.ops_complex import PARTS
from phintys.ir.types import DTYPES, TensorType

from .complex_rows import Call, Pair, apply_row, join, split
from .nd_builder import Builder, Term
from .provenance import replace_uses
from .rewriting import functions, operations, refusal


def _is_complex(value: SSAValue) -> bool:
    return isinstance(value.type, bi.TensorType) and isinstance(value.type.element_type, bi.ComplexType)


def _in_memory(type: TensorType) -> TensorType:
    """What a complex tensor is in memory."""
    return TensorType(PARTS[type.dtype], (*type.shape, 2))


class _Expansion:
    """Rewrites one function."""

    def __init__(self, function: FuncOp) -> None:
        self.function = function
        self.block = function.body.block
        self.pairs: dict[SSAValue, Pair] = {}
        self.dead: list[Operation] = []

    def run(self) -> None:
        inputs = [from_xdsl(value.type) for value in self.block.args]
        outputs = [from_xdsl(type) for type in self.function.function_type.outputs]
        first = self.block.first_op
        assert first is not None
        for argument, type in zip(self.block.args, inputs, strict=True):
            if type.kind == "c":
                self._take_apart(Builder(first), argument, type)
        for op in operations(self.function):
            if isinstance(op, ReturnOp):
                self._return(op)
            elif any(map(_is_complex, [*op.operands, *op.results])):
                self._rewrite(op)
        for op in reversed(self.dead):
            op.detach()
            op.erase(safe_erase=False)
        self._sign(inputs, outputs)

    def _take_apart(self, b: Builder, argument: SSAValue, type: TensorType) -> None:
        new = self.block.insert_arg(to_xdsl(_in_memory(type)), self.block.args.index(argument))
        new.name_hint = argument.name_hint
        self.pairs[argument] = split(Term(b, new))

    def _rewrite(self, op: Operation) -> None:
        if not isinstance(op, NdOp):
            raise error(f"{op.name} has no meaning for complex operands", name=location_text(op))
        b = Builder(op)
        operands = [self._operand(b, value) for value in op.operands]
        try:
            found = apply_row(Call(op, b, operands))
        except KeyError:
            raise refusal(op, "not available for complex numbers: take their real and imaginary parts") from None
        result = op.results[0]
        if isinstance(found, Pair):
            self.pairs[result] = found
        else:
            replace_uses(result, found.value)
        self.dead.append(op)

    def _operand(self, b: Builder, value: SSAValue) -> Pair | Term:
        """What stands for a value, as terms that build where `b` does."""
        pair = self.pairs.get(value)
        return Term(b, value) if pair is None else Pair(*(Term(b, part.value) for part in pair))

    def _return(self, op: ReturnOp) -> None:
        b = Builder(op)
        found = [self._operand(b, value) for value in op.operands]
        op.operands = [(join(value) if isinstance(value, Pair) else value).value for value in found]

    def _sign(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> None:
        """The function's type and the notes for callers; arguments that nothing reads any more go."""
        for argument in list(self.block.args):
            if argument in self.pairs:
                self.block.erase_arg(argument, safe_erase=False)
        last = self.block.last_op
        assert last is not None
        results = [value.type for value in last.operands]
        self.function.properties["function_type"] = bi.FunctionType.from_lists(self.block.arg_types, results)
        for name, types in (("arg_attrs", inputs), ("res_attrs", outputs)):
            if not any(type.kind == "c" for type in types):
                continue
            present = self.function.properties.get(name)
            rows = [dict(row.data) for row in present.data] if isinstance(present, bi.ArrayAttr) else [{} for _ in types]
            for row, type in zip(rows, types, strict=True):
                if type.kind == "c":
                    row["nd.dtype"] = string(DTYPES[type.dtype].short)
            self.function.properties[name] = bi.ArrayAttr([bi.DictionaryAttr(row) for row in rows])


@dataclass(frozen=True)
class ExpandComplex(ModulePass):
    """Make pairs of real tensors of complex ones."""

    name = "expand-complex"

    def apply(self, ctx: Context, op: bi.ModuleOp) -> None:
        """Work on the functions that have a complex value."""
        for function in functions(op):
            values = [*function.body.block.args, *(value for inner in operations(function) for value in inner.results)]
            if any(map(_is_complex, values)):
                _Expansion(function).run()
