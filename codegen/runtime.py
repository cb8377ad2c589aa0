"""The part of every call that is the same for all functions, written once in LLVM IR: arguments in, results out, memory.

In: the tables that `entry.py` lays beside each function (what its arguments must be). Out: an object of its own, loaded once
a process, whose functions the entries call: `phi_enter` checks and unwraps the arguments, `phi_output` makes a result array
for the body, `phi_leave` wraps up (result list, new values of states, errors), `phi_slow` hands the call to Python;
`runtime_memory.py` adds `phi_alloc`, `phi_free` and the recycling of large buffers. Being generic, they cost each compiled
function nothing in compile time, and about ten nanoseconds a call against code specialized to the function.

Everything `phi_enter` accepts is exact: an ndarray (no subclass) whose dtype is NumPy's own descriptor, C-contiguous,
aligned, of the declared rank and sizes; or, for a scalar input, a float, np.float64 or int of exactly the same value. State
arrays are held for the time of the call. Functions without states release the GIL when their inputs are large.
"""

from __future__ import annotations

from string import Template

from phintys.ir.types import DTYPES

from . import symbols
from .runtime_memory import MEMORY, MEMORY_VALUES
from .runtime_results import RESULTS, VALUES

# A function whose inputs hold this many bytes in all works long enough for another thread to run meanwhile.
RELEASE_BYTES = 1 << 18

STRUCTURES = """
%Argument = type { i32, i32, i32, i32, ptr }    ; dtype, rank, flags wanted, state (-1: an input), sizes (-1: any)
%Result = type { i32, i32, i32, i32 }           ; kind (0 output, 1 update, 2 in place), dtype, rank, argument
%Interface = type { i32, i32, i32, i32, i32, i32, ptr, ptr }
; inputs, arguments, results, outputs, states, in-place states, %Argument table, %Result table
%Slot = type { ptr, ptr, ptr, i64 }             ; object, data, sizes, value of a Python scalar
%Frame = type { [8 x i64], ptr, ptr, ptr, ptr, ptr }
; values of a failed check, %Interface, the builtin's self, thread state while the GIL is released, results, slots
"""

EXTERNALS = """
@phi_type_float = external global i8
@phi_type_float64 = external global i8
@phi_type_int = external global i8
@phi_type_array = external global i8
@phi_true = external global i8
@phi_none = external global i8
@phi_descriptors = external global [0 x ptr]
@PyExc_SystemError = external global ptr
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)
declare ptr @PyErr_NoMemory()
declare ptr @PyErr_Occurred()
declare void @PyErr_SetString(ptr, ptr)
declare void @PyEval_RestoreThread(ptr)
declare ptr @PyEval_SaveThread()
declare ptr @PyList_New(i64)
declare i32 @PyList_SetItem(ptr, i64, ptr)
declare i64 @PyLong_AsLongLongAndOverflow(ptr, ptr)
declare ptr @PyObject_CallFunction(ptr, ptr, ...)
declare ptr @PyObject_Vectorcall(ptr, ptr, i64, ptr)
declare ptr @phi_array_new(ptr, ptr, i32, ptr, ptr, ptr, i32, ptr)
declare ptr @phi_array_handler(ptr)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare i64 @llvm.umin.i64(i64, i64)
declare i64 @llvm.abs.i64(i64, i1)
"""

