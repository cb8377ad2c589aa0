"""Whether a state that is written in place shares memory with another argument, among many, in LLVM IR.

A few arguments are compared in pairs (`phi_aliased`); many are sorted by address first, digit by digit of it, so that a
call with a thousand states costs a thousand times what one costs. Digits that all addresses share are passed over.
"""

from __future__ import annotations

from string import Template

MANY = 16  # arguments from which on sorting is faster than comparing pairs
LOTS = 128  # those from which on a radix sort is faster than a shell sort: it takes a microsecond to begin

OVERLAP = Template("""
%Span = type { i64, i64 }                       ; first byte; twice the one behind the last, and 1 if it is written
declare i64 @llvm.umax.i64(i64, i64)
declare i32 @llvm.umax.i32(i32, i32)

; Whether an argument that is written in place overlaps any other: sorted by address, then one walk.
define internal i1 @phi_aliased_many(ptr %frame) noinline {
begin:
  $FRAME
  %counts = alloca [256 x i32]
  %spans = alloca %Span, i32 %arguments
  %room = alloca %Span, i32 %arguments
  br label %next
next:                       ; the memory of each argument that has any, and the bits in which addresses differ from each other
  %i = phi i32 [ 0, %begin ], [ %i.next, %one ]
  %n = phi i32 [ 0, %begin ], [ %n.next, %one ]
  %ones = phi i64 [ 0, %begin ], [ %ones.next, %one ]
  %zeros = phi i64 [ 0, %begin ], [ %zeros.next, %one ]
  %all = icmp eq i32 %i, %arguments
  br i1 %all, label %sort, label %one
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
  %behind.twice = shl i64 %behind, 1
  %is.one = icmp ne i64 %written, 0
  %one.or.not = zext i1 %is.one to i64
  %end = or i64 %behind.twice, %one.or.not
  %span = getelementptr %Span, ptr %spans, i32 %n
  %span.end = getelementptr %Span, ptr %span, i32 0, i32 1
  store i64 %first, ptr %span
  store i64 %end, ptr %span.end
  %some = icmp ne i64 %bytes, 0
  %more = zext i1 %some to i32
  %n.next = add i32 %n, %more
  %mask = sext i1 %some to i64
  %first.ones = and i64 %first, %mask
  %ones.next = or i64 %ones, %first.ones
  %not = xor i64 %first, -1
  %first.zeros = and i64 %not, %mask
  %zeros.next = or i64 %zeros, %first.zeros
  %i.next = add i32 %i, 1
  br label %next

sort:
  %different = and i64 %ones, %zeros
  %lots = icmp uge i32 %n, $LOTS
  br i1 %lots, label %digit, label %gaps

digit:                      ; by the next digit of eight bits, from the lowest on
  %bits = phi i64 [ 0, %sort ], [ %bits.next, %done ]
  %from = phi ptr [ %spans, %sort ], [ %from.next, %done ]
  %to = phi ptr [ %room, %sort ], [ %to.next, %done ]
  %rest = lshr i64 %different, %bits
  %all.sorted = icmp eq i64 %rest, 0
  br i1 %all.sorted, label %walk, label %worth
worth:
  %own = and i64 %rest, 255
  %common = icmp eq i64 %own, 0
  br i1 %common, label %done, label %clear
clear:
  store [256 x i32] zeroinitializer, ptr %counts
  br label %count
count:                      ; how often each value of the digit is there
  %c = phi i32 [ 0, %clear ], [ %c.next, %count ]
  %c.at = getelementptr %Span, ptr %from, i32 %c
  %c.first = load i64, ptr %c.at
  %c.shifted = lshr i64 %c.first, %bits
  %c.digit = and i64 %c.shifted, 255
  %c.count.at = getelementptr i32, ptr %counts, i64 %c.digit
  %c.count = load i32, ptr %c.count.at
  %c.more = add i32 %c.count, 1
  store i32 %c.more, ptr %c.count.at
  %c.next = add i32 %c, 1
  %counted = icmp eq i32 %c.next, %n
  br i1 %counted, label %add, label %count
add:                        ; where those of each value begin
  %v = phi i64 [ 0, %count ], [ %v.next, %add ]
  %before = phi i32 [ 0, %count ], [ %before.next, %add ]
  %v.at = getelementptr i32, ptr %counts, i64 %v
  %v.count = load i32, ptr %v.at
  store i32 %before, ptr %v.at
  %before.next = add i32 %before, %v.count
  %v.next = add i64 %v, 1
  %added = icmp eq i64 %v.next, 256
  br i1 %added, label %spread, label %add
spread:
  %m = phi i32 [ 0, %add ], [ %m.next, %spread ]
  %m.at = getelementptr %Span, ptr %from, i32 %m
  %m.span = load %Span, ptr %m.at
  %m.first = extractvalue %Span %m.span, 0
  %m.shifted = lshr i64 %m.first, %bits
  %m.digit = and i64 %m.shifted, 255
  %place.at = getelementptr i32, ptr %counts, i64 %m.digit
  %place = load i32, ptr %place.at
  %place.next = add i32 %place, 1
  store i32 %place.next, ptr %place.at
  %moved.at = getelementptr %Span, ptr %to, i32 %place
  store %Span %m.span, ptr %moved.at
  %m.next = add i32 %m, 1
  %moved = icmp eq i32 %m.next, %n
  br i1 %moved, label %done, label %spread
done:
  %from.next = phi ptr [ %from, %worth ], [ %to, %spread ]
  %to.next = phi ptr [ %to, %worth ], [ %from, %spread ]
  %bits.next = add i64 %bits, 8
  %over = icmp eq i64 %bits.next, 64
  br i1 %over, label %walk, label %digit

gaps:                       ; or by a shell sort
  %gap.was = phi i32 [ %n, %sort ], [ %gap, %insert ]
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
  %last = phi ptr [ %spans, %gaps ], [ %from, %digit ], [ %from.next, %done ], [ %last, %apart ]
  %s = phi i32 [ 0, %gaps ], [ 0, %digit ], [ 0, %done ], [ %s.next, %apart ]
  %reach = phi i64 [ 0, %gaps ], [ 0, %digit ], [ 0, %done ], [ %reach.next, %apart ]
  %writes = phi i64 [ 0, %gaps ], [ 0, %digit ], [ 0, %done ], [ %writes.next, %apart ]
  %walked = icmp eq i32 %s, %n
  br i1 %walked, label %none, label %meet
meet:
  %s.at = getelementptr %Span, ptr %last, i32 %s
  %s.span = load %Span, ptr %s.at
  %low = extractvalue %Span %s.span, 0
  %s.end = extractvalue %Span %s.span, 1
  %high = lshr i64 %s.end, 1
  %is.written = trunc i64 %s.end to i1
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
OVERLAP_VALUES = {"MANY": MANY, "LOTS": LOTS}
