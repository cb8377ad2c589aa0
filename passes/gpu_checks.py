"""Checks on data in kernels: a flag that any thread may raise; once it is raised, one thread looks for the first failure.

A kernel cannot end the call. Where a check fails, the rest of that iteration is left out, and the flag (the first word of the
*record*) is set; all who set it write the same. Before a state is written, and at the end, the host looks at the flag. If it is
set, the loops with checks are run again in order by one thread, which writes the number of the first check that fails and
the values of its message into the record, and the host raises the exception.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Block, Operation, Region, SSAValue

from phintys.dialects.rt import MAX_VALUES, AssertOp, ToHostOp

from .emit import INDEX, Emitter
from .gpu_host import Host, copy_into
from .gpu_kernel import Kernel, zero

Env = dict[SSAValue, SSAValue]
Failed = Callable[[Emitter, AssertOp, Env], None]
FLAG, NUMBER, VALUES = 0, 1, 2  # words of the record


def has_checks(op: Operation) -> bool:
    """Whether a check stands in an operation."""
    return any(isinstance(inner, AssertOp) for inner in op.walk())


def run(
    e: Emitter, ops: Sequence[Operation], env: Env, failed: Failed, yields: Sequence[SSAValue], otherwise: Sequence[SSAValue]
) -> list[SSAValue]:
    """Copy operations; behind a check, only where it holds. The yielded values, or `otherwise` where a check fails."""
    for number, op in enumerate(ops):
        if isinstance(op, AssertOp):
            rest = ops[number + 1 :]
            return guarded(e, op, env, failed, lambda e, rest=rest: run(e, rest, env, failed, yields, otherwise), otherwise)  # type: ignore[misc]
        if not op.regions or not has_checks(op):
            copy_into(e, op, env)
        else:
            structured(e, op, env, failed)
    return [env.get(value, value) for value in yields]


def guarded(
    e: Emitter,
    op: AssertOp,
    env: Env,
    failed: Failed,
    rest: Callable[[Emitter], list[SSAValue]],
    otherwise: Sequence[SSAValue],
) -> list[SSAValue]:
    """`rest` where a check holds; elsewhere tell that it failed."""
    blocks = Block(), Block()
    inner, other = (Emitter(block, e.location, e) for block in blocks)
    inner.end_loop(rest(inner))
    failed(other, op, env)
    other.end_loop(list(otherwise))
    choice = scf.IfOp.create(
        operands=[env.get(op.condition, op.condition)],
        result_types=[value.type for value in otherwise],
        regions=[Region(blocks[0]), Region(blocks[1])],
        location=op.location,
    )
    e.insert(choice)
    return list(choice.results)


def structured(e: Emitter, op: Operation, env: Env, failed: Failed) -> None:
    """Copy an operation with regions in which checks stand."""
    copy = e.insert(op.clone_without_regions(env))
    for old, new in zip(op.regions, copy.regions, strict=True):
        body = Block(arg_types=old.block.arg_types)
        new.add_block(body)
        env.update(zip(old.block.args, body.args, strict=True))
        inner = Emitter(body, op.location, e)
        *ops, last = old.block.ops
        carried = list(body.args[1:]) if isinstance(op, scf.ForOp) else [zero(e, value.type) for value in op.results]
        values = run(inner, ops, env, failed, last.operands, carried)
        inner.insert(type(last).create(operands=values, location=last.location))


class Checks:
    """The record of a function, and the loops whose checks it speaks of."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.record: SSAValue | None = None
        self.pending: list[scf.ForOp] = []
        self.kept: list[Operation] = []  # what frees buffers that the loops need once more

    def open(self, loop: scf.ForOp) -> None:
        """A loop with checks is about to run."""
        if self.record is None:
            self.record = self.host.slot(bi.i64, [VALUES + MAX_VALUES])
            record = self.record
            kernel = Kernel(self.host, "scalars")
            words = kernel.memory(record)
            kernel.alone(lambda e: _clear(e, words))
            kernel.launch(1, 32)
        self.pending.append(loop)

    def raiser(self, kernel: Kernel) -> Failed:
        """What a thread does where a check fails."""
        if self.record is None:
            return _no_checks
        words = kernel.memory(self.record)

        def failed(e: Emitter, op: AssertOp, env: Env) -> None:
            e.store(e.constant(1, bi.i64), words, [e.index(FLAG)])

        return failed

    def settle(self) -> None:
        """Let the host look whether a check has failed."""
        if not self.pending:
            return
        host, record = self.host, self.record
        assert record is not None
        memory = host.on_host(record)
        e = host.writer()
        bad = e.icmp("ne", e.load(memory, [e.index(FLAG)]), e.constant(0, bi.i64))
        blocks = Block(), Block()
        inner, other = (Emitter(block, e.location, e) for block in blocks)
        outer_place, outer_block = host.place, host.block
        e.insert(scf.IfOp.create(operands=[bad], regions=[Region(blocks[0]), Region(blocks[1])], location=e.location))
        inner.end_loop()
        other.end_loop()
        host.block, host.place = blocks[0], blocks[0].last_op
        asserts = self._explain(record)
        self._raise(record, asserts)
        host.block, host.place = outer_block, outer_place
        host.put(e)
        for op in self.kept:
            assert outer_place is not None
            outer_block.insert_op_before(op, outer_place)
        self.pending, self.kept = [], []

    def _explain(self, record: SSAValue) -> list[AssertOp]:
        """Kernels of one thread that find the first failure."""
        asserts: list[AssertOp] = []
        for loop in self.pending:
            kernel = Kernel(self.host, "explanation")
            kernel.take(loop)
            words = kernel.memory(record)

            def failed(e: Emitter, op: AssertOp, env: Env, words: SSAValue = words) -> None:
                asserts.append(op)
                number = len(asserts)
                first = e.icmp("eq", e.load(words, [e.index(NUMBER)]), e.constant(0, bi.i64))
                block = Block()
                inner = Emitter(block, e.location, e)
                inner.store(inner.constant(number, bi.i64), words, [inner.index(NUMBER)])
                for place, value in enumerate(op.values):
                    found = env.get(value, value)
                    wide = inner.op(arith.IndexCastOp, [found], bi.i64) if found.type == INDEX else found
                    inner.store(wide, words, [inner.index(VALUES + place)])
                inner.end_loop()
                other = Block()
                Emitter(other, e.location, e).end_loop()
                e.insert(scf.IfOp.create(operands=[first], regions=[Region(block), Region(other)], location=e.location))

            kernel.alone(lambda e, loop=loop, kernel=kernel, failed=failed: structured(e, loop, kernel.env, failed))  # type: ignore[misc]
            kernel.launch(1, 32)
        return asserts

    def _raise(self, record: SSAValue, asserts: Sequence[AssertOp]) -> None:
        host = self.host
        e = host.writer()
        memory = e.insert(ToHostOp.build_op(record, e.location)).results[0]
        number = e.load(memory, [e.index(NUMBER)])
        for place, op in enumerate(asserts, 1):
            holds = e.icmp("ne", number, e.constant(place, bi.i64))
            values = [e.load(memory, [e.index(VALUES + at)]) for at in range(len(op.values))]
            e.insert(AssertOp.build_op(holds, op.exception, op.message, values, op.location))
        never = e.constant(0, bi.i1)
        e.insert(AssertOp.build_op(never, "IndexError", "an index is out of bounds", [], e.location))
        host.put(e)


def _clear(e: Emitter, words: SSAValue) -> None:
    for place in (FLAG, NUMBER):
        e.store(e.constant(0, bi.i64), words, [e.index(place)])


def _no_checks(e: Emitter, op: AssertOp, env: Env) -> None:
    raise AssertionError("a loop with checks was not announced")
