"""Threads that share the chunks of a loop, in LLVM IR.

One loop at a time has the team; loops that begin meanwhile, in other threads or inside of it, run in the thread that began
them. The thread that has the team publishes its loop by a new generation, takes chunks like everybody, then closes the loop and
waits for those still in it: a member that comes late finds it closed, and nobody waits for members that sleep.
Members wait for the next generation for some tens of microseconds awake, then on a condition variable. They hold no Python
state and are detached; a child process begins with an empty team (`phi_team_reset`).
"""

from __future__ import annotations

import platform
from string import Template

SPINS = 1500  # pauses before a member goes to sleep: 20 to 60 microseconds
PATIENCE = 2000  # pauses before the one that waits for members lets other threads run

THREADS = Template("""
@phi_threads = global i32 1                           ; how many threads a loop may have, the one that begins it included
@phi_team_taken = internal global i32 0
@phi_team_size = internal global i32 0                ; members started
@phi_team_generation = internal global i32 0, align 64
@phi_team_sleepers = internal global i32 0
@phi_team_mutex = internal global [128 x i8] zeroinitializer, align 64
@phi_team_wake = internal global [128 x i8] zeroinitializer, align 64
@phi_job_open = internal global i32 0, align 64
@phi_job_active = internal global i32 0, align 64     ; members that look at the loop
@phi_job_next = internal global i64 0, align 64       ; where the next chunk begins
@phi_job = internal global { ptr, ptr, i64, i64 } zeroinitializer, align 64   ; function, environment, end, size of a chunk
@phi_job_status = internal global i32 0
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_detach(ptr)
declare i32 @pthread_mutex_init(ptr, ptr)
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @pthread_cond_init(ptr, ptr)
declare i32 @pthread_cond_wait(ptr, ptr)
declare i32 @pthread_cond_broadcast(ptr)
declare i32 @sched_yield()
declare i64 @llvm.smin.i64(i64, i64)
$PAUSE_DECLARATION

; Call %f(environment, begin, end) for all chunks of %grain from %low to %high; 0, or the status of a chunk that failed.
define i32 @phi_parallel(ptr %f, ptr %environment, i64 %low, i64 %high, i64 %grain) {
  %threads = load atomic i32, ptr @phi_threads monotonic, align 4
  %several = icmp sgt i32 %threads, 1
  br i1 %several, label %try, label %alone
try:
  %pair = cmpxchg ptr @phi_team_taken, i32 0, i32 1 acquire monotonic
  %won = extractvalue { i32, i1 } %pair, 1
  br i1 %won, label %publish, label %alone
alone:
  %status.alone = call i32 %f(ptr %environment, i64 %low, i64 %high)
  ret i32 %status.alone
publish:
  call void @phi_team_grow(i32 %threads)
  store ptr %f, ptr @phi_job
  store ptr %environment, ptr getelementptr ({ ptr, ptr, i64, i64 }, ptr @phi_job, i32 0, i32 1)
  store i64 %high, ptr getelementptr ({ ptr, ptr, i64, i64 }, ptr @phi_job, i32 0, i32 2)
  store i64 %grain, ptr getelementptr ({ ptr, ptr, i64, i64 }, ptr @phi_job, i32 0, i32 3)
  store atomic i32 0, ptr @phi_job_status monotonic, align 4
  store atomic i64 %low, ptr @phi_job_next monotonic, align 8
  store atomic i32 1, ptr @phi_job_open seq_cst, align 4
  %ignored.lock = call i32 @pthread_mutex_lock(ptr @phi_team_mutex)
  %old = atomicrmw add ptr @phi_team_generation, i32 1 seq_cst
  %sleepers = load i32, ptr @phi_team_sleepers
  %ignored.unlock = call i32 @pthread_mutex_unlock(ptr @phi_team_mutex)
  %asleep = icmp sgt i32 %sleepers, 0
  br i1 %asleep, label %wake, label %work
wake:
  %ignored.wake = call i32 @pthread_cond_broadcast(ptr @phi_team_wake)
  br label %work
work:
  call void @phi_job_share()
  store atomic i32 0, ptr @phi_job_open seq_cst, align 4
  br label %wait
wait:
  %turn = phi i32 [ 0, %work ], [ %turn.next, %again ]
  %active = load atomic i32, ptr @phi_job_active seq_cst, align 4
  %busy = icmp ne i32 %active, 0
  br i1 %busy, label %longer, label %done
longer:
  %turn.next = add i32 %turn, 1
  %patient = icmp ult i32 %turn, $PATIENCE
  br i1 %patient, label %pause, label %yield
pause:
  $PAUSE
  br label %again
yield:
  %ignored.yield = call i32 @sched_yield()
  br label %again
again:
  br label %wait
done:
  %status = load atomic i32, ptr @phi_job_status monotonic, align 4
  store atomic i32 0, ptr @phi_team_taken release, align 4
  ret i32 %status
}

; Take chunks until none is left.
define internal void @phi_job_share() {
  %f = load ptr, ptr @phi_job
  %environment = load ptr, ptr getelementptr ({ ptr, ptr, i64, i64 }, ptr @phi_job, i32 0, i32 1)
  %high = load i64, ptr getelementptr ({ ptr, ptr, i64, i64 }, ptr @phi_job, i32 0, i32 2)
  %grain = load i64, ptr getelementptr ({ ptr, ptr, i64, i64 }, ptr @phi_job, i32 0, i32 3)
  br label %next
next:
  %begin = atomicrmw add ptr @phi_job_next, i64 %grain monotonic
  %more = icmp slt i64 %begin, %high
  br i1 %more, label %one, label %out
one:
  %after = add i64 %begin, %grain
  %end = call i64 @llvm.smin.i64(i64 %after, i64 %high)
  %status = call i32 %f(ptr %environment, i64 %begin, i64 %end)
  %fine = icmp eq i32 %status, 0
  br i1 %fine, label %next, label %failed
failed:
  store atomic i32 %status, ptr @phi_job_status monotonic, align 4
  br label %next
out:
  ret void
}

; Start members up to the number of threads; fewer where the system gives no more.
define internal void @phi_team_grow(i32 %threads) {
  %size = load i32, ptr @phi_team_size
  %id = alloca ptr
  %none = icmp eq i32 %size, 0
  br i1 %none, label %first, label %next
first:
  %ignored.mutex = call i32 @pthread_mutex_init(ptr @phi_team_mutex, ptr null)
  %ignored.wake = call i32 @pthread_cond_init(ptr @phi_team_wake, ptr null)
  br label %next
next:
  %i = phi i32 [ %size, %0 ], [ 0, %first ], [ %number, %made ]
  %number = add i32 %i, 1
  %more = icmp slt i32 %number, %threads
  br i1 %more, label %make, label %out
make:
  %wide = zext i32 %number to i64
  %argument = inttoptr i64 %wide to ptr
  %error = call i32 @pthread_create(ptr %id, ptr null, ptr @phi_team_member, ptr %argument)
  %fine = icmp eq i32 %error, 0
  br i1 %fine, label %made, label %out
made:
  %thread = load ptr, ptr %id
  %ignored = call i32 @pthread_detach(ptr %thread)
  store i32 %number, ptr @phi_team_size
  br label %next
out:
  ret void
}

define internal ptr @phi_team_member(ptr %argument) {
  %wide = ptrtoint ptr %argument to i64
  %number = trunc i64 %wide to i32
  %start = load atomic i32, ptr @phi_team_generation acquire, align 4
  br label %join
join:
  %seen = phi i32 [ %start, %0 ], [ %now, %spin ], [ %woken, %woke ]
  %threads = load atomic i32, ptr @phi_threads monotonic, align 4
  %wanted = icmp slt i32 %number, %threads
  br i1 %wanted, label %enter, label %idle
enter:
  %before = atomicrmw add ptr @phi_job_active, i32 1 seq_cst
  %state = load atomic i32, ptr @phi_job_open seq_cst, align 4
  %open = icmp ne i32 %state, 0
  br i1 %open, label %work, label %leave
work:
  call void @phi_job_share()
  br label %leave
leave:
  %ignored = atomicrmw sub ptr @phi_job_active, i32 1 seq_cst
  br label %idle
idle:
  br label %spin
spin:
  %turn = phi i32 [ 0, %idle ], [ %turn.next, %pause ]
  %now = load atomic i32, ptr @phi_team_generation acquire, align 4
  %news = icmp ne i32 %now, %seen
  br i1 %news, label %join, label %longer
longer:
  %turn.next = add i32 %turn, 1
  %awake = icmp ult i32 %turn, $SPINS
  br i1 %awake, label %pause, label %sleep
pause:
  $PAUSE
  br label %spin
sleep:
  %ignored.lock = call i32 @pthread_mutex_lock(ptr @phi_team_mutex)
  %sleepers = load i32, ptr @phi_team_sleepers
  %sleepers.more = add i32 %sleepers, 1
  store i32 %sleepers.more, ptr @phi_team_sleepers
  br label %check
check:
  %woken = load atomic i32, ptr @phi_team_generation acquire, align 4
  %same = icmp eq i32 %woken, %seen
  br i1 %same, label %asleep, label %woke
asleep:
  %ignored.wait = call i32 @pthread_cond_wait(ptr @phi_team_wake, ptr @phi_team_mutex)
  br label %check
woke:
  %left = load i32, ptr @phi_team_sleepers
  %left.less = sub i32 %left, 1
  store i32 %left.less, ptr @phi_team_sleepers
  %ignored.unlock = call i32 @pthread_mutex_unlock(ptr @phi_team_mutex)
  br label %join
}

; In a child process: no member lives there, and whoever had the team is gone.
define void @phi_team_reset() {
  store i32 0, ptr @phi_team_taken
  store i32 0, ptr @phi_team_size
  store i32 0, ptr @phi_team_sleepers
  store i32 0, ptr @phi_job_open
  store i32 0, ptr @phi_job_active
  ret void
}
""")

# Machine -> what tells the processor that a loop waits: its declaration and its call.
PAUSES = {
    **dict.fromkeys(("x86_64", "AMD64"), ("declare void @llvm.x86.sse2.pause()", "call void @llvm.x86.sse2.pause()")),
    **dict.fromkeys(("aarch64", "arm64"), ("declare void @llvm.aarch64.hint(i32)", "call void @llvm.aarch64.hint(i32 1)")),
}
_DECLARATION, _PAUSE = PAUSES.get(platform.machine(), ("", ""))

THREADS_VALUES = {"SPINS": SPINS, "PATIENCE": PATIENCE, "PAUSE_DECLARATION": _DECLARATION, "PAUSE": _PAUSE}
