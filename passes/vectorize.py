"""The vectorizing transformation: operations on one value become operations on a batch of values, with one row each.

`Vectorizer.visit` looks at the operations that depend on a batched value, operands first. A row of `DIAGONAL` keeps a
batch that is zero nearly everywhere in that form (see `batch.py`); where it gives up, a row of `DENSE` works on all
rows at once. Operations on values that are the same in all rows stay as they are.

    %y = nd.dot %m, %v        ->      %t = nd.dimshuffle %m {order = [1, 0]}
                                      %y = nd.dot %v_batch, %t                  where only %v differs from row to row
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xdsl.ir import Operation, SSAValue

from phintys.dialects.nd import NdOp

from .batch import Batch, Batches, Diagonal, Rows, Size
from .batch_context import Batching, with_ones
from .batch_diagonal import DIAGONAL
from .batch_host import host_batches
from .batch_indexing import INDEXING
from .batch_linalg import LINALG
from .batch_shape import SHAPE, family_row
from .nd_builder import Builder
from .rewriting import refusal

DENSE: Mapping[str, Callable[[Batching], SSAValue]] = {**SHAPE, **INDEXING, **LINALG}


class Vectorizer:
    """The batches of the values of a block, from those that are given; operations stand before `at`."""

    def __init__(self, at: Operation, count: Size) -> None:
        self.batches = Batches(at, count)

    def identity(self, value: SSAValue) -> None:
        """Let the vector `value` be, in row i, 1 at position i and 0 elsewhere."""
        ones = Builder(self.batches.at).full_like(value, 1.0)
        self.batches.found[value] = (Diagonal(ones, 0, Rows(complete=True)),)

    def visit(self, op: NdOp) -> None:
        """Make the batches of the results of `op`, if one of its operands has one."""
        found = self.batches.found
        if op.op == "dim" or not any(value in found for value in op.operands):
            return  # sizes are the same in all rows
        if op.op == "host":
            found.update(zip(op.results, host_batches(Batching(op, self.batches)), strict=True))
        elif len(op.results) > 1:
            raise refusal(op, "there is no batching row: it cannot be part of a Jacobian")
        else:
            found[op.results[0]] = self._batch(Batching(op, self.batches))

    def visit_after(self, last: Operation | None) -> None:
        """Visit the operations that stand behind `last` and before those that this makes."""
        ops = []
        op = self.batches.at.prev_op
        while op is not None and op is not last:
            ops.append(op)
            op = op.prev_op
        for found in reversed(ops):
            if isinstance(found, NdOp):
                self.visit(found)

    def _batch(self, c: Batching) -> Batch:
        diagonal = DIAGONAL.get(c.op.op)
        if diagonal is not None and all(c.terms(number) for number in c.batched):
            batch = diagonal(c)
            if batch is not None:
                return batch
        dense = DENSE.get(c.op.op) or family_row(c.op)
        if dense is None:
            raise refusal(c.op, f"there is no batching row; there are rows for {', '.join(sorted(DENSE))}")
        return with_ones(c.b, dense(c), (None, *c.out.shape))

    def dense(self, value: SSAValue) -> SSAValue | None:
        """The batch of `value` with its leading axis; `None` where it is the same in all rows."""
        return self.batches.dense(value) if value in self.batches.found else None
