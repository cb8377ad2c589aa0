"""More mistakes for `rows.py`: loops in parts, threads, kernels for GPUs, checks, random bits, texts."""

from __future__ import annotations

from mutant import Mutant

KERNELS = "tests/ir/convert-loops-to-gpu.mlir"
DEVICE = "tests/differential/test_emulated.py::"
THREADS = "tests/codegen/test_threads.py"
THREEFRY = "tests/numerics/test_threefry.py"
FOUND = "tests/differential/test_found.py"
PRODUCTS = "tests/codegen/test_products.py"

PARALLEL = (
    # parts and threads
    Mutant(
        "parts of a total end before the last elements",
        "passes/parallel_totals.py",
        "size = _quotient(e, e.add(whole, e.sub(count, 1)), count)",
        "size = _quotient(e, whole, count)",
        (THREADS, "tests/numerics/test_sums.py"),
    ),
    Mutant(
        "the first part of a total is forgotten",
        "passes/parallel_totals.py",
        "inner, op = e.loop(0, count, 1, neutral)",
        "inner, op = e.loop(1, count, 1, neutral)",
        (THREADS, "tests/numerics/test_sums.py"),
    ),
    Mutant(
        "a chunk that is a part of its part of the loop is taken for all of it",
        "passes/llvm_parallel.py",
        "after.lhs is start and _same(after.rhs, chunks.step) else None",
        "after.lhs is start else None",
        ("tests/ir/convert-loops-to-llvm.mlir",),
    ),
    Mutant(
        "loops that differ in an attribute share a function",
        "passes/llvm_kernels.py",
        "return op.name, operands, kinds, successors, op.properties, op.attributes",
        "return op.name, operands, kinds, successors",
        ("tests/numerics/test_long_programs.py", THREADS),
    ),
    Mutant(
        "the part of a product has the columns of the first",
        "codegen/runtime_products_shared.py",
        "%skipped.c = mul i64 %begin, %leading.c",
        "%skipped.c = mul i64 0, %leading.c",
        (PRODUCTS,),
    ),
    Mutant(
        "columns that are left over are no part's",
        "codegen/runtime_products_shared.py",
        "%upto = select i1 %last, i64 %extent, i64 %stop",
        "%upto = select i1 %last, i64 %stop, i64 %stop",
        (PRODUCTS,),
    ),
    # kernels
    Mutant(
        "rows that other threads write are read",
        "passes/gpu_nests.py",
        "if writes and root not in private and not apart(own):",
        "if writes and root not in private and None in own:",
        (KERNELS,),
    ),
    Mutant(
        "of equal extremes any thread's is taken",
        "passes/gpu_reducers.py",
        'before = e.icmp("slt", b[1], a[1])',
        'before = e.icmp("sgt", b[1], a[1])',
        (DEVICE + "test_extremes_are_the_same_numbers",),
    ),
    Mutant(
        "a block goes on before its totals are there",
        "passes/gpu_shared.py",
        '        branch(e, e.icmp("eq", lane, e.index(0)), leave, [])\n        self.barrier(e)',
        '        branch(e, e.icmp("eq", lane, e.index(0)), leave, [])',
        (DEVICE + "test_reductions_of_many_shapes", DEVICE + "test_programs"),
    ),
    Mutant(
        "threads read a row before others have written it",
        "passes/gpu_rows.py",
        "if any(_conflict(before, touched) for before in self.since):",
        "if any(_conflict(before, touched) for before in self.since[1:0]):",
        (KERNELS,),
    ),
    Mutant(
        "a tile is read before it is filled",
        "passes/gpu_tiles.py",
        "        team.barrier(inner)\n        self._compute(",
        "        self._compute(",
        ("tests/codegen/test_tiles.py",),
    ),
    Mutant(
        "states of a device are written before the checks of a call",
        "passes/convert_loops_to_gpu.py",
        "if any(isinstance(root, BlockArgument) for root in roots):",
        "if not roots:",
        (KERNELS,),
    ),
    # checks
    Mutant(
        "an index may be the size",
        "passes/check_bounds.py",
        'fine = self.e.icmp("ult", index, self.e.index(size))',
        'fine = self.e.icmp("ule", index, self.e.index(size))',
        ("tests/ir/check-bounds.mlir",),
    ),
    Mutant(
        "a view may end one element late",
        "passes/check_bounds.py",
        'e.icmp("slt", e.index(last), e.index(held))',
        'e.icmp("sle", e.index(last), e.index(held))',
        ("tests/ir/check-bounds.mlir",),
    ),
    Mutant(
        "a rule that gives up leaves its check behind",
        "passes/matrix_terms.py",
        "    b.block.insert_op_before(check, b.anchor)\n    b.created.append(check)",
        "    b.block.insert_op_before(check, b.anchor)",
        ("tests/frontend/test_linalg_derivatives.py",),
    ),
    # random bits
    Mutant(
        "a rotation by another number of bits",
        "passes/math_rows/threefry.py",
        "ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)",
        "ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 25)",
        (THREEFRY,),
    ),
    Mutant(
        "a call repeats the last number of the one before",
        "frontend/tensor/counter_streams.py",
        "new = T.stack([state[0], state[1] + count])",
        "new = T.stack([state[0], state[1] + count - np.uint64(1)])",
        (THREEFRY,),
    ),
    Mutant(
        "words of a generator are tempered by another mask",
        "passes/mersenne.py",
        "0xEFC60000",
        "0xEFC70000",
        ("tests/frontend/test_raw_random.py::test_parameters_and_sizes",),
    ),
    # derivatives and texts
    Mutant(
        "arange has no slope",
        "frontend/gradient/reverse.py",
        "return (node.inputs[0], node.inputs[2])",
        "return ()",
        ("tests/numerics/test_verify_grad.py",),
    ),
    Mutant(
        "a transposition of three dimensions is printed as .T",
        "ir/expressions.py",
        "if order == (1, 0) and node.inputs[0].type.ndim == 2:",
        "if order == (1, 0):",
        (FOUND,),
    ),
    Mutant(
        "roots of gammaln are known to the places of one number",
        "passes/math_rows/gamma_roots.py",
        "b.add(low, b.fma(x[0], y[1], b.mul(x[1], y[0])))",
        "low",
        ("tests/numerics/test_device_functions.py",),
    ),
)
