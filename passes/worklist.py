"""The worklist driver of all rewriting passes: the rules of each operation's name, tried until none fires."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from phintys.dialects.nd import NdOp

from .nd_builder import Builder, Term
from .provenance import replace_uses
from .rewriting import DERIVATIVES, TARGETS, Rule, Rules, can_replace, erase, is_dead, is_wrt, operations, refusal, weaken
from .rule_counts import COUNTS


def apply_rules(func: FuncOp, rules: Rules, always: Sequence[Rule] = (), weakening: bool = False) -> None:
    """Apply the rules of each operation's name, then those of `always`, until none fires; dead operations are removed.

    With `weakening` a rule may know more sizes than a signature shows: its result forgets them. The error for rules that
    never come to an end names them.
    """
    _Driver(rules, tuple(always), weakening).run(operations(func))


def refine_type(op: NdOp, b: Builder) -> SSAValue | None:
    """The same operation with the type that its operands now give."""
    if len(op.results) > 1:
        return None
    new = b.op(op.row.name, *op._operands, **op.attrs)
    return None if new.type == op.results[0].type else new


class _Driver:
    """A worklist: after a replacement, what was created and what uses it is looked at again."""

    def __init__(self, rules: Rules, always: tuple[Rule, ...], weakening: bool) -> None:
        self.rules = rules
        self.weakening = weakening
        self.always = always
        self.by_name: dict[str, tuple[Rule, ...]] = {}
        self.count = 0
        self.budget = 1000
        self.recent: Counter[str] = Counter()  # the last rules of those that seem to come to no end
        self.stack: list[NdOp] = []
        self.queued: set[NdOp] = set()
        self.stale: set[Operation] = set()  # an operand's type has become more precise

    def push(self, op: Any) -> None:
        if isinstance(op, NdOp) and op not in self.queued:
            self.queued.add(op)
            self.stack.append(op)

    def run(self, ops: list[Operation]) -> None:
        token = TARGETS.set(Counter(value for op in ops if op.name in DERIVATIVES for value in op.operands[1:]))
        try:
            self.work(ops)
        finally:
            TARGETS.reset(token)

    def work(self, ops: list[Operation]) -> None:
        for op in reversed(ops):  # so that operands come before their users
            self.push(op)
        self.budget += 100 * len(ops)
        while self.stack:
            op = self.stack.pop()
            self.queued.discard(op)
            if op.parent is None:
                continue
            self.visit(op)
            if self.count > self.budget:
                names = ", ".join(name for name, _ in self.recent.most_common(3))
                raise refusal(op, f"the rules {names} undo one another: {self.budget} rewrites")

    def visit(self, op: NdOp) -> None:
        if is_dead(op):
            self.remove(op)
            return
        name = op.row.name
        rules = self.by_name.get(name)
        if rules is None:
            rules = self.by_name[name] = (*self.rules.get(name, ()), *self.always)
        if op in self.stale:
            self.stale.discard(op)
            rules = (refine_type, *rules)
        if not rules or is_wrt(op.results[0]):
            return
        builder = Builder(op)
        for rule in rules:
            found = rule(op, builder)
            new = found.value if isinstance(found, Term) else found
            if new is not None and new is not op.results[0] and self.fits(op, new, builder):
                self.count += 1
                if COUNTS or self.count > self.budget - 100:
                    self.note(rule)
                self.replace(op, new, builder.created)
                return
            if builder.created:  # the rule gave up half way
                for created in reversed(builder.created):
                    erase(created)
                builder.created.clear()

    def note(self, rule: Rule) -> None:
        """Count a rule that fired."""
        name = getattr(rule, "__name__", repr(rule))
        for counts in (*COUNTS, *([self.recent] if self.count > self.budget - 100 else [])):
            counts[name] += 1

    def fits(self, op: NdOp, new: SSAValue, builder: Builder) -> bool:
        """Whether `new` can stand for the result of `op`."""
        old = op.results[0]
        return can_replace(old, new) or (self.weakening and weaken(old, new, builder.created))

    def replace(self, op: NdOp, new: SSAValue, created: list[Operation]) -> None:
        users = [use.operation for use in op.results[0].uses]
        if new.type != op.results[0].type:
            self.stale.update(users)
        replace_uses(op.results[0], new)
        for user in users:
            self.push(user)
        self.remove(op)
        for made in reversed(created):
            self.push(made)

    def remove(self, op: NdOp) -> None:
        operands = list(op.operands)
        targets = TARGETS.get()
        if targets and op.name in DERIVATIVES:
            targets.subtract(operands[1:])
        erase(op)
        for value in operands:
            owner = value.owner
            if isinstance(owner, NdOp):
                self.push(owner)
                use = value.first_use
                # Rules may ask whether a value has one use: its last user deserves another look.
                if use is not None and use._next_use is None:
                    self.push(use.operation)
