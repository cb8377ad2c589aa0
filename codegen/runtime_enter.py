"""The first part of a call, in LLVM IR: `phi_enter` checks and unwraps the arguments, or refuses them."""

from __future__ import annotations

from string import Template

ENTER = Template("""
define i32 @phi_enter(ptr %frame, ptr %interface, ptr %self, ptr %args, i64 %n, ptr %kwnames,
                     ptr %results, ptr %slots) {
  %frame.interface = getelementptr %Frame, ptr %frame, i32 0, i32 1
  %frame.self = getelementptr %Frame, ptr %frame, i32 0, i32 2
  %frame.thread = getelementptr %Frame, ptr %frame, i32 0, i32 3
  %frame.results = getelementptr %Frame, ptr %frame, i32 0, i32 4
  %frame.slots = getelementptr %Frame, ptr %frame, i32 0, i32 5
  store ptr %interface, ptr %frame.interface
  store ptr %self, ptr %frame.self
  store ptr null, ptr %frame.thread
  store ptr %results, ptr %frame.results
  store ptr %slots, ptr %frame.slots
  %frame.given = getelementptr %Frame, ptr %frame, i32 0, i32 7
  store i64 0, ptr %frame.given
  %frame.converted = getelementptr %Frame, ptr %frame, i32 0, i32 8
  store ptr null, ptr %frame.converted
  %frame.taken = getelementptr %Frame, ptr %frame, i32 0, i32 10
  store i64 0, ptr %frame.taken
  %inputs32 = load i32, ptr %interface
  %inputs = zext i32 %inputs32 to i64
  %count.ok = icmp eq i64 %n, %inputs
  %positional = icmp eq ptr %kwnames, null
  %plain = and i1 %count.ok, %positional
  br i1 %plain, label %begin, label %slow
begin:
  %arguments.at = getelementptr %Interface, ptr %interface, i32 0, i32 1
  %arguments = load i32, ptr %arguments.at
  %table.at = getelementptr %Interface, ptr %interface, i32 0, i32 6
  %table = load ptr, ptr %table.at
  br label %next
next:
  %i = phi i32 [ 0, %begin ], [ %i.next, %accepted ]
  %taken = phi i64 [ 0, %begin ], [ %taken.now, %accepted ]
  %total = phi i64 [ 0, %begin ], [ %total.now, %accepted ]
  %all = icmp eq i32 %i, %arguments
  br i1 %all, label %overlap, label %argument

argument:
  %a = getelementptr %Argument, ptr %table, i32 %i
  %rank.at = getelementptr %Argument, ptr %a, i32 0, i32 1
  %flags.at = getelementptr %Argument, ptr %a, i32 0, i32 2
  %state.at = getelementptr %Argument, ptr %a, i32 0, i32 3
  %sizes.at = getelementptr %Argument, ptr %a, i32 0, i32 4
  %dtype = load i32, ptr %a
  %rank = load i32, ptr %rank.at
  %state = load i32, ptr %state.at
  %slot = getelementptr %Slot, ptr %slots, i32 %i
  %slot.data = getelementptr %Slot, ptr %slot, i32 0, i32 1
  %slot.dims = getelementptr %Slot, ptr %slot, i32 0, i32 2
  %slot.value = getelementptr %Slot, ptr %slot, i32 0, i32 3
  %slot.bytes = getelementptr %Slot, ptr %slot, i32 0, i32 4
  %is.input = icmp slt i32 %state, 0
  br i1 %is.input, label %input, label %of.state
input:
  %passed.at = getelementptr ptr, ptr %args, i64 %taken
  %passed = load ptr, ptr %passed.at
  %taken.more = add i64 %taken, 1
  br label %unwrap
of.state:
  %cell = call ptr @phi_cell(ptr %self, i32 %state)
  %cell.size.at = getelementptr i8, ptr %cell, i64 $SIZE
  %cell.size = load i64, ptr %cell.size.at
  %cell.full = icmp eq i64 %cell.size, 1
  br i1 %cell.full, label %held, label %slow
held:
  %cell.items.at = getelementptr i8, ptr %cell, i64 $LIST_ITEMS
  %cell.items = load ptr, ptr %cell.items.at
  %kept = load ptr, ptr %cell.items
  br label %unwrap

unwrap:
  %object = phi ptr [ %passed, %input ], [ %kept, %held ]
  %taken.now = phi i64 [ %taken.more, %input ], [ %taken, %held ]
  store ptr %object, ptr %slot
  %type.at = getelementptr i8, ptr %object, i64 $TYPE
  %type = load ptr, ptr %type.at
  %is.array = icmp eq ptr %type, @phi_type_array
  br i1 %is.array, label %array, label %other
array:
  %descr.want.at = getelementptr ptr, ptr @phi_descriptors, i32 %dtype
  %descr.want = load ptr, ptr %descr.want.at
  %descr.at = getelementptr i8, ptr %object, i64 $ARRAY_DESCR
  %descr = load ptr, ptr %descr.at
  %descr.ok = icmp eq ptr %descr, %descr.want
  %ndim.at = getelementptr i8, ptr %object, i64 $ARRAY_NDIM
  %ndim = load i32, ptr %ndim.at
  %ndim.ok = icmp eq i32 %ndim, %rank
  %flags.want = load i32, ptr %flags.at
  %array.flags.at = getelementptr i8, ptr %object, i64 $ARRAY_FLAGS
  %array.flags = load i32, ptr %array.flags.at
  %flags.both = and i32 %array.flags, %flags.want
  %flags.ok = icmp eq i32 %flags.both, %flags.want
  %fits = and i1 %ndim.ok, %flags.ok
  br i1 %fits, label %sized, label %slow
sized:
  %data.at = getelementptr i8, ptr %object, i64 $ARRAY_DATA
  %data = load ptr, ptr %data.at
  store ptr %data, ptr %slot.data
  %dims.at = getelementptr i8, ptr %object, i64 $ARRAY_DIMS
  %dims = load ptr, ptr %dims.at
  store ptr %dims, ptr %slot.dims
  %sizes = load ptr, ptr %sizes.at
  %item.at = getelementptr i64, ptr @phi_item_bytes, i32 %dtype
  %item = load i64, ptr %item.at
  br label %size
size:
  %d = phi i32 [ 0, %sized ], [ %d.next, %size.check ]
  %bytes = phi i64 [ %item, %sized ], [ %bytes.next, %size.check ]
  %size.done = icmp eq i32 %d, %rank
  br i1 %size.done, label %measured, label %size.check
size.check:
  %size.want.at = getelementptr i64, ptr %sizes, i32 %d
  %size.want = load i64, ptr %size.want.at
  %size.at = getelementptr i64, ptr %dims, i32 %d
  %size.is = load i64, ptr %size.at
  %size.any = icmp slt i64 %size.want, 0
  %size.same = icmp eq i64 %size.want, %size.is
  %size.ok = or i1 %size.any, %size.same
  %d.next = add i32 %d, 1
  %bytes.next = mul i64 %bytes, %size.is
  br i1 %size.ok, label %size, label %slow
measured:
  store i64 %bytes, ptr %slot.bytes
  br i1 %descr.ok, label %accepted, label %unlike
unlike:
  br i1 %is.input, label %narrow, label %slow
narrow:
  %widened = call i1 @phi_widen(ptr %frame, ptr %slot, ptr %descr, i32 %dtype, i64 %item)
  br i1 %widened, label %accepted, label %slow
other:
  %is.scalar = icmp eq i32 %rank, 0
  %may.convert = and i1 %is.scalar, %is.input
  br i1 %may.convert, label %scalar, label %slow
scalar:
  %value.ok = call i1 @phi_scalar(ptr %frame, ptr %object, ptr %type, i32 %dtype, ptr %slot.value)
  store ptr %slot.value, ptr %slot.data
  store i64 0, ptr %slot.bytes
  br i1 %value.ok, label %accepted, label %slow
accepted:
  %more = phi i64 [ %bytes, %measured ], [ %bytes, %narrow ], [ 0, %scalar ]
  %total.now = add i64 %total, %more
  %i.next = add i32 %i, 1
  br label %next

overlap:
  %inplace.at = getelementptr %Interface, ptr %interface, i32 0, i32 5
  %inplace = load i32, ptr %inplace.at
  %no.writes = icmp eq i32 %inplace, 0
  br i1 %no.writes, label %apart, label %compare
compare:
  %aliased = call i1 @phi_aliased(ptr %frame)
  br i1 %aliased, label %slow, label %apart
apart:
  %hosts.at = getelementptr %Interface, ptr %interface, i32 0, i32 8
  %hosts = load i32, ptr %hosts.at
  %quiet = icmp eq i32 %hosts, 0
  br i1 %quiet, label %measure, label %keep
keep:                       ; no other thread may run while the body calls Python, which may do anything to the states' cells
  call void @phi_keep(ptr %frame, i64 $CALLED)
  br label %ready
measure:
  %large = icmp uge i64 %total, $RELEASE_BYTES
  br i1 %large, label %release, label %ready
release:
  %states.at = getelementptr %Interface, ptr %interface, i32 0, i32 4
  %states = load i32, ptr %states.at
  %stateless = icmp eq i32 %states, 0
  br i1 %stateless, label %unlock, label %ready
unlock:
  %thread = call ptr @PyEval_SaveThread()
  store ptr %thread, ptr %frame.thread
  br label %ready
ready:
  ret i32 1
slow:
  call void @phi_let_go(ptr %frame)
  ret i32 0
}

; What a call of an object of `directly` begins with: its builtin's code and context are in the object.
define ptr @phi_call(ptr %callable, ptr %args, i64 %n, ptr %kwnames) {
  %context.at = getelementptr i8, ptr %callable, i64 $CALL_CONTEXT
  %context = load ptr, ptr %context.at
  %gone = icmp eq ptr %context, null
  br i1 %gone, label %dead, label %alive
alive:
  %code.at = getelementptr i8, ptr %callable, i64 $CALL_CODE
  %code = load ptr, ptr %code.at
  %count = and i64 %n, 9223372036854775807      ; the highest bit says that the place before the arguments may be used
  %result = tail call ptr %code(ptr %context, ptr %args, i64 %count, ptr %kwnames)
  ret ptr %result
dead:                       ; the garbage collector takes it apart
  %system = load ptr, ptr @PyExc_SystemError
  call void @PyErr_SetString(ptr %system, ptr @phi_dead)
  ret ptr null
}
@phi_dead = internal constant [$DEAD_LENGTH x i8] c"$DEAD\\00"

; Item $FIRST_CELL + state of self: after those of `CONTEXT` it has the cells, then the callables.
define internal ptr @phi_cell(ptr %self, i32 %state) alwaysinline {
  %items = getelementptr i8, ptr %self, i64 $TUPLE_ITEMS
  %number = add i32 %state, $FIRST_CELL
  %at = getelementptr ptr, ptr %items, i32 %number
  %cell = load ptr, ptr %at
  ret ptr %cell
}
""")

DEAD = "a compiled function is called while it is being deleted"
ENTER_VALUES = {"DEAD": DEAD, "DEAD_LENGTH": len(DEAD) + 1}
