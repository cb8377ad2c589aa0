"""Memory of compiled functions, in LLVM IR: aligned temporaries, and a pool that recycles large buffers.

Fresh pages are the dearest thing in a call that makes a large array (14 to 35 ms for 80 MB against 16 ms to fill it),
so buffers of 1 MiB and more, temporaries and result arrays alike, go back to a pool and are used again for a request
of up to a quarter less. The pool holds at most `phi_pool_limit` bytes; the oldest buffers leave first. A spin lock
guards its slots; it is held for tens of nanoseconds, never while memory is asked of the system. Temporaries of up to 512 bytes
are in the frame of the function that asks for them.

A workspace planned for each function would save little beyond this: called again and again, with results dropped, none of the
workloads of `phintys bench` has a page fault in a call, and a temporary costs 11 ns (24 above 1 KiB, 66 from the pool), of
which malloc's own share is 8 (18); in the frame, 2. The step of the XOR net has nine.
"""

from __future__ import annotations

from string import Template

POOL_FROM = 1 << 20
POOL_SLOTS = 32
# From this size on, ask the kernel for huge pages, as NumPy does: faulting them in costs a fraction.
HUGE_FROM = 1 << 22

MEMORY = Template("""
@phi_pool_limit = global i64 268435456
@phi_pool_held = global i64 0
@phi_handler = global ptr null
@phi_pool_lock = global i32 0
@phi_pool_hand = internal global i32 0
@phi_pool = internal global [$POOL_SLOTS x { ptr, i64 }] zeroinitializer
declare ptr @malloc(i64)
declare void @free(ptr)
declare i32 @madvise(ptr, i64, i32)

; 64-byte aligned. The 16 bytes before the buffer hold its size and the address that malloc gave.
define noalias ptr @phi_alloc(i64 %bytes) {
  %large = icmp uge i64 %bytes, $POOL_FROM
  br i1 %large, label %pool, label %fresh
pool:
  %recycled = call ptr @phi_pool_take(i64 %bytes)
  %found = icmp ne ptr %recycled, null
  br i1 %found, label %give, label %fresh
give:
  ret ptr %recycled
fresh:
  %sane = icmp ult i64 %bytes, 4611686018427387904
  br i1 %sane, label %ask, label %none
ask:
  %total = add i64 %bytes, 128
  %raw = call ptr @malloc(i64 %total)
  %got = icmp ne ptr %raw, null
  br i1 %got, label %align, label %none
align:
  %number = ptrtoint ptr %raw to i64
  %above = add i64 %number, 127
  %aligned = and i64 %above, -64
  %skip = sub i64 %aligned, %number
  %p = getelementptr i8, ptr %raw, i64 %skip
  %raw.at = getelementptr i8, ptr %p, i64 -8
  store ptr %raw, ptr %raw.at
  %bytes.at = getelementptr i8, ptr %p, i64 -16
  store i64 %bytes, ptr %bytes.at
  %huge = icmp uge i64 %bytes, $HUGE_FROM
  br i1 %huge, label %advise, label %done
advise:
  %page.above = add i64 %aligned, 4095
  %page = and i64 %page.above, -4096
  %page.skip = sub i64 %page, %aligned
  %page.at = getelementptr i8, ptr %p, i64 %page.skip
  %left = sub i64 %bytes, %page.skip
  %ignored = call i32 @madvise(ptr %page.at, i64 %left, i32 14)
  br label %done
done:
  ret ptr %p
none:
  ret ptr null
}

; A temporary that fits is in the caller's frame: behind the first 64 bytes of %room, where it says so in place of its size.
define noalias ptr @phi_alloc_near(i64 %bytes, ptr %room, i64 %place) {
  %near = icmp ule i64 %bytes, %place
  br i1 %near, label %here, label %far
here:
  %p = getelementptr i8, ptr %room, i64 64
  %bytes.at = getelementptr i8, ptr %room, i64 48
  store i64 -1, ptr %bytes.at
  ret ptr %p
far:
  %q = tail call ptr @phi_alloc(i64 %bytes)
  ret ptr %q
}

define void @phi_free(ptr %p) {
  %null = icmp eq ptr %p, null
  br i1 %null, label %out, label %some
some:
  %bytes.at = getelementptr i8, ptr %p, i64 -16
  %bytes = load i64, ptr %bytes.at
  %large = icmp uge i64 %bytes, $POOL_FROM
  br i1 %large, label %far, label %release
far:
  %near = icmp eq i64 %bytes, -1
  br i1 %near, label %out, label %pool
pool:
  %kept = call i1 @phi_pool_give(ptr %p, i64 %bytes)
  br i1 %kept, label %out, label %release
release:
  call void @phi_release(ptr %p)
  br label %out
out:
  ret void
}

define void @phi_free_all(ptr %slots, i64 %count) {
entry:
  br label %next
next:
  %i = phi i64 [0, %entry], [%following, %one]
  %more = icmp ult i64 %i, %count
  br i1 %more, label %one, label %out
one:
  %slot = getelementptr ptr, ptr %slots, i64 %i
  %p = load ptr, ptr %slot
  call void @phi_free(ptr %p)
  %following = add i64 %i, 1
  br label %next
out:
  ret void
}

define internal void @phi_release(ptr %p) {
  %raw.at = getelementptr i8, ptr %p, i64 -8
  %raw = load ptr, ptr %raw.at
  call void @free(ptr %raw)
  ret void
}

define internal void @phi_lock() {
  br label %try
try:
  %pair = cmpxchg ptr @phi_pool_lock, i32 0, i32 1 acquire monotonic
  %won = extractvalue { i32, i1 } %pair, 1
  br i1 %won, label %out, label %try
out:
  ret void
}

define internal void @phi_unlock() {
  store atomic i32 0, ptr @phi_pool_lock release, align 4
  ret void
}

; The smallest buffer in the pool that holds %bytes and is at most a third larger, taken out of it; or null.
define internal ptr @phi_pool_take(i64 %bytes) {
  %third = udiv i64 %bytes, 3
  %most = add i64 %bytes, %third
  call void @phi_lock()
  br label %next
next:
  %i = phi i32 [ 0, %0 ], [ %i.next, %one ]
  %best = phi i32 [ -1, %0 ], [ %best.now, %one ]
  %best.size = phi i64 [ -1, %0 ], [ %best.size.now, %one ]
  %done = icmp eq i32 %i, $POOL_SLOTS
  br i1 %done, label %chosen, label %one
one:
  %size.at = getelementptr { ptr, i64 }, ptr @phi_pool, i32 %i, i32 1
  %size = load i64, ptr %size.at
  %enough = icmp uge i64 %size, %bytes
  %near = icmp ule i64 %size, %most
  %better = icmp ult i64 %size, %best.size
  %fits = and i1 %enough, %near
  %take = and i1 %fits, %better
  %best.now = select i1 %take, i32 %i, i32 %best
  %best.size.now = select i1 %take, i64 %size, i64 %best.size
  %i.next = add i32 %i, 1
  br label %next
chosen:
  %found = icmp sge i32 %best, 0
  br i1 %found, label %out.of.pool, label %nothing
out.of.pool:
  %p = call ptr @phi_pool_empty(i32 %best)
  call void @phi_unlock()
  ret ptr %p
nothing:
  call void @phi_unlock()
  ret ptr null
}

; Empty a slot, under the lock; the buffer it held, or null.
define internal ptr @phi_pool_empty(i32 %i) {
  %slot = getelementptr { ptr, i64 }, ptr @phi_pool, i32 %i
  %size.at = getelementptr { ptr, i64 }, ptr %slot, i32 0, i32 1
  %p = load ptr, ptr %slot
  %size = load i64, ptr %size.at
  %held = load i64, ptr @phi_pool_held
  %less = sub i64 %held, %size
  store i64 %less, ptr @phi_pool_held
  store ptr null, ptr %slot
  store i64 0, ptr %size.at
  ret ptr %p
}

; Put a buffer into the pool, at the hand that goes round the slots: what the hand meets is the oldest and leaves. False
; where the buffer is larger than the whole pool may be.
define internal i1 @phi_pool_give(ptr %p, i64 %bytes) {
  %limit = load i64, ptr @phi_pool_limit
  %possible = icmp ule i64 %bytes, %limit
  br i1 %possible, label %try, label %no
try:
  call void @phi_lock()
  %hand = load i32, ptr @phi_pool_hand
  %old = call ptr @phi_pool_empty(i32 %hand)
  %held = load i64, ptr @phi_pool_held
  %sum = add i64 %held, %bytes
  %fits = icmp ule i64 %sum, %limit
  br i1 %fits, label %put, label %advance
put:
  %slot = getelementptr { ptr, i64 }, ptr @phi_pool, i32 %hand
  %size.at = getelementptr { ptr, i64 }, ptr %slot, i32 0, i32 1
  store ptr %p, ptr %slot
  store i64 %bytes, ptr %size.at
  store i64 %sum, ptr @phi_pool_held
  br label %advance
advance:
  %hand.more = add i32 %hand, 1
  %hand.next = urem i32 %hand.more, $POOL_SLOTS
  store i32 %hand.next, ptr @phi_pool_hand
  call void @phi_unlock()
  %had = icmp ne ptr %old, null
  br i1 %had, label %evict, label %evicted
evict:
  call void @phi_release(ptr %old)
  br label %evicted
evicted:
  br i1 %fits, label %yes, label %try
yes:
  ret i1 true
no:
  ret i1 false
}

; Give everything in the pool back to the system.
define void @phi_pool_clear() {
  br label %next
next:
  %i = phi i32 [ 0, %0 ], [ %i.next, %advance ]
  %done = icmp eq i32 %i, $POOL_SLOTS
  br i1 %done, label %out, label %one
one:
  call void @phi_lock()
  %p = call ptr @phi_pool_empty(i32 %i)
  call void @phi_unlock()
  %had = icmp ne ptr %p, null
  br i1 %had, label %release, label %advance
release:
  call void @phi_release(ptr %p)
  br label %advance
advance:
  %i.next = add i32 %i, 1
  br label %next
out:
  ret void
}

; The four functions of a NumPy memory handler (NEP 49).
define ptr @phi_numpy_malloc(ptr %context, i64 %bytes) {
  %p = call ptr @phi_alloc(i64 %bytes)
  ret ptr %p
}

define ptr @phi_numpy_calloc(ptr %context, i64 %count, i64 %size) {
  %pair = call { i64, i1 } @llvm.umul.with.overflow.i64(i64 %count, i64 %size)
  %bytes = extractvalue { i64, i1 } %pair, 0
  %over = extractvalue { i64, i1 } %pair, 1
  br i1 %over, label %none, label %ask
ask:
  %p = call ptr @phi_alloc(i64 %bytes)
  %got = icmp ne ptr %p, null
  br i1 %got, label %clear, label %none
clear:
  call void @llvm.memset.p0.i64(ptr %p, i8 0, i64 %bytes, i1 false)
  ret ptr %p
none:
  ret ptr null
}
declare { i64, i1 } @llvm.umul.with.overflow.i64(i64, i64)

define ptr @phi_numpy_realloc(ptr %context, ptr %p, i64 %bytes) {
  %q = call ptr @phi_alloc(i64 %bytes)
  %got = icmp ne ptr %q, null
  %had = icmp ne ptr %p, null
  %move = and i1 %got, %had
  br i1 %move, label %copy, label %out
copy:
  %old.at = getelementptr i8, ptr %p, i64 -16
  %old = load i64, ptr %old.at
  %both = call i64 @llvm.umin.i64(i64 %old, i64 %bytes)
  call void @llvm.memcpy.p0.p0.i64(ptr %q, ptr %p, i64 %both, i1 false)
  call void @phi_free(ptr %p)
  br label %out
out:
  ret ptr %q
}

define void @phi_numpy_free(ptr %context, ptr %p, i64 %bytes) {
  call void @phi_free(ptr %p)
  ret void
}

@phi_numpy_handler = global { [127 x i8], i8, ptr, ptr, ptr, ptr, ptr } {
  [127 x i8] c"$HANDLER_NAME", i8 1, ptr null,
  ptr @phi_numpy_malloc, ptr @phi_numpy_calloc, ptr @phi_numpy_realloc, ptr @phi_numpy_free }
""")

MEMORY_VALUES = {
    "POOL_FROM": POOL_FROM,
    "POOL_FROM_DOUBLE": f"{float(POOL_FROM):.1f}",
    "POOL_SLOTS": POOL_SLOTS,
    "HUGE_FROM": HUGE_FROM,
    "HANDLER_NAME": "phintys" + "\\00" * 120,
}
