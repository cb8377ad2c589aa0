"""What is broken, one at a time: a file, a text that stands in it once, another text, and the tests that have to notice.

Each row is a mistake that somebody could make: a sign, a condition forgotten, a size off by one, a rule applied where it does
not hold. `python -m tests.mutation` tries them; `test_rows.py` sees that the texts are still there.
"""

from __future__ import annotations

from mutant import Mutant
from rows_parallel import PARALLEL

PROGRAMS = "tests/differential/test_programs.py"
STATES = "tests/differential/test_states.py"
ROWS = "tests/differential/test_rows.py"
AUTODIFF = "tests/numerics/test_autodiff.py"
REWRITES = "tests/numerics/test_rewrites.py"
REDUCTIONS = "tests/differential/test_reductions.py"
ELEMENTWISE = "tests/differential/test_elementwise.py"
INDEXING = "tests/differential/test_indexing.py"
FOUND = "tests/differential/test_found.py"


MUTANTS = (
    # derivatives
    Mutant(
        "tan' is tan^2 - 1",
        "passes/vjp_elementwise.py",
        '"tan": (lambda c: c.g * (c.out * c.out + 1.0),)',
        '"tan": (lambda c: c.g * (c.out * c.out - 1.0),)',
        (AUTODIFF,),
    ),
    Mutant(
        "both operands of a maximum get the gradient where they are equal",
        "passes/vjp_elementwise.py",
        'return c.out.op("eq", c.x).select(c.number(0.0), c.g)',
        'return c.out.op("eq", c.y).select(c.g, 0.0)',
        (AUTODIFF,),
    ),
    Mutant(
        "the slope of x ** y at x = 0 is NaN",
        "passes/vjp_elementwise.py",
        'return c.g * c.x.op("eq", 0.0).select(c.number(0.0), slope)',
        "return c.g * slope",
        (AUTODIFF,),
    ),
    Mutant(
        "a norm has no slope at 0",
        "passes/vjp_elementwise.py",
        "    if not is_sum_of_squares(c.x.value):\n        return gradient",
        "    if c.x is not None:\n        return gradient",
        ("tests/numerics/test_spellings_of_rows.py",),
    ),
    Mutant(
        "gradients keep the size that the operand was repeated to",
        "passes/vjp.py",
        "repeated = [axis for axis, size in enumerate(wanted.shape) if size == 1 and found.shape[axis + lead] != 1]",
        "repeated = [axis for axis, size in enumerate(wanted.shape) if size == 1 and axis and found.shape[axis + lead] != 1]",
        (AUTODIFF,),
    ),
    # rules
    Mutant(
        "x * 0 is 0, NaN or not",
        "passes/canonicalize_arithmetic.py",
        "if value == 0 and not is_float(x):",
        "if value == 0:",
        (REWRITES,),
    ),
    Mutant(
        "inf - inf is 0",
        "passes/canonicalize_arithmetic.py",
        "return b.full_like(x, 0) if x is y and not is_float(x) else None",
        "return b.full_like(x, 0) if x is y else None",
        (REWRITES,),
    ),
    Mutant(
        "-(x * c) is x * c",
        "passes/canonicalize_arithmetic.py",
        'return b.op(name, x, b.op("neg", y))',
        "return b.op(name, x, y)",
        (REWRITES, "tests/ir/canonicalize.mlir"),
    ),
    Mutant(
        "cse does not look at attributes",
        "passes/cse.py",
        "return op.row.name, tuple(operands), attributes, op.results[0].type",
        "return op.row.name, tuple(operands), op.results[0].type",
        (REWRITES, PROGRAMS, "tests/ir/cse.mlir"),
    ),
    Mutant(
        "a shift by an infinite maximum",
        "passes/stabilize_logs.py",
        'shift = finite(counted.shift(axes).op("floor"))',
        'shift = counted.shift(axes).op("floor")',
        (REWRITES, "tests/frontend/test_nnet.py", "tests/numerics/test_spellings.py"),
    ),
    Mutant(
        "a quotient by sums along another axis is a softmax",
        "passes/stabilize_sums.py",
        'return b.op("softmax", x, axis=axis) if _lined_up(bottom, axis, type_of(x).ndim) else None',
        'return b.op("softmax", x, axis=axis)',
        (FOUND,),
    ),
    Mutant(
        "powers skip a factor",
        "passes/pow_by_squaring.py",
        "powers[exponent] = powers[previous] * powers[exponent - previous]",
        "powers[exponent] = powers[previous] * powers[1]",
        (REWRITES,),
    ),
    Mutant(
        "gemm adds what was subtracted",
        "passes/fuse_gemm.py",
        'flipped ^= op.op == "sub" and number == 0',
        'flipped ^= op.op == "sub" and number == 1',
        ("tests/differential/test_linalg.py", STATES, "tests/ir/fuse-gemm.mlir"),
    ),
    Mutant(
        "complex quotients divide by the smaller part",
        "passes/complex_rows.py",
        'first = w.re.op("abs").op("ge", w.im.op("abs"))',
        'first = w.re.op("abs").op("lt", w.im.op("abs"))',
        ("tests/differential/test_complex.py",),
    ),
    # sizes
    Mutant(
        "sizes that broadcast are not compared",
        "passes/dims.py",
        "self.meet(op, chosen, shape[own], at, (number, own))",
        "pass",
        ("tests/differential/test_checks.py", "tests/ir/check-shapes.mlir", PROGRAMS),
    ),
    # fusion
    Mutant(
        "a reduction is fused with what needs its result",
        "passes/fuse_plan.py",
        'if isinstance(owner, NdOp) and owner in members and owner.row.family == "reduction":',
        'if isinstance(owner, NdOp) and owner in members and owner.row.family == "nothing":',
        (ROWS,),
    ),
    Mutant(
        "reductions over different axes in one loop",
        "passes/fuse_plan.py",
        "or (None not in (unit.axes, other.axes) and unit.axes != other.axes):",
        "or (None in (unit.axes, other.axes) and unit.axes == 0):",
        (REDUCTIONS, ROWS, PROGRAMS),
    ),
    Mutant(
        "a state is overwritten before the last check",
        "passes/buffer_plan.py",
        "max(self.last_failing, self.last_read.get(state, -1))",
        "self.last_read.get(state, -1)",
        (STATES, ROWS),
    ),
    Mutant(
        "a state is overwritten before its last reader",
        "passes/buffer_plan.py",
        "max(self.last_failing, self.last_read.get(state, -1))",
        "self.last_failing",
        (STATES, ROWS, PROGRAMS),
    ),
    Mutant(
        "a state is overwritten by a loop that reads it shifted",
        "passes/buffer_plan.py",
        "all(operand is state and self.dims[operand] == self.dims[value] for operand in reads)",
        "all(self.dims[operand] == self.dims[value] for operand in reads)",
        (STATES, PROGRAMS),
    ),
    # loops
    Mutant(
        "loops are joined over different rows",
        "passes/fuse_loops.py",
        "if not one_row and not beside and any(access.writes for access in both):",
        "if not one_row and len(both) == 0:",
        (ROWS, "tests/ir/fuse-loops.mlir", PROGRAMS),
    ),
    Mutant(
        "loops of different length are joined",
        "passes/fuse_loops.py",
        "return bounds[0] == bounds[1] and bounds[0][2] == 1",
        "return bounds[0][2] == bounds[1][2] == 1",
        (ROWS, "tests/ir/fuse-loops.mlir", PROGRAMS),
    ),
    Mutant(
        "a loop moves behind one that writes what it reads",
        "passes/fuse_loops.py",
        "(writes or theirs[root])",
        "(writes and theirs[root])",
        (ROWS, STATES, "tests/ir/fuse-loops.mlir", PROGRAMS),
    ),
    Mutant(
        "an element is loaded before it was stored",
        "passes/contract_buffers.py",
        "outer is not None and order[outer] > order[store]:",
        "outer is not None:",
        ("tests/ir/contract-buffers.mlir", ROWS, STATES, PROGRAMS),
    ),
    Mutant(
        "a buffer that is read at several places becomes a row",
        "passes/contract_buffers.py",
        "row = rows[0] if len(rows) == len(accesses) and len(set(rows)) == 1 else None",
        "row = rows[0] if rows else None",
        ("tests/ir/contract-buffers.mlir", ROWS, PROGRAMS),
    ),
    Mutant(
        "rows of a view with any steps are separate",
        "passes/loop_facts.py",
        "                return None\n            pending.remove(fitting)\n            needed = product(fitting)",
        "                return 1\n            pending.remove(fitting)\n            needed = product(fitting)",
        ("tests/ir/parallelize.mlir", "tests/ir/fuse-loops.mlir", "tests/ir/contract-buffers.mlir", ROWS, PROGRAMS),
    ),
    Mutant(
        "two maxima become one without their NaN",
        "passes/accumulators.py",
        "return [best, e.op(arith.OrIOp, [came, later[1]])]",
        "return [best, came]",
        (REDUCTIONS,),
    ),
    Mutant(
        "iterations on different rows run at once",
        "passes/parallelize.py",
        "if apart(access.own for access in uses):",
        "if None not in {access.own for access in uses}:",
        ("tests/ir/parallelize.mlir", "tests/codegen/test_threads.py"),
    ),
    Mutant(
        "the last chunk goes beyond the end",
        "passes/parallelize.py",
        "_fill(inner, loop, (start, inner.minimum(inner.add(start, size), end)), privates)",
        "_fill(inner, loop, (start, inner.add(start, size)), privates)",
        ("tests/ir/parallelize.mlir", "tests/codegen/test_threads.py"),
    ),
    Mutant(
        "the maximum of unsigned numbers compares signs",
        "passes/combiners.py",
        '("max", "u"): arith.MaxUIOp',
        '("max", "u"): arith.MaxSIOp',
        (REDUCTIONS,),
    ),
    Mutant(
        "argmax passes by NaN",
        "passes/combiners.py",
        "return e.op(arith.OrIOp, [better, first_nan])",
        "return better",
        (REDUCTIONS,),
    ),
    Mutant(
        "long sums forget what they lose",
        "passes/accumulators.py",
        'return [e.select(e.fcmp("ord", lost, lost), e.op(arith.AddfOp, [total, lost]), total)]',
        "return [total]",
        ("tests/numerics/test_sums.py",),
    ),
    Mutant(
        "a slice is one step too short",
        "passes/loops_indexing.py",
        "return max(0, -(-span // step))",
        "return max(0, span // step)",
        (FOUND,),
    ),
    Mutant(
        "a dynamic slice is one step too short",
        "passes/loops_indexing.py",
        "[e.index(e.add(positive, step - 1)), e.index(step)]",
        "[e.index(positive), e.index(step)]",
        (INDEXING,),
    ),
    # scalars and LLVM
    Mutant(
        "a coefficient of exp is off in its eighth digit",
        "passes/math_rows/exponential.py",
        "            0.008333333333500548,",
        "            0.008333334333500548,",
        ("tests/numerics/test_expand_math.py",),
    ),
    Mutant(
        "negative positions become large",
        "passes/llvm_rows.py",
        "return e.op(llvm.SExtOp, operands, target)",
        "return e.op(llvm.ZExtOp, operands, target)",
        ("tests/ir/convert-loops-to-llvm.mlir",),
    ),
    Mutant(
        "unsigned quotients are signed",
        "passes/llvm_rows.py",
        "arith.DivUIOp: _same(llvm.UDivOp)",
        "arith.DivUIOp: _same(llvm.SDivOp)",
        (ELEMENTWISE,),
    ),
    Mutant(
        "integers that overflow are undefined",
        "passes/llvm_rows.py",
        'properties["overflowFlags"] = _NSW if isinstance(op.results[0].type, bi.IndexType) else _WRAPS',
        'properties["overflowFlags"] = _NSW',
        (FOUND,),
    ),
    # runtime
    Mutant(
        "buffers in the pool are too small",
        "codegen/runtime_memory.py",
        "%enough = icmp uge i64 %size, %bytes",
        "%enough = icmp ule i64 %size, %bytes",
        ("tests/codegen/test_memory.py",),
    ),
    Mutant(
        "buffers begin anywhere",
        "codegen/runtime_memory.py",
        "%aligned = and i64 %above, -64",
        "%aligned = and i64 %above, -16",
        ("tests/codegen/test_memory.py",),
    ),
    Mutant(
        "an argument may lie in a state that is written",
        "codegen/runtime_arguments.py",
        "%below = icmp ult ptr %low, %b.high",
        "%below = icmp ugt ptr %low, %b.high",
        ("tests/codegen/test_entry.py", STATES),
    ),
    Mutant(
        "arguments of another size are taken",
        "codegen/runtime_enter.py",
        "%size.same = icmp eq i64 %size.want, %size.is",
        "%size.same = icmp ne i64 %size.want, -2",
        ("tests/codegen/test_entry.py",),
    ),
    Mutant(
        "elements outside of a matrix are written, too",
        "passes/loops_spread.py",
        'branch(e, e.icmp("ult", position, size), put, [])',
        'branch(e, e.icmp("slt", position, size), put, [])',
        ("tests/numerics/test_spread.py",),
    ),
    Mutant(
        "slices that leave out one at either end are as long as all",
        "ir/subscript.py",
        "return Entry((first - last) or None)",
        "return Entry((first + last) or None)",
        ("tests/numerics/test_spread.py",),
    ),
    Mutant(
        "a result that its caller still has is used again",
        "codegen/runtime_results.py",
        "%free = icmp eq i32 %kept.count, 1",
        "%free = icmp ule i32 %kept.count, 2",
        ("tests/codegen/test_calls.py",),
    ),
    Mutant(
        "unsigned numbers are widened as signed ones",
        "codegen/runtime_widening.py",
        'signed = row.kind == "i"',
        'signed = row.kind != "b"',
        ("tests/codegen/test_calls.py",),
    ),
    Mutant(
        "a damaged entry of the cache is taken",
        "codegen/cache.py",
        "if magic != MAGIC or hashlib.sha256(body).digest() != checksum:",
        "if magic != MAGIC:",
        ("tests/codegen/test_cache.py",),
    ),
    *PARALLEL,
)