ENTER = Template("""
define i32 @phi_enter(ptr %frame, ptr %interface, ptr %self, ptr %args, i64 %n, ptr %kwnames, ptr %results, ptr %slots) {
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
  %two = and i1 %descr.ok, %ndim.ok
  %three = and i1 %two, %flags.ok
  br i1 %three, label %exact, label %slow
exact:
  %data.at = getelementptr i8, ptr %object, i64 $ARRAY_DATA
  %data = load ptr, ptr %data.at
  store ptr %data, ptr %slot.data
  %dims.at = getelementptr i8, ptr %object, i64 $ARRAY_DIMS
  %dims = load ptr, ptr %dims.at
  store ptr %dims, ptr %slot.dims
  %sizes = load ptr, ptr %sizes.at
  br label %size
size:
  %d = phi i32 [ 0, %exact ], [ %d.next, %size.check ]
  %sized = icmp eq i32 %d, %rank
  br i1 %sized, label %accepted, label %size.check
size.check:
  %size.want.at = getelementptr i64, ptr %sizes, i32 %d
  %size.want = load i64, ptr %size.want.at
  %size.at = getelementptr i64, ptr %dims, i32 %d
  %size.is = load i64, ptr %size.at
  %size.any = icmp slt i64 %size.want, 0
  %size.same = icmp eq i64 %size.want, %size.is
  %size.ok = or i1 %size.any, %size.same
  %d.next = add i32 %d, 1
  br i1 %size.ok, label %size, label %slow
other:
  %is.scalar = icmp eq i32 %rank, 0
  %may.convert = and i1 %is.scalar, %is.input
  br i1 %may.convert, label %scalar, label %slow
scalar:
  %value.ok = call i1 @phi_scalar(ptr %object, ptr %type, i32 %dtype, ptr %slot.value)
  store ptr %slot.value, ptr %slot.data
  br i1 %value.ok, label %accepted, label %slow
accepted:
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
  %states.at = getelementptr %Interface, ptr %interface, i32 0, i32 4
  %states = load i32, ptr %states.at
  %stateless = icmp eq i32 %states, 0
  br i1 %stateless, label %release, label %keep
keep:
  call void @phi_hold(ptr %frame, ptr @Py_IncRef)
  ret i32 1
release:
  %bytes = call i64 @phi_input_bytes(ptr %frame)
  %large = icmp uge i64 %bytes, $RELEASE_BYTES
  br i1 %large, label %unlock, label %ready
unlock:
  %thread = call ptr @PyEval_SaveThread()
  store ptr %thread, ptr %frame.thread
  br label %ready
ready:
  ret i32 1
slow:
  ret i32 0
}

; Item 3 + state of self, which is the tuple (slow, fail, unpack, cell, cell, ...).
define internal ptr @phi_cell(ptr %self, i32 %state) alwaysinline {
  %items = getelementptr i8, ptr %self, i64 $TUPLE_ITEMS
  %number = add i32 %state, 3
  %at = getelementptr ptr, ptr %items, i32 %number
  %cell = load ptr, ptr %at
  ret ptr %cell
}

; The exact value of a float, np.float64 or int in the given dtype, or false where there is none.
define internal i1 @phi_scalar(ptr %object, ptr %type, i32 %dtype, ptr %to) {
  %overflow = alloca i32
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
  br i1 %is.int, label %int, label %no
int:
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

; Bytes of the array in a slot, by its argument's dtype and rank.
define internal i64 @phi_bytes(ptr %argument, ptr %slot) {
  %rank.at = getelementptr %Argument, ptr %argument, i32 0, i32 1
  %rank = load i32, ptr %rank.at
  %dtype = load i32, ptr %argument
  %item.at = getelementptr i64, ptr @phi_item_bytes, i32 %dtype
  %item = load i64, ptr %item.at
  %dims.at = getelementptr %Slot, ptr %slot, i32 0, i32 2
  %dims = load ptr, ptr %dims.at
  br label %next
next:
  %d = phi i32 [ 0, %0 ], [ %d.next, %more ]
  %bytes = phi i64 [ %item, %0 ], [ %bytes.next, %more ]
  %done = icmp eq i32 %d, %rank
  br i1 %done, label %out, label %more
more:
  %size.at = getelementptr i64, ptr %dims, i32 %d
  %size = load i64, ptr %size.at
  %bytes.next = mul i64 %bytes, %size
  %d.next = add i32 %d, 1
  br label %next
out:
  ret i64 %bytes
}
""")

