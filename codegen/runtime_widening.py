"""Arguments of a narrower dtype than the function's, in LLVM IR: `phi_widen` converts small arrays, `phi_widen_scalar` NumPy's
scalars, by the rules of `np.result_type`. Tutorials train with integers on float inputs; through Python and NumPy that took
four times as long as the step.
"""

from __future__ import annotations

from string import Template

import numpy as np

from phintys.ir.types import DTYPES, DType

# Elements of the largest array that is converted here, one by one; NumPy, which takes longer to begin, does several at once.
MOST = 256
ROOM = 128  # bytes for small ones in the frame of a call

WIDENING = Template("""
@phi_narrower = internal constant [$DTYPE_COUNT x i32] [$NARROWER]

; Whether the function's inputs take narrower dtypes, and dtype %to is wider than %from, or the same.
define internal i1 @phi_widens(ptr %frame, i32 %from, i32 %to) {
  %self.at = getelementptr %Frame, ptr %frame, i32 0, i32 2
  %self = load ptr, ptr %self.at
  %items = getelementptr i8, ptr %self, i64 $TUPLE_ITEMS
  %widens.at = getelementptr ptr, ptr %items, i32 $WIDENS
  %widens = load ptr, ptr %widens.at
  %wanted = icmp eq ptr %widens, @phi_true
  %row = getelementptr i32, ptr @phi_narrower, i32 %to
  %bits = load i32, ptr %row
  %bits.from = lshr i32 %bits, %from
  %known = icmp ult i32 %from, $DTYPE_COUNT
  %bit = and i32 %bits.from, 1
  %is.narrower = icmp ne i32 %bit, 0
  %both = and i1 %wanted, %is.narrower
  %result = select i1 %known, i1 %both, i1 false
  ret i1 %result
}

; The place of a pointer among those of the dtypes; behind the last where it is not there.
define internal i32 @phi_code(ptr %table, ptr %wanted) {
  br label %next
next:
  %i = phi i32 [ 0, %0 ], [ %i.next, %more ]
  %all = icmp eq i32 %i, $DTYPE_COUNT
  br i1 %all, label %out, label %look
look:
  %at = getelementptr ptr, ptr %table, i32 %i
  %one = load ptr, ptr %at
  %same = icmp eq ptr %one, %wanted
  br i1 %same, label %out, label %more
more:
  %i.next = add i32 %i, 1
  br label %next
out:
  ret i32 %i
}

; Have a slot's data be a converted array, where the caller's is small and its dtype, which is not %dtype, narrower.
define internal i1 @phi_widen(ptr %frame, ptr %slot, ptr %descr, i32 %dtype, i64 %item) {
  %from = call i32 @phi_code(ptr @phi_descriptors, ptr %descr)
  %may = call i1 @phi_widens(ptr %frame, i32 %from, i32 %dtype)
  br i1 %may, label %measure, label %no
measure:
  %data.at = getelementptr %Slot, ptr %slot, i32 0, i32 1
  %data = load ptr, ptr %data.at
  %bytes.at = getelementptr %Slot, ptr %slot, i32 0, i32 4
  %bytes = load i64, ptr %bytes.at
  %count = udiv i64 %bytes, %item
  %single = icmp ule i64 %count, 1
  br i1 %single, label %near, label %several
near:
  %value = getelementptr %Slot, ptr %slot, i32 0, i32 3
  br label %convert
several:
  %taken.at = getelementptr %Frame, ptr %frame, i32 0, i32 10
  %taken = load i64, ptr %taken.at
  %end = add i64 %taken, %bytes
  %fits = icmp ule i64 %end, $ROOM
  br i1 %fits, label %beside, label %separate
beside:
  %end.more = add i64 %end, 15
  %end.aligned = and i64 %end.more, -16
  store i64 %end.aligned, ptr %taken.at
  %room = getelementptr %Frame, ptr %frame, i32 0, i32 9, i64 %taken
  br label %convert
separate:
  %small = icmp ule i64 %count, $MOST
  br i1 %small, label %ask, label %no
ask:                        ; the first word of the memory is the link to what was converted before
  %all.bytes = add i64 %bytes, 64
  %memory = call ptr @phi_alloc(i64 %all.bytes)
  %none = icmp eq ptr %memory, null
  br i1 %none, label %no, label %got
got:
  %list = getelementptr %Frame, ptr %frame, i32 0, i32 8
  %before = load ptr, ptr %list
  store ptr %before, ptr %memory
  store ptr %memory, ptr %list
  %given.at = getelementptr %Frame, ptr %frame, i32 0, i32 7
  %given = load i64, ptr %given.at
  %given.now = or i64 %given, $CONVERTED
  store i64 %given.now, ptr %given.at
  %far = getelementptr i8, ptr %memory, i64 64
  br label %convert
convert:
  %to = phi ptr [ %value, %near ], [ %room, %beside ], [ %far, %got ]
  store ptr %to, ptr %data.at
  store i64 0, ptr %bytes.at
  call void @phi_convert(ptr %data, i32 %from, ptr %to, i32 %dtype, i64 %count)
  ret i1 true
no:
  ret i1 false
}

; The value of a NumPy scalar of dtype %dtype or a narrower one, or false.
define internal i1 @phi_widen_scalar(ptr %frame, ptr %object, ptr %type, i32 %dtype, ptr %to) {
  %from = call i32 @phi_code(ptr @phi_scalar_types, ptr %type)
  %may = call i1 @phi_widens(ptr %frame, i32 %from, i32 %dtype)
  br i1 %may, label %convert, label %no
convert:
  %value = getelementptr i8, ptr %object, i64 $FLOAT_VALUE
  call void @phi_convert(ptr %value, i32 %from, ptr %to, i32 %dtype, i64 1)
  ret i1 true
no:
  ret i1 false
}

; Convert elements: each is read as a 64-bit integer or as a double, which has the value of all that are narrower.
define internal void @phi_convert(ptr %source, i32 %from, ptr %target, i32 %to, i64 %count) {
begin:
  %integer = alloca i64
  %real = alloca double
  br label %next
next:
  %i = phi i64 [ 0, %begin ], [ %i.next, %written ]
  %done = icmp eq i64 %i, %count
  br i1 %done, label %out, label %read
read:
  switch i32 %from, label %out [ $READ_CASES ]
$READ_BLOCKS
write:
  %k = load i64, ptr %integer
  %x = load double, ptr %real
  switch i32 %to, label %out [ $WRITE_CASES ]
$WRITE_BLOCKS
written:
  %i.next = add i64 %i, 1
  br label %next
out:
  ret void
}
""")


