"""Calls of Python callables from a running body, in LLVM IR: `phi_host` passes arrays and keeps what comes back."""

from __future__ import annotations

from string import Template

HOST = Template("""
; Call host function %number with arrays on the operands' memory and write where its results are; see passes/llvm_host.py
; for the block. 1 with an exception set when that fails. The GIL is held: functions with such calls never release it.
define i32 @phi_host(ptr %frame, i32 %number, i32 %takes, i32 %gives, ptr %block) {
  %arrays = alloca ptr, i32 %takes
  %self.at = getelementptr %Frame, ptr %frame, i32 0, i32 2
  %self = load ptr, ptr %self.at
  %interface.at = getelementptr %Frame, ptr %frame, i32 0, i32 1
  %interface = load ptr, ptr %interface.at
  %states.at = getelementptr %Interface, ptr %interface, i32 0, i32 4
  %states = load i32, ptr %states.at
  %item = add i32 %states, %number
  %callable = call ptr @phi_cell(ptr %self, i32 %item)
  br label %next
next:
  %i = phi i32 [ 0, %0 ], [ %i.next, %made ]
  %row = phi ptr [ %block, %0 ], [ %row.next, %made ]
  %done = icmp eq i32 %i, %takes
  br i1 %done, label %call, label %make
make:
  %data = load ptr, ptr %row
  %code.at = getelementptr i64, ptr %row, i64 1
  %code = load i64, ptr %code.at
  %rank.at = getelementptr i64, ptr %row, i64 2
  %rank = load i64, ptr %rank.at
  %rank32 = trunc i64 %rank to i32
  %dims = getelementptr i64, ptr %row, i64 3
  %row.next = getelementptr i64, ptr %dims, i64 %rank
  %descr.at = getelementptr ptr, ptr @phi_descriptors, i64 %code
  %descr = load ptr, ptr %descr.at
  call void @Py_IncRef(ptr %descr)
  %array = call ptr @phi_array_new(ptr @phi_type_array, ptr %descr, i32 %rank32, ptr %dims, ptr null, ptr %data,
                                   i32 $READ_ONLY, ptr null)
  %got = icmp ne ptr %array, null
  br i1 %got, label %made, label %failed
made:
  %array.at = getelementptr ptr, ptr %arrays, i32 %i
  store ptr %array, ptr %array.at
  %i.next = add i32 %i, 1
  br label %next

call:
  %count = zext i32 %takes to i64
  %results = call ptr @PyObject_Vectorcall(ptr %callable, ptr %arrays, i64 %count, ptr null)
  call void @phi_drop(ptr %arrays, i32 %takes)
  %good = icmp ne ptr %results, null
  br i1 %good, label %keep, label %raise
keep:                       ; the results live until the call ends
  %kept.at = getelementptr %Frame, ptr %frame, i32 0, i32 6
  %kept = load ptr, ptr %kept.at
  %slot = getelementptr ptr, ptr %kept, i32 %number
  %before = load ptr, ptr %slot
  store ptr %results, ptr %slot
  %again = icmp ne ptr %before, null
  br i1 %again, label %forget, label %read
forget:
  call void @Py_DecRef(ptr %before)
  br label %read

read:
  %items = getelementptr i8, ptr %results, i64 $TUPLE_ITEMS
  br label %read.next
read.next:
  %k = phi i32 [ 0, %read ], [ %k.next, %read.done ]
  %to = phi ptr [ %row, %read ], [ %to.next, %read.done ]
  %k.done = icmp eq i32 %k, %gives
  br i1 %k.done, label %fine, label %read.one
read.one:
  %result.at = getelementptr ptr, ptr %items, i32 %k
  %result = load ptr, ptr %result.at
  %result.data.at = getelementptr i8, ptr %result, i64 $ARRAY_DATA
  %result.data = load ptr, ptr %result.data.at
  store ptr %result.data, ptr %to
  %result.rank.at = getelementptr i8, ptr %result, i64 $ARRAY_NDIM
  %result.rank = load i32, ptr %result.rank.at
  %result.rank64 = zext i32 %result.rank to i64
  %result.dims.at = getelementptr i8, ptr %result, i64 $ARRAY_DIMS
  %result.dims = load ptr, ptr %result.dims.at
  %to.dims = getelementptr i64, ptr %to, i64 1
  %bytes = mul i64 %result.rank64, 8
  call void @llvm.memcpy.p0.p0.i64(ptr %to.dims, ptr %result.dims, i64 %bytes, i1 false)
  br label %read.done
read.done:
  %to.next = getelementptr i64, ptr %to.dims, i64 %result.rank64
  %k.next = add i32 %k, 1
  br label %read.next

fine:
  ret i32 0
failed:
  call void @phi_drop(ptr %arrays, i32 %i)
  br label %raise
raise:
  ret i32 1
}

; Give back references to objects, some of which may be null.
define internal void @phi_drop(ptr %objects, i32 %count) {
  br label %next
next:
  %i = phi i32 [ 0, %0 ], [ %i.next, %dropped ]
  %done = icmp eq i32 %i, %count
  br i1 %done, label %out, label %one
one:
  %at = getelementptr ptr, ptr %objects, i32 %i
  %object = load ptr, ptr %at
  %null = icmp eq ptr %object, null
  br i1 %null, label %dropped, label %drop
drop:
  call void @Py_DecRef(ptr %object)
  br label %dropped
dropped:
  %i.next = add i32 %i, 1
  br label %next
out:
  ret void
}
""")

HOST_VALUES = {"READ_ONLY": 0x101}  # C-contiguous and aligned, not writeable