LOOPS = Template("""
define internal i64 @phi_input_bytes(ptr %frame) {
  $FRAME
  br label %next
next:
  %i = phi i32 [ 0, %0 ], [ %i.next, %more ]
  %bytes = phi i64 [ 0, %0 ], [ %bytes.next, %more ]
  %done = icmp eq i32 %i, %arguments
  br i1 %done, label %out, label %more
more:
  %a = getelementptr %Argument, ptr %table, i32 %i
  %slot = getelementptr %Slot, ptr %slots, i32 %i
  %size = call i64 @phi_bytes(ptr %a, ptr %slot)
  %bytes.next = add i64 %bytes, %size
  %i.next = add i32 %i, 1
  br label %next
out:
  ret i64 %bytes
}

; Whether the buffer of a state written in place shares a byte with any other argument.
define internal i1 @phi_aliased(ptr %frame) {
  $FRAME
  br label %next
next:
  %i = phi i32 [ 0, %0 ], [ %i.next, %advance ]
  %done = icmp eq i32 %i, %arguments
  br i1 %done, label %apart, label %one
one:
  %a = getelementptr %Argument, ptr %table, i32 %i
  %flags.at = getelementptr %Argument, ptr %a, i32 0, i32 2
  %flags = load i32, ptr %flags.at
  %writes = and i32 %flags, $WRITEABLE
  %reads.only = icmp eq i32 %writes, 0
  br i1 %reads.only, label %advance, label %begin
begin:
  %slot = getelementptr %Slot, ptr %slots, i32 %i
  %data.at = getelementptr %Slot, ptr %slot, i32 0, i32 1
  %low = load ptr, ptr %data.at
  %bytes = call i64 @phi_bytes(ptr %a, ptr %slot)
  %high = getelementptr i8, ptr %low, i64 %bytes
  br label %other
other:
  %j = phi i32 [ 0, %begin ], [ %j.next, %skip ]
  %j.done = icmp eq i32 %j, %arguments
  br i1 %j.done, label %advance, label %pair
pair:
  %itself = icmp eq i32 %i, %j
  br i1 %itself, label %skip, label %test
test:
  %b = getelementptr %Argument, ptr %table, i32 %j
  %b.slot = getelementptr %Slot, ptr %slots, i32 %j
  %b.data.at = getelementptr %Slot, ptr %b.slot, i32 0, i32 1
  %b.low = load ptr, ptr %b.data.at
  %b.bytes = call i64 @phi_bytes(ptr %b, ptr %b.slot)
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

# The beginning of every function that walks the arguments of a frame.
FRAME = """%interface.at = getelementptr %Frame, ptr %frame, i32 0, i32 1
  %interface = load ptr, ptr %interface.at
  %slots.at = getelementptr %Frame, ptr %frame, i32 0, i32 5
  %slots = load ptr, ptr %slots.at
  %arguments.at = getelementptr %Interface, ptr %interface, i32 0, i32 1
  %arguments = load i32, ptr %arguments.at
  %table.at = getelementptr %Interface, ptr %interface, i32 0, i32 6
  %table = load ptr, ptr %table.at"""


def _integer_rows() -> dict[str, str]:
    """For each integer dtype, a block of `phi_scalar` that tells whether the 64-bit %k is a value of it."""
    cases, blocks = [], []
    for code, row in enumerate(DTYPES.values()):
        if row.kind not in "iu":
            continue
        cases.append(f"i32 {code}, label %{row.short}")
        blocks.append(f"{row.short}:")
        if row.short == "i64":
            blocks.append("  ret i1 true")
        elif row.short == "u64":
            blocks += ["  %u64.ok = icmp sge i64 %k, 0", "  ret i1 %u64.ok"]
        else:
            widen = "sext" if row.kind == "i" else "zext"
            blocks.append(f"  %{row.short}.cut = trunc i64 %k to i{row.bits}")
            blocks.append(f"  %{row.short}.back = {widen} i{row.bits} %{row.short}.cut to i64")
            blocks.append(f"  %{row.short}.ok = icmp eq i64 %{row.short}.back, %k")
            blocks.append(f"  ret i1 %{row.short}.ok")
    return {"INT_CASES": " ".join(cases), "INT_BLOCKS": "\n".join(blocks)}


def runtime_text() -> str:
    """The whole runtime as LLVM IR."""
    codes = {row.short: code for code, row in enumerate(DTYPES.values())}
    values: dict[str, object] = {name: value for name, value in vars(symbols).items() if name.isupper()}
    values |= {"F64": codes["f64"], "F32": codes["f32"], "TUPLE_ITEMS": symbols.tuple_items()}
    values |= {"FRAME": FRAME, "RELEASE_BYTES": RELEASE_BYTES, **_integer_rows(), **VALUES, **MEMORY_VALUES}
    items = ", ".join(f"i64 {row.bits // 8}" for row in DTYPES.values())
    table = f"@phi_item_bytes = internal constant [{len(DTYPES)} x i64] [{items}]\n"
    parts = [part.substitute(values) for part in (ENTER, LOOPS, RESULTS, MEMORY)]
    return "\n".join([STRUCTURES, EXTERNALS, table, *parts])
