"""Whether a state that is written in place shares memory with another argument, among many, in LLVM IR.

A few arguments are compared in pairs (`phi_aliased`); many are sorted by address first, so that a call with a thousand
states costs a thousand times what one costs.
"""

from __future__ import annotations

from string import Template

MANY = 16  # arguments from which on sorting is faster than comparing pairs

OVERLAP = Template("""
%Span = type { i64, i64, i64 }                  ; first byte, behind the last, whether it is written
declare i64 @llvm.umax.i64(i64, i64)
declare i32 @llvm.umax.i32(i32, i32)

; Whether an argument that is written in place overlaps any other: shell sort by address, then one walk.
define internal i1 @phi_aliased_many(ptr %frame) noinline {
begin:
  $FRAME
  %spans = alloca %Span, i32 %arguments
  br label %next
next:                       ; the memory of each argument that has any
  %i = phi i32 [ 0, %begin ], [ %i.next, %one ]
  %n = phi i32 [ 0, %begin ], [ %n.next, %one ]
  %all = icmp eq i32 %i, %arguments
  br i1 %all, label %gaps, label %one
one:
  %a = getelementptr %Argument, ptr %table, i32 %i
  %flags.at = getelementptr %Argument, ptr %a, i32 0, i32 2
  %flags = load i32, ptr %flags.at
  %flag = and i32 %flags, $WRITEABLE
  %written = zext i32 %flag to i64
  %slot = getelementptr %Slot, ptr %slots, i32 %i
  %data.at = getelementptr %Slot, ptr %slot, i32 0, i32 1
  %data = load ptr, ptr %data.at
  %first = ptrtoint ptr %data to i64
  %bytes.at = getelementptr %Slot, ptr %slot, i32 0, i32 4
  %bytes = load i64, ptr %bytes.at
  %behind = add i64 %first, %bytes
  %span = getelementptr %Span, ptr %spans, i32 %n
  %span.behind = getelementptr %Span, ptr %span, i32 0, i32 1
  %span.written = getelementptr %Span, ptr %span, i32 0, i32 2
  store i64 %first, ptr %span
  store i64 %behind, ptr %span.behind
  store i64 %written, ptr %span.written
  %some = icmp ne i64 %bytes, 0
  %more = zext i1 %some to i32
  %n.next = add i32 %n, %more
  %i.next = add i32 %i, 1
  br label %next

gaps:
  %gap.was = phi i32 [ %n, %next ], [ %gap, %insert ]
  %sorted = icmp ule i32 %gap.was, 1
  br i1 %sorted, label %walk, label %narrow
narrow:
  %gap.five = mul i32 %gap.was, 5
  %gap.part = udiv i32 %gap.five, 11
  %gap = call i32 @llvm.umax.i32(i32 %gap.part, i32 1)
  br label %insert
insert:
  %k = phi i32 [ %gap, %narrow ], [ %k.next, %put ]
  %inserted = icmp uge i32 %k, %n
  br i1 %inserted, label %gaps, label %take
take:
  %taken.at = getelementptr %Span, ptr %spans, i32 %k
  %taken = load %Span, ptr %taken.at
  %taken.first = extractvalue %Span %taken, 0
  br label %shift
shift:
  %p = phi i32 [ %k, %take ], [ %q, %move ]
  %p.at = getelementptr %Span, ptr %spans, i32 %p
  %left = icmp uge i32 %p, %gap
  br i1 %left, label %look, label %put
look:
  %q = sub i32 %p, %gap
  %q.at = getelementptr %Span, ptr %spans, i32 %q
  %q.first = load i64, ptr %q.at
  %greater = icmp ugt i64 %q.first, %taken.first
  br i1 %greater, label %move, label %put
move:
  %q.span = load %Span, ptr %q.at
  store %Span %q.span, ptr %p.at
  br label %shift
put:
  store %Span %taken, ptr %p.at
  %k.next = add i32 %k, 1
  br label %insert

walk:                       ; how far the memory of those before reaches, and of those before that are written
  %s = phi i32 [ 0, %gaps ], [ %s.next, %apart ]
  %reach = phi i64 [ 0, %gaps ], [ %reach.next, %apart ]
  %writes = phi i64 [ 0, %gaps ], [ %writes.next, %apart ]
  %walked = icmp eq i32 %s, %n
  br i1 %walked, label %none, label %meet
meet:
  %s.at = getelementptr %Span, ptr %spans, i32 %s
  %s.span = load %Span, ptr %s.at
  %low = extractvalue %Span %s.span, 0
  %high = extractvalue %Span %s.span, 1
  %flagged = extractvalue %Span %s.span, 2
  %is.written = icmp ne i64 %flagged, 0
  %in.any = icmp ult i64 %low, %reach
  %in.written = icmp ult i64 %low, %writes
  %writes.into = and i1 %is.written, %in.any
  %meets = or i1 %in.written, %writes.into
  br i1 %meets, label %aliased, label %apart
apart:
  %reach.next = call i64 @llvm.umax.i64(i64 %reach, i64 %high)
  %writes.more = call i64 @llvm.umax.i64(i64 %writes, i64 %high)
  %writes.next = select i1 %is.written, i64 %writes.more, i64 %writes
  %s.next = add i32 %s, 1
  br label %walk
none:
  ret i1 false
aliased:
  ret i1 true
}
""")
OVERLAP_VALUES = {"MANY": MANY}
