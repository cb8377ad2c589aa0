"""The last part of a call, in LLVM IR: `phi_leave` returns the results and moves the states on, or raises."""

from __future__ import annotations

from string import Template

LEAVE = Template("""
; What the builtin returns after the body: the results and the new values of states, or null with an exception set.
define ptr @phi_leave(ptr %frame, i32 %code) {
  $FRAME
  %self.at = getelementptr %Frame, ptr %frame, i32 0, i32 2
  %self = load ptr, ptr %self.at
  %results.at = getelementptr %Frame, ptr %frame, i32 0, i32 4
  %results = load ptr, ptr %results.at
  %rtable.at = getelementptr %Interface, ptr %interface, i32 0, i32 7
  %rtable = load ptr, ptr %rtable.at
  %count.at = getelementptr %Interface, ptr %interface, i32 0, i32 2
  %count = load i32, ptr %count.at
  %outputs.at = getelementptr %Interface, ptr %interface, i32 0, i32 3
  %outputs = load i32, ptr %outputs.at
  %thread.at = getelementptr %Frame, ptr %frame, i32 0, i32 3
  %thread = load ptr, ptr %thread.at
  %locked = icmp eq ptr %thread, null
  br i1 %locked, label %inside, label %lock
lock:
  call void @PyEval_RestoreThread(ptr %thread)
  br label %inside
inside:
  %good = icmp eq i32 %code, 0
  br i1 %good, label %check, label %failed

check:                      ; every output and update was made
  %c = phi i32 [ 0, %inside ], [ %c.next, %checked ]
  %c.done = icmp eq i32 %c, %count
  br i1 %c.done, label %build, label %check.one
check.one:
  %c.kind.at = getelementptr %Result, ptr %rtable, i32 %c
  %c.kind = load i32, ptr %c.kind.at
  %c.at = getelementptr ptr, ptr %results, i32 %c
  %c.array = load ptr, ptr %c.at
  %c.null = icmp eq ptr %c.array, null
  %c.needs = icmp ne i32 %c.kind, 2
  %c.lacks = and i1 %c.null, %c.needs
  br i1 %c.lacks, label %failed, label %checked
checked:
  %c.next = add i32 %c, 1
  br label %check
build:
  %unpack.items = getelementptr i8, ptr %self, i64 $TUPLE_ITEMS
  %unpack.at = getelementptr ptr, ptr %unpack.items, i32 2
  %unpack.object = load ptr, ptr %unpack.at
  %unpack.set = icmp eq ptr %unpack.object, @phi_true
  %few = icmp ule i32 %outputs, 1
  %unpack = and i1 %unpack.set, %few
  br i1 %unpack, label %single, label %list
single:
  %nothing = icmp eq i32 %outputs, 0
  br i1 %nothing, label %none, label %fill
none:
  call void @Py_IncRef(ptr @phi_none)
  br label %fill
list:
  %length = zext i32 %outputs to i64
  %new.list = call ptr @PyList_New(i64 %length)
  %no.list = icmp eq ptr %new.list, null
  br i1 %no.list, label %failed, label %fill

fill:
  %start = phi ptr [ null, %single ], [ @phi_none, %none ], [ %new.list, %list ]
  br label %place
place:
  %i = phi i32 [ 0, %fill ], [ %i.next, %placed ]
  %k = phi i64 [ 0, %fill ], [ %k.now, %placed ]
  %value = phi ptr [ %start, %fill ], [ %value.now, %placed ]
  %errors = phi i32 [ 0, %fill ], [ %errors.now, %placed ]
  %i.done = icmp eq i32 %i, %count
  br i1 %i.done, label %finish, label %take
take:                       ; from here on `results` has what is to be dropped in the end
  %r = getelementptr %Result, ptr %rtable, i32 %i
  %kind = load i32, ptr %r
  %array.at = getelementptr ptr, ptr %results, i32 %i
  %array = load ptr, ptr %array.at
  switch i32 %kind, label %placed [ i32 0, label %output i32 1, label %update ]
output:
  %unused = call ptr @phi_keep_spare(ptr %frame, i32 %i, ptr %array, i1 false)
  store ptr %unused, ptr %array.at
  br i1 %unpack, label %placed, label %item
item:
  %item.error = call i32 @PyList_SetItem(ptr %value, i64 %k, ptr %array)
  %k.next = add i64 %k, 1
  br label %placed
update:
  %argument.at = getelementptr %Result, ptr %r, i32 0, i32 3
  %argument = load i32, ptr %argument.at
  %state.at = getelementptr %Argument, ptr %table, i32 %argument, i32 3
  %state = load i32, ptr %state.at
  %cell = call ptr @phi_cell(ptr %self, i32 %state)
  %cell.size.at = getelementptr i8, ptr %cell, i64 $SIZE
  %cell.size = load i64, ptr %cell.size.at
  %emptied = icmp eq i64 %cell.size, 0
  br i1 %emptied, label %refused, label %exchange
refused:
  store ptr null, ptr %array.at
  %cell.error = call i32 @PyList_SetItem(ptr %cell, i64 0, ptr %array)
  br label %placed
exchange:
  %cell.items.at = getelementptr i8, ptr %cell, i64 $LIST_ITEMS
  %cell.items = load ptr, ptr %cell.items.at
  %old = load ptr, ptr %cell.items
  store ptr %array, ptr %cell.items
  %old.unused = call ptr @phi_keep_spare(ptr %frame, i32 %i, ptr %old, i1 true)
  store ptr %old.unused, ptr %array.at
  br label %placed
placed:
  %k.now = phi i64 [ %k, %take ], [ %k, %output ], [ %k.next, %item ], [ %k, %refused ], [ %k, %exchange ]
  %value.now = phi ptr [ %value, %take ], [ %array, %output ], [ %value, %item ], [ %value, %refused ], [ %value, %exchange ]
  %error.here = phi i32 [ 0, %take ], [ 0, %output ], [ %item.error, %item ], [ %cell.error, %refused ], [ 0, %exchange ]
  %errors.now = or i32 %errors, %error.here
  %i.next = add i32 %i, 1
  br label %place
finish:
  %f = phi i32 [ 0, %place ], [ %f.next, %finished ]
  %f.done = icmp eq i32 %f, %count
  br i1 %f.done, label %finished.all, label %finish.one
finish.one:
  %f.at = getelementptr ptr, ptr %results, i32 %f
  %f.array = load ptr, ptr %f.at
  %f.null = icmp eq ptr %f.array, null
  br i1 %f.null, label %finished, label %finish.drop
finish.drop:
  call void @Py_DecRef(ptr %f.array)
  br label %finished
finished:
  %f.next = add i32 %f, 1
  br label %finish
finished.all:
  call void @phi_let_go(ptr %frame)
  %fine = icmp eq i32 %errors, 0
  br i1 %fine, label %give, label %undo
undo:                       ; somebody emptied a state cell during the call
  %some = icmp ne ptr %value, null
  br i1 %some, label %discard, label %raise
discard:
  call void @Py_DecRef(ptr %value)
  br label %raise
give:
  ret ptr %value

failed:
  %why = phi i32 [ %code, %inside ], [ $LACKING, %check.one ], [ $RAISED, %list ]
  call void @phi_undo(ptr %frame, i32 %why)
  br label %raise
raise:
  ret ptr null
}

; Raise what a failed call raises, by the body's code for it, and let go of everything.
define internal void @phi_undo(ptr %frame, i32 %code) noinline cold {
begin:
  $FRAME
  %self.at = getelementptr %Frame, ptr %frame, i32 0, i32 2
  %self = load ptr, ptr %self.at
  %results.at = getelementptr %Frame, ptr %frame, i32 0, i32 4
  %results = load ptr, ptr %results.at
  %count.at = getelementptr %Interface, ptr %interface, i32 0, i32 2
  %count = load i32, ptr %count.at
  switch i32 %code, label %other [ i32 $LACKING, label %lacking i32 $RAISED, label %drop ]
lacking:
  %system = load ptr, ptr @PyExc_SystemError
  call void @PyErr_SetString(ptr %system, ptr @phi_lacking)
  br label %drop
other:
  %memory = icmp slt i32 %code, 0
  br i1 %memory, label %no.memory, label %checked.false
no.memory:
  %set = call ptr @PyErr_Occurred()
  %unset = icmp eq ptr %set, null
  br i1 %unset, label %set.memory, label %drop
set.memory:
  %ignored = call ptr @PyErr_NoMemory()
  br label %drop
checked.false:
  call void @phi_keep(ptr %frame, i64 $HELD)
  call void @phi_fail(ptr %self, i32 %code, ptr %frame)
  br label %drop

drop:
  call void @phi_drop(ptr %results, i32 %count)
  call void @phi_let_go(ptr %frame)
  ret void
}

; What the call was given, as a new list: inputs and states in the order of the body's arguments.
define internal ptr @phi_arguments(ptr %frame) noinline cold {
begin:
  $FRAME
  %count = zext i32 %arguments to i64
  %list = call ptr @PyList_New(i64 %count)
  %none = icmp eq ptr %list, null
  br i1 %none, label %out, label %next
next:
  %i = phi i64 [ 0, %begin ], [ %i.next, %put ]
  %all = icmp eq i64 %i, %count
  br i1 %all, label %out, label %put
put:
  %slot = getelementptr %Slot, ptr %slots, i64 %i
  %object = load ptr, ptr %slot
  call void @Py_IncRef(ptr %object)
  %error = call i32 @PyList_SetItem(ptr %list, i64 %i, ptr %object)
  %i.next = add i64 %i, 1
  br label %next
out:
  ret ptr %list
}

; fail(number, (values), [arguments and states]), which raises.
define internal void @phi_fail(ptr %self, i32 %code, ptr %values) noinline cold {
  %arguments = call ptr @phi_arguments(ptr %values)
  %lost = icmp eq ptr %arguments, null
  br i1 %lost, label %out, label %tell
tell:
  %items = getelementptr i8, ptr %self, i64 $TUPLE_ITEMS
  %fail.at = getelementptr ptr, ptr %items, i32 1
  %fail = load ptr, ptr %fail.at
  %number = sub i32 %code, 1
  $LOAD_VALUES
  %result = call ptr (ptr, ptr, ...) @PyObject_CallFunction(ptr %fail, ptr @phi_fail_format, i32 %number, $VALUES,
                                                                    ptr %arguments)
  call void @Py_DecRef(ptr %arguments)
  %raised = icmp eq ptr %result, null
  br i1 %raised, label %out, label %silent
silent:
  call void @Py_DecRef(ptr %result)
  %system = load ptr, ptr @PyExc_SystemError
  call void @PyErr_SetString(ptr %system, ptr @phi_silent)
  br label %out
out:
  ret void
}

$STRINGS
""")

STRINGS = {
    "phi_fail_format": "i(LLLLLLLL)O",
    "phi_lacking": "the body of a compiled function returned without making one of its result arrays",
    "phi_silent": "a run-time check of a compiled function failed, but nothing raised its error",
}

VALUES = {
    "LACKING": -(1 << 31),  # codes beside those of the body: no result array was made
    "RAISED": -(1 << 31) + 1,  # something raised already
    "STRINGS": "\n".join(f'@{name} = internal constant [{len(text) + 1} x i8] c"{text}\\00"' for name, text in STRINGS.items()),
    "LOAD_VALUES": "\n  ".join(
        f"%at{i} = getelementptr i64, ptr %values, i32 {i}\n  %value{i} = load i64, ptr %at{i}" for i in range(8)
    ),
    "VALUES": ", ".join(f"i64 %value{i}" for i in range(8)),
}
