"""Result arrays, in LLVM IR: `phi_output` makes them for the body; `phi_slow` hands a call to Python instead.

Making an array and dropping it again takes longer than many a small function. So the builtin keeps the last array of each
result that has at most `SPARE_ITEMS` elements, in its `spare` list, and of a state the array that an update took the place of.
The next call uses it again if nobody else has it any more, which the count of its references says (the GIL is held), and if it
is as NumPy would make it: dtype, sizes, memory of its own, no weak references.
"""

from __future__ import annotations

from string import Template

from .symbols import ALIGNED, C_CONTIGUOUS, F_CONTIGUOUS, OWN_DATA, WRITEABLE

SPARE_ITEMS = 4096

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
  %kept.at = call ptr @phi_spare(ptr %frame, i32 %index)
  %kept = load ptr, ptr %kept.at
  %kept.count = load i32, ptr %kept
  %free = icmp eq i32 %kept.count, 1
  %table.at = getelementptr %Interface, ptr %interface, i32 0, i32 7
  %table = load ptr, ptr %table.at
  %r = getelementptr %Result, ptr %table, i32 %index
  %dtype.at = getelementptr %Result, ptr %r, i32 0, i32 1
  %dtype = load i32, ptr %dtype.at
  %rank.at = getelementptr %Result, ptr %r, i32 0, i32 2
  %rank = load i32, ptr %rank.at
  br i1 %free, label %look, label %fresh
look:
  %fits = call i1 @phi_fits(ptr %kept, i32 %dtype, i32 %rank, ptr %dims)
  br i1 %fits, label %take, label %fresh
take:
  call void @Py_IncRef(ptr %kept)
  br label %place
fresh:
  %new = call ptr @phi_array(ptr %frame, i32 %dtype, i32 %rank, ptr %dims)
  br label %place
place:
  %array = phi ptr [ %kept, %take ], [ %new, %fresh ]
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

; Where the spare list has the array of a result, or None.
define internal ptr @phi_spare(ptr %frame, i32 %index) alwaysinline {
  %self.at = getelementptr %Frame, ptr %frame, i32 0, i32 2
  %self = load ptr, ptr %self.at
  %items = getelementptr i8, ptr %self, i64 $TUPLE_ITEMS
  %spare.at = getelementptr ptr, ptr %items, i32 $SPARE
  %spare = load ptr, ptr %spare.at
  %arrays.at = getelementptr i8, ptr %spare, i64 $LIST_ITEMS
  %arrays = load ptr, ptr %arrays.at
  %at = getelementptr ptr, ptr %arrays, i32 %index
  ret ptr %at
}

; Whether an array that nobody else has is what `phi_array` would make.
define internal i1 @phi_fits(ptr %array, i32 %dtype, i32 %rank, ptr %dims) alwaysinline {
  %descr.want.at = getelementptr ptr, ptr @phi_descriptors, i32 %dtype
  %descr.want = load ptr, ptr %descr.want.at
  %descr.at = getelementptr i8, ptr %array, i64 $ARRAY_DESCR
  %descr = load ptr, ptr %descr.at
  %descr.ok = icmp eq ptr %descr, %descr.want
  %ndim.at = getelementptr i8, ptr %array, i64 $ARRAY_NDIM
  %ndim = load i32, ptr %ndim.at
  %ndim.ok = icmp eq i32 %ndim, %rank
  %flags.at = getelementptr i8, ptr %array, i64 $ARRAY_FLAGS
  %flags = load i32, ptr %flags.at
  %flags.but = or i32 %flags, $F_CONTIGUOUS
  %flags.ok = icmp eq i32 %flags.but, $FRESH_FLAGS
  %base.at = getelementptr i8, ptr %array, i64 $ARRAY_BASE
  %base = load ptr, ptr %base.at
  %base.ok = icmp eq ptr %base, null
  %weak.at = getelementptr i8, ptr %array, i64 $ARRAY_WEAK
  %weak = load ptr, ptr %weak.at
  %weak.ok = icmp eq ptr %weak, null
  %kind.ok = and i1 %descr.ok, %ndim.ok
  %data.at = getelementptr i8, ptr %array, i64 $ARRAY_DATA
  %data = load i64, ptr %data.at
  %data.odd = and i64 %data, 15       ; a state's array may be the user's
  %data.ok = icmp eq i64 %data.odd, 0
  %own.ok = and i1 %flags.ok, %base.ok
  %memory.ok = and i1 %own.ok, %data.ok
  %both.ok = and i1 %kind.ok, %memory.ok
  %all.ok = and i1 %both.ok, %weak.ok
  br i1 %all.ok, label %sized, label %no
sized:
  %is.at = getelementptr i8, ptr %array, i64 $ARRAY_DIMS
  %is = load ptr, ptr %is.at
  br label %next
next:
  %d = phi i32 [ 0, %sized ], [ %d.next, %compare ]
  %done = icmp eq i32 %d, %rank
  br i1 %done, label %yes, label %compare
compare:
  %want.size.at = getelementptr i64, ptr %dims, i32 %d
  %want.size = load i64, ptr %want.size.at
  %is.size.at = getelementptr i64, ptr %is, i32 %d
  %is.size = load i64, ptr %is.size.at
  %same = icmp eq i64 %want.size, %is.size
  %d.next = add i32 %d, 1
  br i1 %same, label %next, label %no
yes:
  ret i1 true
no:
  ret i1 false
}

