"""Matrix products shared among the team of threads, in LLVM IR: `phi_dgemm`, `phi_sgemm`, `phi_dgemv`, `phi_sgemv`.

The library works with one thread; a product that is large enough is cut into parts, each of them a product of the library:
C = A B along the columns of B and C as Fortran sees them (our rows), a product with a vector along the elements of the result.
The cuts lie where the library's own blocks end, and no part is so small that the library would take another way, so that the
bits are those of one call. That was measured, not read off: with OpenBLAS's kernels for Haswell, Zen, Skylake-X, Cooper Lake
and Sapphire Rapids, hundreds of sizes each (`tests/codegen/test_products.py` repeats some). Where cuts change bits, as along
C's rows, and in f32's product of an unturned matrix with a vector, there are none. (MKL's last bits may depend on the cuts.)

A product of a vector with a matrix of a few elements is computed here: beginning takes the library longer.

There is a part of the runtime for each format, loaded with the first function that has products in it.
"""

from __future__ import annotations

from string import Template

LEAST_PRODUCT = 1 << 22  # multiplications from which on a product is cut: some 100 microseconds
LEAST_PART = 1 << 20  # multiplications in a part; OpenBLAS has other kernels below a million
LEAST_VECTOR = 1 << 18  # elements of a matrix from which on its product with a vector is cut
LEAST_VECTOR_PART = 1 << 17
COLUMNS = 24  # width of the library's blocks
OUTPUTS = 32
TINY = 32  # elements of a matrix that is multiplied with a vector right here


THREADS = "@phi_threads = external global i32"
_GEMM = Template("""
declare void @phi_library_${K}gemm(ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr)
declare void @phi_${K}gemm_shared(ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr)

define void @phi_${K}gemm(ptr %ta, ptr %tb, ptr %m.at, ptr %n.at, ptr %k.at, ptr %alpha,
                          ptr %a, ptr %lda, ptr %b, ptr %ldb, ptr %beta, ptr %c, ptr %ldc) {
  %threads = load atomic i32, ptr @phi_threads monotonic, align 4
  %alone = icmp sle i32 %threads, 1
  br i1 %alone, label %one, label %measure
measure:
  %m = load i64, ptr %m.at
  %n = load i64, ptr %n.at
  %k = load i64, ptr %k.at
  %m.real = uitofp i64 %m to double
  %n.real = uitofp i64 %n to double
  %k.real = uitofp i64 %k to double
  %mn.real = fmul double %m.real, %n.real
  %work = fmul double %mn.real, %k.real
  %small = fcmp olt double %work, $LEAST_PRODUCT
  br i1 %small, label %one, label %cut
one:
  musttail call void @phi_library_${K}gemm(ptr %ta, ptr %tb, ptr %m.at, ptr %n.at, ptr %k.at, ptr %alpha,
    ptr %a, ptr %lda, ptr %b, ptr %ldb, ptr %beta, ptr %c, ptr %ldc)
  ret void
cut:
  musttail call void @phi_${K}gemm_shared(ptr %ta, ptr %tb, ptr %m.at, ptr %n.at, ptr %k.at, ptr %alpha,
    ptr %a, ptr %lda, ptr %b, ptr %ldb, ptr %beta, ptr %c, ptr %ldc)
  ret void
}
""")

