"""Result arrays, in LLVM IR: `phi_output` makes them for the body; `phi_slow` hands a call to Python instead."""

from __future__ import annotations

from string import Template

RESULTS = Template("""
; A fresh array for result %index; its data, or null with MemoryError set. Takes the GIL where the call released it.
define ptr @phi_output(ptr %frame, i32 %index, ptr %dims) {
  %interface.at = getelementptr %Frame, ptr %frame, i32 0, i32 1
  %interface = load ptr, ptr %interface.at
  %thread.at = getelementptr %Frame, ptr %frame, i32 0, i32 3
  %thread = load ptr, ptr %thread.at
  %locked = icmp eq ptr %thread, null
  br i1 %locked, label %make, label %lock
lock:
  call void @PyEval_RestoreThread(ptr %thread)
  br label %make
make:
  %table.at = getelementptr %Interface, ptr %interface, i32 0, i32 7
  %table = load ptr, ptr %table.at
  %r = getelementptr %Result, ptr %table, i32 %index
  %dtype.at = getelementptr %Result, ptr %r, i32 0, i32 1
  %dtype = load i32, ptr %dtype.at
  %rank.at = getelementptr %Result, ptr %r, i32 0, i32 2
  %rank = load i32, ptr %rank.at
  %array = call ptr @phi_array(i32 %dtype, i32 %rank, ptr %dims)
  %results.at = getelementptr %Frame, ptr %frame, i32 0, i32 4
  %results = load ptr, ptr %results.at
  %result.at = getelementptr ptr, ptr %results, i32 %index
  %before = load ptr, ptr %result.at
  store ptr %array, ptr %result.at
  %again = icmp ne ptr %before, null
  br i1 %again, label %drop, label %made
drop:
  call void @Py_DecRef(ptr %before)
  br label %made
made:
  br i1 %locked, label %give, label %unlock
unlock:
  %thread.now = call ptr @PyEval_SaveThread()
  store ptr %thread.now, ptr %thread.at
  br label %give
give:
  %failed = icmp eq ptr %array, null
  br i1 %failed, label %none, label %good
good:
  %data.at = getelementptr i8, ptr %array, i64 $ARRAY_DATA
  %data = load ptr, ptr %data.at
  ret ptr %data
none:
  ret ptr null
}

; A new ndarray. A large one gets its memory from the pool: NumPy keeps the handler with the array and frees through it.
define internal ptr @phi_array(i32 %dtype, i32 %rank, ptr %dims) {
  %descr.at = getelementptr ptr, ptr @phi_descriptors, i32 %dtype
  %descr = load ptr, ptr %descr.at
  %item.at = getelementptr i64, ptr @phi_item_bytes, i32 %dtype
  %item = load i64, ptr %item.at
  %item.f = uitofp i64 %item to double
  br label %next
next:
  %d = phi i32 [ 0, %0 ], [ %d.next, %more ]
  %bytes = phi double [ %item.f, %0 ], [ %bytes.next, %more ]
  %done = icmp eq i32 %d, %rank
  br i1 %done, label %counted, label %more
more:
  %size.at = getelementptr i64, ptr %dims, i32 %d
  %size = load i64, ptr %size.at
  %size.f = sitofp i64 %size to double
  %bytes.next = fmul double %bytes, %size.f
  %d.next = add i32 %d, 1
  br label %next
counted:
  %handler = load ptr, ptr @phi_handler
  %has = icmp ne ptr %handler, null
  %big = fcmp oge double %bytes, $POOL_FROM_DOUBLE
  %pooled = and i1 %big, %has
  call void @Py_IncRef(ptr %descr)
  br i1 %pooled, label %large, label %small
small:
  %a = call ptr @phi_new(ptr %descr, i32 %rank, ptr %dims)
  ret ptr %a
large:
  %before = call ptr @phi_array_handler(ptr %handler)
  %b = call ptr @phi_new(ptr %descr, i32 %rank, ptr %dims)
  %switched = icmp ne ptr %before, null
  br i1 %switched, label %restore, label %out
restore:
  %ours = call ptr @phi_array_handler(ptr %before)
  call void @Py_DecRef(ptr %before)
  %restored = icmp ne ptr %ours, null
  br i1 %restored, label %forget, label %out
forget:
  call void @Py_DecRef(ptr %ours)
  br label %out
out:
  ret ptr %b
}

define internal ptr @phi_new(ptr %descr, i32 %rank, ptr %dims) alwaysinline {
  %array = call ptr @phi_array_new(ptr @phi_type_array, ptr %descr, i32 %rank, ptr %dims,
                                   ptr null, ptr null, i32 0, ptr null)
  ret ptr %array
}

define ptr @phi_slow(ptr %self, ptr %args, i64 %n, ptr %kwnames) {
  %slow.at = getelementptr i8, ptr %self, i64 $TUPLE_ITEMS
  %slow = load ptr, ptr %slow.at
  %result = call ptr @PyObject_Vectorcall(ptr %slow, ptr %args, i64 %n, ptr %kwnames)
  ret ptr %result
}
""")