; Keep an array as the spare one of a result, if it is small; whom the call lets go of in its place: what was kept so far or,
; with %given, the array itself. Without, the caller of the function has the array, too.
define internal ptr @phi_keep_spare(ptr %frame, i32 %index, ptr %array, i1 %given) alwaysinline {
begin:
  %kept.at = call ptr @phi_spare(ptr %frame, i32 %index)
  %kept = load ptr, ptr %kept.at
  %same = icmp eq ptr %kept, %array
  br i1 %same, label %leave, label %other
other:
  %let.go = call ptr @phi_exchange(ptr %kept.at, ptr %array, i1 %given)
  ret ptr %let.go
leave:
  %unused = select i1 %given, ptr %array, ptr null
  ret ptr %unused
}

define internal ptr @phi_exchange(ptr %place, ptr %array, i1 %given) {
begin:
  %kept = load ptr, ptr %place
  br label %look
look:                       ; somebody waits for its end
  %weak.at = getelementptr i8, ptr %array, i64 $ARRAY_WEAK
  %weak = load ptr, ptr %weak.at
  %unseen = icmp eq ptr %weak, null
  br i1 %unseen, label %measure, label %leave
measure:
  %rank.at = getelementptr i8, ptr %array, i64 $ARRAY_NDIM
  %rank = load i32, ptr %rank.at
  %dims.at = getelementptr i8, ptr %array, i64 $ARRAY_DIMS
  %dims = load ptr, ptr %dims.at
  br label %next
next:
  %d = phi i32 [ 0, %measure ], [ %d.next, %more ]
  %items = phi i64 [ 1, %measure ], [ %items.next, %more ]
  %done = icmp eq i32 %d, %rank
  br i1 %done, label %exchange, label %more
more:
  %size.at = getelementptr i64, ptr %dims, i32 %d
  %size = load i64, ptr %size.at
  %items.next = mul i64 %items, %size
  %d.next = add i32 %d, 1
  %small = icmp ule i64 %items.next, $SPARE_ITEMS
  br i1 %small, label %next, label %leave
exchange:
  br i1 %given, label %swap, label %share
share:
  call void @Py_IncRef(ptr %array)
  br label %swap
swap:
  store ptr %array, ptr %place
  ret ptr %kept
leave:
  %unused = select i1 %given, ptr %array, ptr null
  ret ptr %unused
}

; A new ndarray. A large one gets its memory from the pool: NumPy keeps the handler with the array and frees through it.
define internal ptr @phi_array(ptr %frame, i32 %dtype, i32 %rank, ptr %dims) {
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
large:                      ; the context variable in which NumPy has the handler may set off the garbage collector
  call void @phi_keep(ptr %frame, i64 $HELD)
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

RESULTS_VALUES = {
    "SPARE_ITEMS": SPARE_ITEMS,
    "FRESH_FLAGS": C_CONTIGUOUS | F_CONTIGUOUS | OWN_DATA | ALIGNED | WRITEABLE,
}
