"""How products are shared among the team of threads, in LLVM IR: `phi_dgemm_shared` and so on, and LAPACK's threads.

`runtime_products.py`, which has the products that come here, says where they are cut. LAPACK's own parallelism is the
library's: around its calls `phi_lapack_team` lets it have as many threads as the program asks for.
"""

from __future__ import annotations

from string import Template

from .runtime_products import DOUBLE, SINGLE, THREADS, numbers

LAPACK = """
@phi_lapack_threads = global i32 1
declare void @phi_library_set_threads(i32)

; Before (true) and after a call of LAPACK.
define void @phi_lapack_team(i1 %begins) {
  %threads = load i32, ptr @phi_lapack_threads
  %several = icmp sgt i32 %threads, 1
  br i1 %several, label %set, label %out
set:
  %count = select i1 %begins, i32 %threads, i32 1
  call void @phi_library_set_threads(i32 %count)
  br label %out
out:
  ret void
}
"""

_HEAD = """
%Job = type { [13 x ptr], i64, i64 }   ; the routine's arguments, where the parts end, and where the last one does
declare i32 @phi_parallel(ptr, ptr, i64, i64, i64)
declare i64 @llvm.umin.i64(i64, i64)
declare i64 @llvm.umax.i64(i64, i64)
declare i64 @llvm.fptoui.sat.i64.f64(double)

; The width of the parts of %extent: so many that each thread has two where that leaves no part much smaller, else one.
define internal i64 @phi_part(i64 %extent, i64 %unit, i64 %most, i64 %threads) {
  %twice = shl i64 %threads, 1
  %many = call i64 @llvm.umin.i64(i64 %twice, i64 %most)
  %wide = call i64 @phi_width(i64 %extent, i64 %unit, i64 %many)
  %covered = mul i64 %wide, %many
  %quarter = lshr i64 %extent, 2
  %bearable = add i64 %extent, %quarter
  %even = icmp ule i64 %covered, %bearable
  %few = call i64 @llvm.umin.i64(i64 %threads, i64 %most)
  %wider = call i64 @phi_width(i64 %extent, i64 %unit, i64 %few)
  %width = select i1 %even, i64 %wide, i64 %wider
  ret i64 %width
}

; %extent in %count parts, rounded up to units.
define internal i64 @phi_width(i64 %extent, i64 %unit, i64 %count) {
  %extent.up = add i64 %extent, %count
  %extent.more = sub i64 %extent.up, 1
  %each = udiv i64 %extent.more, %count
  %each.up = add i64 %each, %unit
  %each.more = sub i64 %each.up, 1
  %units = udiv i64 %each.more, %unit
  %width = mul i64 %units, %unit
  ret i64 %width
}

; Share %extent columns or elements, %work multiplications in all, in parts of %least at least; false if that is one part.
define internal i1 @phi_share(ptr %f, ptr %job, i64 %extent, i64 %unit, double %work, double %least, i32 %threads.32) {
  %threads = zext i32 %threads.32 to i64
  %parts.real = fdiv double %work, %least
  %parts = call i64 @llvm.fptoui.sat.i64.f64(double %parts.real)
  %most = call i64 @llvm.umax.i64(i64 %parts, i64 1)
  %width = call i64 @phi_part(i64 %extent, i64 %unit, i64 %most, i64 %threads)
  %extent.real = uitofp i64 %extent to double
  %each = fdiv double %work, %extent.real
  %few.real = fdiv double %least, %each
  %few = call i64 @llvm.fptoui.sat.i64.f64(double %few.real)
  %left = urem i64 %extent, %width
  %whole = sub i64 %extent, %left
  %small = icmp ule i64 %left, %few
  %end = select i1 %small, i64 %whole, i64 %extent     ; a small rest joins the last part
  %several = icmp ult i64 %width, %end
  br i1 %several, label %share, label %one
share:
  %end.at = getelementptr %Job, ptr %job, i32 0, i32 1
  store i64 %end, ptr %end.at
  %extent.at = getelementptr %Job, ptr %job, i32 0, i32 2
  store i64 %extent, ptr %extent.at
  %ignored = call i32 @phi_parallel(ptr %f, ptr %job, i64 0, i64 %end, i64 %width)
  ret i1 true
one:
  ret i1 false
}

; How wide a part is.
define internal i64 @phi_width_of_part(ptr %job, i64 %begin, i64 %stop) {
  %end.at = getelementptr %Job, ptr %job, i32 0, i32 1
  %end = load i64, ptr %end.at
  %extent.at = getelementptr %Job, ptr %job, i32 0, i32 2
  %extent = load i64, ptr %extent.at
  %last = icmp eq i64 %stop, %end
  %upto = select i1 %last, i64 %extent, i64 %stop
  %width = sub i64 %upto, %begin
  ret i64 %width
}
"""