_GEMV = Template("""
declare $T @llvm.fmuladd.$F($T, $T, $T)
declare void @phi_library_${K}gemv(ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr)
declare void @phi_${K}gemv_shared(ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr)

define void @phi_${K}gemv(ptr %t, ptr %m.at, ptr %n.at, ptr %alpha, ptr %a, ptr %lda, ptr %x, ptr %incx, ptr %beta,
                          ptr %y, ptr %incy) {
  %rows = load i64, ptr %m.at
  %columns = load i64, ptr %n.at
  %most = call i64 @llvm.umax.i64(i64 %rows, i64 %columns)
  %elements = mul i64 %rows, %columns
  %bounded = icmp ule i64 %most, $TINY
  %few = icmp ule i64 %elements, $TINY
  %some = icmp ne i64 %elements, 0
  %sized = and i1 %bounded, %few
  %tiny = and i1 %sized, %some
  br i1 %tiny, label %here, label %library
here:
  call void @phi_${K}gemv.tiny(ptr %t, i64 %rows, i64 %columns, ptr %alpha, ptr %a, ptr %lda, ptr %x, ptr %incx,
    ptr %beta, ptr %y, ptr %incy)
  ret void
library:
  %threads = load atomic i32, ptr @phi_threads monotonic, align 4
  %alone = icmp sle i32 %threads, 1
  br i1 %alone, label %one, label %measure
measure:
  %m = load i64, ptr %m.at
  %n = load i64, ptr %n.at
  %m.real = uitofp i64 %m to double
  %n.real = uitofp i64 %n to double
  %work = fmul double %m.real, %n.real
  %small = fcmp olt double %work, $LEAST_VECTOR
  %letter = load i8, ptr %t
  %straight = icmp eq i8 %letter, $N
  %excluded = and i1 %straight, $ONLY_TURNED
  %no = or i1 %small, %excluded
  br i1 %no, label %one, label %cut
one:
  musttail call void @phi_library_${K}gemv(ptr %t, ptr %m.at, ptr %n.at, ptr %alpha, ptr %a, ptr %lda, ptr %x, ptr %incx,
    ptr %beta, ptr %y, ptr %incy)
  ret void
cut:
  musttail call void @phi_${K}gemv_shared(ptr %t, ptr %m.at, ptr %n.at, ptr %alpha, ptr %a, ptr %lda, ptr %x, ptr %incx,
    ptr %beta, ptr %y, ptr %incy)
  ret void
}

; The elements one by one: the library takes some 35 nanoseconds to begin.
define internal void @phi_${K}gemv.tiny(ptr %t, i64 %m, i64 %n, ptr %alpha.at, ptr %a, ptr %lda, ptr %x, ptr %incx,
                                        ptr %beta.at, ptr %y, ptr %incy) {
  %letter = load i8, ptr %t
  %straight = icmp eq i8 %letter, $N
  %leading = load i64, ptr %lda
  %outputs = select i1 %straight, i64 %m, i64 %n
  %terms = select i1 %straight, i64 %n, i64 %m
  %down = select i1 %straight, i64 1, i64 %leading
  %along = select i1 %straight, i64 %leading, i64 1
  %step.x = load i64, ptr %incx
  %step.y = load i64, ptr %incy
  %alpha = load $T, ptr %alpha.at
  %beta = load $T, ptr %beta.at
  %writes.only = fcmp oeq $T %beta, 0.0
  br label %output
output:
  %i = phi i64 [ 0, %0 ], [ %i.next, %write ]
  %first = mul i64 %i, %down
  %line = getelementptr $T, ptr %a, i64 %first
  br label %term
term:
  %j = phi i64 [ 0, %output ], [ %j.next, %term ]
  %sum = phi $T [ 0.0, %output ], [ %sum.next, %term ]
  %far = mul i64 %j, %along
  %element.at = getelementptr $T, ptr %line, i64 %far
  %element = load $T, ptr %element.at
  %far.x = mul i64 %j, %step.x
  %factor.at = getelementptr $T, ptr %x, i64 %far.x
  %factor = load $T, ptr %factor.at
  %sum.next = call $T @llvm.fmuladd.$F($T %element, $T %factor, $T %sum)
  %j.next = add i64 %j, 1
  %more.terms = icmp ult i64 %j.next, %terms
  br i1 %more.terms, label %term, label %total
total:
  %scaled = fmul $T %alpha, %sum.next
  %far.y = mul i64 %i, %step.y
  %target = getelementptr $T, ptr %y, i64 %far.y
  br i1 %writes.only, label %write, label %add
add:
  %old = load $T, ptr %target
  %both = call $T @llvm.fmuladd.$F($T %beta, $T %old, $T %scaled)
  br label %write
write:
  %result = phi $T [ %scaled, %total ], [ %both, %add ]
  store $T %result, ptr %target
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, %outputs
  br i1 %more, label %output, label %out
out:
  ret void
}
""")

DOUBLE = {"K": "d", "T": "double", "F": "f64", "ONLY_TURNED": "false"}
SINGLE = {"K": "s", "T": "float", "F": "f32", "ONLY_TURNED": "true"}


def double() -> str:
    """What every product of f64 runs through: whether it is large enough to be shared."""
    return _text(DOUBLE)


def single() -> str:
    """The same of f32."""
    return _text(SINGLE)


def _text(row: dict[str, str]) -> str:
    head = [THREADS, "declare i64 @llvm.umax.i64(i64, i64)"]
    return "\n".join([*head, *(template.substitute(numbers(), **row) for template in (_GEMM, _GEMV))])


def numbers() -> dict[str, str]:
    """What the templates say of sizes."""
    reals = ("LEAST_PRODUCT", "LEAST_PART", "LEAST_VECTOR", "LEAST_VECTOR_PART")
    numbers = {name: f"{float(globals()[name]):.1f}" for name in reals}
    return numbers | {"COLUMNS": str(COLUMNS), "OUTPUTS": str(OUTPUTS), "TINY": str(TINY), "N": str(ord("N"))}