def _narrower(wanted: DType) -> int:
    """The dtypes that one takes, itself included, as bits."""
    if wanted.kind in "bc":
        return 0
    return sum(
        1 << code
        for code, row in enumerate(DTYPES.values())
        if row.kind != "c" and np.result_type(wanted.name, row.name) == wanted.name
    )


def _read(row: DType) -> list[str]:
    """Read element %i as %integer and %real."""
    name, kind = row.short, {"f32": "float", "f64": "double"}.get(row.short, f"i{row.bits}")
    lines = [
        f"{name}:",
        f"  %{name}.at = getelementptr {kind}, ptr %source, i64 %i",
        f"  %{name}.v = load {kind}, ptr %{name}.at",
    ]
    if row.kind == "f":
        wide = f"%{name}.v" if row.bits == 64 else f"%{name}.wide"
        lines += [f"  {wide} = fpext float %{name}.v to double"] * (row.bits < 64)
        return [*lines, f"  store double {wide}, ptr %real", "  br label %write"]
    signed = row.kind == "i"
    wide = f"%{name}.v" if row.bits == 64 else f"%{name}.wide"
    lines += [f"  {wide} = {'sext' if signed else 'zext'} {kind} %{name}.v to i64"] * (row.bits < 64)
    lines += [f"  %{name}.real = {'sitofp' if signed else 'uitofp'} i64 {wide} to double"]
    return [*lines, f"  store i64 {wide}, ptr %integer", f"  store double %{name}.real, ptr %real", "  br label %write"]


def _write(row: DType) -> list[str]:
    """Write element %i from %k or %x."""
    name, kind = f"to.{row.short}", {"f32": "float", "f64": "double"}.get(row.short, f"i{row.bits}")
    value = "%x" if row.kind == "f" else "%k"
    lines = [f"{name}:", f"  %{name}.at = getelementptr {kind}, ptr %target, i64 %i"]
    if row.bits < 64:
        lines.append(f"  %{name}.cut = {'fptrunc double %x to float' if row.kind == 'f' else f'trunc i64 %k to {kind}'}")
        value = f"%{name}.cut"
    return [*lines, f"  store {kind} {value}, ptr %{name}.at", "  br label %written"]


_READ = {code: row for code, row in enumerate(DTYPES.values()) if row.kind != "c"}
_WRITTEN = {code: row for code, row in _READ.items() if row.kind != "b"}

WIDENING_VALUES = {
    "MOST": MOST,
    "ROOM": ROOM,
    "DTYPE_COUNT": len(DTYPES),
    "NARROWER": ", ".join(f"i32 {_narrower(row)}" for row in DTYPES.values()),
    "READ_CASES": " ".join(f"i32 {code}, label %{row.short}" for code, row in _READ.items()),
    "READ_BLOCKS": "\n".join(line for row in _READ.values() for line in _read(row)),
    "WRITE_CASES": " ".join(f"i32 {code}, label %to.{row.short}" for code, row in _WRITTEN.items()),
    "WRITE_BLOCKS": "\n".join(line for row in _WRITTEN.values() for line in _write(row)),
}