_GEMM_SHARED = Template("""
declare void @phi_library_${K}gemm(ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr)

define void @phi_${K}gemm_shared(ptr %ta, ptr %tb, ptr %m.at, ptr %n.at, ptr %k.at, ptr %alpha,
    ptr %a, ptr %lda, ptr %b, ptr %ldb, ptr %beta, ptr %c, ptr %ldc) {
  %threads = load atomic i32, ptr @phi_threads monotonic, align 4
  %m = load i64, ptr %m.at
  %n = load i64, ptr %n.at
  %k = load i64, ptr %k.at
  %m.real = uitofp i64 %m to double
  %n.real = uitofp i64 %n to double
  %k.real = uitofp i64 %k to double
  %mn.real = fmul double %m.real, %n.real
  %work = fmul double %mn.real, %k.real
  %job = alloca %Job
$STORES
  %shared = call i1 @phi_share(ptr @phi_${K}gemm.part, ptr %job, i64 %n, i64 $COLUMNS, double %work, double $LEAST_PART,
                               i32 %threads)
  br i1 %shared, label %done, label %whole
done:
  ret void
whole:
  call void @phi_library_${K}gemm(ptr %ta, ptr %tb, ptr %m.at, ptr %n.at, ptr %k.at, ptr %alpha,
    ptr %a, ptr %lda, ptr %b, ptr %ldb, ptr %beta, ptr %c, ptr %ldc)
  ret void
}

define internal i32 @phi_${K}gemm.part(ptr %job, i64 %begin, i64 %stop) {
$LOADS
  %width.at = alloca i64
  %width = call i64 @phi_width_of_part(ptr %job, i64 %begin, i64 %stop)
  store i64 %width, ptr %width.at
  %letter = load i8, ptr %tb
  %straight = icmp eq i8 %letter, $N
  %leading = load i64, ptr %ldb
  %step = select i1 %straight, i64 %leading, i64 1
  %skipped = mul i64 %begin, %step
  %operand = getelementptr $T, ptr %b, i64 %skipped
  %leading.c = load i64, ptr %ldc
  %skipped.c = mul i64 %begin, %leading.c
  %target = getelementptr $T, ptr %c, i64 %skipped.c
  call void @phi_library_${K}gemm(ptr %ta, ptr %tb, ptr %m.at, ptr %width.at, ptr %k.at, ptr %alpha,
    ptr %a, ptr %lda, ptr %operand, ptr %ldb, ptr %beta, ptr %target, ptr %ldc)
  ret i32 0
}
""")

_GEMV_SHARED = Template("""
declare void @phi_library_${K}gemv(ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr)

define void @phi_${K}gemv_shared(ptr %t, ptr %m.at, ptr %n.at, ptr %alpha, ptr %a, ptr %lda, ptr %x, ptr %incx,
    ptr %beta, ptr %y, ptr %incy) {
  %threads = load atomic i32, ptr @phi_threads monotonic, align 4
  %m = load i64, ptr %m.at
  %n = load i64, ptr %n.at
  %m.real = uitofp i64 %m to double
  %n.real = uitofp i64 %n to double
  %work = fmul double %m.real, %n.real
  %letter = load i8, ptr %t
  %straight = icmp eq i8 %letter, $N
  %job = alloca %Job
$STORES
  %extent = select i1 %straight, i64 %m, i64 %n
  %shared = call i1 @phi_share(ptr @phi_${K}gemv.part, ptr %job, i64 %extent, i64 $OUTPUTS, double %work,
                               double $LEAST_VECTOR_PART, i32 %threads)
  br i1 %shared, label %done, label %whole
done:
  ret void
whole:
  call void @phi_library_${K}gemv(ptr %t, ptr %m.at, ptr %n.at, ptr %alpha, ptr %a, ptr %lda, ptr %x, ptr %incx,
    ptr %beta, ptr %y, ptr %incy)
  ret void
}

define internal i32 @phi_${K}gemv.part(ptr %job, i64 %begin, i64 %stop) {
$LOADS
  %width.at = alloca i64
  %width = call i64 @phi_width_of_part(ptr %job, i64 %begin, i64 %stop)
  store i64 %width, ptr %width.at
  %letter = load i8, ptr %t
  %straight = icmp eq i8 %letter, $N
  %leading = load i64, ptr %lda
  %step = select i1 %straight, i64 1, i64 %leading
  %skipped = mul i64 %begin, %step
  %matrix = getelementptr $T, ptr %a, i64 %skipped
  %step.y = load i64, ptr %incy
  %skipped.y = mul i64 %begin, %step.y
  %target = getelementptr $T, ptr %y, i64 %skipped.y
  %rows = select i1 %straight, ptr %width.at, ptr %m.at
  %columns = select i1 %straight, ptr %n.at, ptr %width.at
  call void @phi_library_${K}gemv(ptr %t, ptr %rows, ptr %columns, ptr %alpha, ptr %matrix, ptr %lda, ptr %x, ptr %incx,
    ptr %beta, ptr %target, ptr %incy)
  ret i32 0
}
""")

_GEMM_ARGUMENTS = ("ta", "tb", "m.at", "n.at", "k.at", "alpha", "a", "lda", "b", "ldb", "beta", "c", "ldc")
_GEMV_ARGUMENTS = ("t", "m.at", "n.at", "alpha", "a", "lda", "x", "incx", "beta", "y", "incy")


def _moves(arguments: tuple[str, ...], move: str) -> str:
    """Each argument's move to or from its place in a job."""
    rows = []
    for number, name in enumerate(arguments):
        rows.append(f"  %at{number} = getelementptr %Job, ptr %job, i32 0, i32 0, i32 {number}")
        rows.append("  " + move.format(name=name, at=f"%at{number}"))
    return "\n".join(rows)


def lapack() -> str:
    """LAPACK's threads."""
    return LAPACK


def double() -> str:
    """How products of f64 are shared."""
    return _text(DOUBLE)


def single() -> str:
    """How products of f32 are shared."""
    return _text(SINGLE)


def _text(row: dict[str, str]) -> str:
    found = [THREADS, _HEAD]
    for template, arguments in ((_GEMM_SHARED, _GEMM_ARGUMENTS), (_GEMV_SHARED, _GEMV_ARGUMENTS)):
        stores = _moves(arguments, "store ptr %{name}, ptr {at}")
        loads = _moves(arguments, "%{name} = load ptr, ptr {at}")
        found.append(template.substitute(numbers(), **row, STORES=stores, LOADS=loads))
    return "\n".join(found)
