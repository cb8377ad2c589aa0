"""What profiled functions measure with, in LLVM IR: a clock, and sums that several threads may add to.

In: nothing. Out: `phi_clock()`, nanoseconds of the clock that `time.monotonic_ns` reads; `phi_record(slot, number)`, which
adds to a slot of three words: how often, the sum, the largest. It is loaded with the first function that uses it.
"""

from __future__ import annotations

import time
from string import Template

_TEXT = Template("""
declare i32 @clock_gettime(i32, ptr)
@phi_clock_id = global i32 $CLOCK    ; data, because LLVM reserves room for its tables only in objects that have some

define i64 @phi_clock() {
  %time = alloca { i64, i64 }
  %id = load i32, ptr @phi_clock_id
  %ignored = call i32 @clock_gettime(i32 %id, ptr %time)
  %seconds = load i64, ptr %time
  %rest.at = getelementptr i64, ptr %time, i64 1
  %rest = load i64, ptr %rest.at
  %whole = mul i64 %seconds, 1000000000
  %all = add i64 %whole, %rest
  ret i64 %all
}

define void @phi_record(ptr %slot, i64 %number) {
  %sum = getelementptr i64, ptr %slot, i64 1
  %largest = getelementptr i64, ptr %slot, i64 2
  %1 = atomicrmw add ptr %slot, i64 1 monotonic
  %2 = atomicrmw add ptr %sum, i64 %number monotonic
  %3 = atomicrmw max ptr %largest, i64 %number monotonic
  ret void
}
""")


def text() -> str:
    """The module."""
    return _TEXT.substitute(CLOCK=time.CLOCK_MONOTONIC)
