"""What `phi_enter` asks of arguments, in LLVM IR: values of Python scalars, sizes, overlap, references to states."""

from __future__ import annotations

from string import Template

ARGUMENTS = Template("""
; The exact value of a float, np.float64 or int in the given dtype, or false where there is none.
define internal i1 @phi_scalar(ptr %frame, ptr %object, ptr %type, i32 %dtype, ptr %to) {
  %is.float = icmp eq ptr %type, @phi_type_float
  %is.float64 = icmp eq ptr %type, @phi_type_float64
  %floating = or i1 %is.float, %is.float64
  br i1 %floating, label %float, label %not.float
float:
  %x.at = getelementptr i8, ptr %object, i64 $FLOAT_VALUE
  %x = load double, ptr %x.at
  switch i32 %dtype, label %no [ i32 $F64, label %f64 i32 $F32, label %f32 ]
f64:
  store double %x, ptr %to
  ret i1 true
f32:
  %s = fptrunc double %x to float
  store float %s, ptr %to
  %back = fpext float %s to double
  %same = fcmp ueq double %back, %x
  ret i1 %same
not.float:
  %is.int = icmp eq ptr %type, @phi_type_int
  br i1 %is.int, label %int, label %numpy
int:
  %exact = call i1 @phi_integer(ptr %object, i32 %dtype, ptr %to)
  ret i1 %exact
numpy:
  %widened = call i1 @phi_widen_scalar(ptr %frame, ptr %object, ptr %type, i32 %dtype, ptr %to)
  ret i1 %widened
no:
  ret i1 false
}

; The same of an int.
define internal i1 @phi_integer(ptr %object, i32 %dtype, ptr %to) {
  %overflow = alloca i32
  %k = call i64 @PyLong_AsLongLongAndOverflow(ptr %object, ptr %overflow)
  %over = load i32, ptr %overflow
  %fits = icmp eq i32 %over, 0
  br i1 %fits, label %small, label %no
small:
  store i64 %k, ptr %to
  %size = call i64 @llvm.abs.i64(i64 %k, i1 false)
  switch i32 %dtype, label %no [ $INT_CASES i32 $F64, label %to.f64 i32 $F32, label %to.f32 ]
$INT_BLOCKS
to.f64:
  %d = sitofp i64 %k to double
  store double %d, ptr %to
  %d.exact = icmp ule i64 %size, 9007199254740992
  ret i1 %d.exact
to.f32:
  %f = sitofp i64 %k to float
  store float %f, ptr %to
  %f.exact = icmp ule i64 %size, 16777216
  ret i1 %f.exact
no:
  ret i1 false
}

; Whether the buffer of a state written in place shares a byte with any other argument.
define internal i1 @phi_aliased(ptr %frame) {
begin:
  $FRAME
  %few = icmp ult i32 %arguments, $MANY
  br i1 %few, label %next, label %many
many:
  %found = call i1 @phi_aliased_many(ptr %frame)
  ret i1 %found
next:
  %i = phi i32 [ 0, %begin ], [ %i.next, %advance ]
  %done = icmp eq i32 %i, %arguments
  br i1 %done, label %apart, label %one
one:
  %a = getelementptr %Argument, ptr %table, i32 %i
  %flags.at = getelementptr %Argument, ptr %a, i32 0, i32 2
  %flags = load i32, ptr %flags.at
  %writes = and i32 %flags, $WRITEABLE
  %reads.only = icmp eq i32 %writes, 0
  br i1 %reads.only, label %advance, label %written
written:
  %slot = getelementptr %Slot, ptr %slots, i32 %i
  %data.at = getelementptr %Slot, ptr %slot, i32 0, i32 1
  %low = load ptr, ptr %data.at
  %bytes.at = getelementptr %Slot, ptr %slot, i32 0, i32 4
  %bytes = load i64, ptr %bytes.at
  %high = getelementptr i8, ptr %low, i64 %bytes
  br label %other
other:
  %j = phi i32 [ 0, %written ], [ %j.next, %skip ]
  %j.done = icmp eq i32 %j, %arguments
  br i1 %j.done, label %advance, label %pair
pair:
  %itself = icmp eq i32 %i, %j
  br i1 %itself, label %skip, label %test
test:
  %b.slot = getelementptr %Slot, ptr %slots, i32 %j
  %b.data.at = getelementptr %Slot, ptr %b.slot, i32 0, i32 1
  %b.low = load ptr, ptr %b.data.at
  %b.bytes.at = getelementptr %Slot, ptr %b.slot, i32 0, i32 4
  %b.bytes = load i64, ptr %b.bytes.at
  %b.high = getelementptr i8, ptr %b.low, i64 %b.bytes
  %below = icmp ult ptr %low, %b.high
  %above = icmp ult ptr %b.low, %high
  %shared = and i1 %below, %above
  %some = icmp ne i64 %bytes, 0
  %b.some = icmp ne i64 %b.bytes, 0
  %both.some = and i1 %some, %b.some
  %meets = and i1 %shared, %both.some
  br i1 %meets, label %aliased, label %skip
skip:
  %j.next = add i32 %j, 1
  br label %other
advance:
  %i.next = add i32 %i, 1
  br label %next
apart:
  ret i1 false
aliased:
  ret i1 true
}

; From here on somebody else may drop what the states' cells hold (a call of Python, the garbage collector): keep it alive.
; %why, which is set in the frame, has HELD in it.
define internal void @phi_keep(ptr %frame, i64 %why) {
begin:
  %given.at = getelementptr %Frame, ptr %frame, i32 0, i32 7
  %given = load i64, ptr %given.at
  %held = and i64 %given, $HELD
  %given.now = or i64 %given, %why
  store i64 %given.now, ptr %given.at
  %free = icmp eq i64 %held, 0
  br i1 %free, label %take, label %out
take:
  call void @phi_hold(ptr %frame, ptr @Py_IncRef)
  br label %out
out:
  ret void
}

; Give back what `given` says.
define internal void @phi_let_go(ptr %frame) alwaysinline {
  %given.at = getelementptr %Frame, ptr %frame, i32 0, i32 7
  %given = load i64, ptr %given.at
  %nothing = icmp eq i64 %given, 0
  br i1 %nothing, label %out, label %some
some:
  call void @phi_give_back(ptr %frame, i64 %given)
  br label %out
out:
  ret void
}

define internal void @phi_give_back(ptr %frame, i64 %given) {
  %interface.at = getelementptr %Frame, ptr %frame, i32 0, i32 1
  %interface = load ptr, ptr %interface.at
  %converted.at = getelementptr %Frame, ptr %frame, i32 0, i32 8
  br label %next
next:
  %array = load ptr, ptr %converted.at
  %end = icmp eq ptr %array, null
  br i1 %end, label %of.calls, label %array.free
array.free:
  %before = load ptr, ptr %array
  store ptr %before, ptr %converted.at
  call void @phi_free(ptr %array)
  br label %next
of.calls:
  %called = and i64 %given, $CALLED_ONLY
  %quiet = icmp eq i64 %called, 0
  br i1 %quiet, label %of.states, label %drop
drop:
  %hosts.at = getelementptr %Interface, ptr %interface, i32 0, i32 8
  %hosts = load i32, ptr %hosts.at
  %kept.at = getelementptr %Frame, ptr %frame, i32 0, i32 6
  %kept = load ptr, ptr %kept.at
  call void @phi_drop(ptr %kept, i32 %hosts)
  br label %of.states
of.states:
  %held = and i64 %given, $HELD
  %free = icmp eq i64 %held, 0
  br i1 %free, label %out, label %release
release:
  call void @phi_hold(ptr %frame, ptr @Py_DecRef)
  br label %out
out:
  ret void
}

; Take (Py_IncRef) or give back (Py_DecRef) a reference to every state array.
define internal void @phi_hold(ptr %frame, ptr %action) {
  $FRAME
  br label %next
next:
  %i = phi i32 [ 0, %0 ], [ %i.next, %advance ]
  %done = icmp eq i32 %i, %arguments
  br i1 %done, label %out, label %one
one:
  %state.at = getelementptr %Argument, ptr %table, i32 %i, i32 3
  %state = load i32, ptr %state.at
  %is.input = icmp slt i32 %state, 0
  br i1 %is.input, label %advance, label %held
held:
  %slot = getelementptr %Slot, ptr %slots, i32 %i
  %object = load ptr, ptr %slot
  call void %action(ptr %object)
  br label %advance
advance:
  %i.next = add i32 %i, 1
  br label %next
out:
  ret void
}
""")

# What a call has to give back: references to states, results of calls of Python, memory of converted arguments.
HELD, CALLED_ONLY, CONVERTED = 1, 2, 4
ARGUMENTS_VALUES = {"HELD": HELD, "CALLED_ONLY": CALLED_ONLY, "CALLED": HELD | CALLED_ONLY, "CONVERTED": CONVERTED}
