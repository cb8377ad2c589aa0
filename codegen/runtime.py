"""The part of every call that is the same for all functions, written once in LLVM IR.

In: the tables that `entry.py` lays beside each function (what its arguments must be). Out: the text of three objects,
loaded once a process (`parts.py`), whose functions the entries call: `phi_enter` checks and unwraps the arguments, `phi_output`
makes a result array for the body, `phi_host` calls Python from it, `phi_leave` wraps up (result list, new values of
states, errors), `phi_slow` hands the call to Python; `runtime_memory.py` adds `phi_alloc`, `phi_free` and the recycling
of large buffers, `runtime_threads.py` `phi_parallel`, which shares a loop among threads. Being generic, they cost a
compiled function no compile time.

Everything `phi_enter` accepts is exact: an ndarray (no subclass) whose dtype is NumPy's own descriptor, C-contiguous,
aligned, of the declared rank and sizes; or, for a scalar input, a float, np.float64 or int of exactly the same value.
State arrays are held for the time of the call. Functions without states and calls of Python release
the GIL when their inputs are large.
"""

from __future__ import annotations

import re
from string import Template

from phintys.ir.types import DTYPES

from . import symbols
from .runtime_arguments import ARGUMENTS, ARGUMENTS_VALUES
from .runtime_enter import ENTER, ENTER_VALUES
from .runtime_host import HOST, HOST_VALUES
from .runtime_leave import LEAVE, VALUES
from .runtime_memory import MEMORY, MEMORY_VALUES
from .runtime_overlap import OVERLAP, OVERLAP_VALUES
from .runtime_results import RESULTS, RESULTS_VALUES
from .runtime_threads import THREADS, THREADS_VALUES
from .runtime_widening import ROOM, WIDENING, WIDENING_VALUES

# Functions that calls seldom run through. Plain code is good enough for them: LLVM makes it five times as fast.
SELDOM = (
    *("phi_slow", "phi_host", "phi_drop", "phi_fail", "phi_arguments", "phi_aliased_many", "phi_integer", "phi_undo"),
    *("phi_keep", "phi_give_back", "phi_hold", "phi_widen", "phi_widen_scalar", "phi_widens", "phi_code", "phi_convert"),
    *("phi_array", "phi_exchange"),
)

# A function whose inputs hold this many bytes in all works long enough for another thread to run meanwhile.
RELEASE_BYTES = 1 << 18

# What the builtin's self, a tuple, begins with; the cells of states and the callables follow. `spare` is a list of the last
# array of each result, used again where nobody has it any more, `widens` whether inputs take narrower dtypes than their own.
CONTEXT = ("slow", "fail", "unpack", "spare", "widens")

STRUCTURES = """
%Argument = type { i32, i32, i32, i32, ptr }    ; dtype, rank, flags wanted, state (-1: an input), sizes (-1: any)
%Result = type { i32, i32, i32, i32 }           ; kind (0 output, 1 update, 2 in place), dtype, rank, argument
%Interface = type { i32, i32, i32, i32, i32, i32, ptr, ptr, i32 }
; inputs, arguments, results, outputs, states, in-place states, %Argument table, %Result table, calls of Python
%Slot = type { ptr, ptr, ptr, i64, i64 }        ; object, data, sizes, value of a scalar, bytes of an array
%Frame = type { [8 x i64], ptr, ptr, ptr, ptr, ptr, ptr, i64, ptr, [$ROOM x i8], i64 }
; values of a failed check, %Interface, the builtin's self, thread state while the GIL is released, results, slots,
; what calls of Python returned, what has to be given back (HELD, CALLED, CONVERTED), converted arrays, a linked list;
; room for small ones, at a multiple of 16 bytes, and how much of it is taken
""".replace("$ROOM", str(ROOM))

EXTERNALS = """
@phi_type_float = external global i8
@phi_type_float64 = external global i8
@phi_type_int = external global i8
@phi_type_array = external global i8
@phi_true = external global i8
@phi_none = external global i8
@phi_descriptors = external global [0 x ptr]
@phi_scalar_types = external global [0 x ptr]
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
declare ptr @phi_alloc(i64)
declare void @phi_free(ptr)
@phi_handler = external global ptr
"""

INTRINSICS = """
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare i64 @llvm.umin.i64(i64, i64)
declare i64 @llvm.abs.i64(i64, i1)
"""

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


def memory() -> str:
    """The part with memory and threads."""
    return INTRINSICS + _filled(MEMORY, THREADS)


def calls() -> str:
    """What every call runs through."""
    return _calls()[0]


def seldom() -> str:
    """What few calls run through."""
    return _calls()[1]


def _filled(*templates: Template) -> str:
    """The text of templates."""
    codes = {row.short: code for code, row in enumerate(DTYPES.values())}
    values: dict[str, object] = {name: value for name, value in vars(symbols).items() if name.isupper()}
    values |= {"F64": codes["f64"], "F32": codes["f32"], "TUPLE_ITEMS": symbols.tuple_items()}
    start = symbols.instance_bytes()
    values |= {"CALL_CODE": start + 8, "CALL_CONTEXT": start + 16}
    values |= {"FRAME": FRAME, "RELEASE_BYTES": RELEASE_BYTES, **_integer_rows(), **VALUES, **HOST_VALUES, **MEMORY_VALUES}
    values |= {**THREADS_VALUES, **OVERLAP_VALUES, **ENTER_VALUES, **ARGUMENTS_VALUES, **RESULTS_VALUES, **WIDENING_VALUES}
    values |= {name.upper(): place for place, name in enumerate(CONTEXT)} | {"FIRST_CELL": len(CONTEXT)}
    return "\n".join(template.substitute(values) for template in templates)


def _calls() -> tuple[str, str]:
    """The two parts; each declares what it uses of the other, and has its own of what is always inlined."""
    items = ", ".join(f"i64 {row.bits // 8}" for row in DTYPES.values())
    table = f"@phi_item_bytes = internal constant [{len(DTYPES)} x i64] [{items}]\n"
    text = _filled(ENTER, ARGUMENTS, WIDENING, OVERLAP, RESULTS, HOST, LEAVE)
    definitions = {found["name"]: found for found in _DEFINITION.finditer(text)}
    head = "\n".join([STRUCTURES, EXTERNALS, INTRINSICS, table, _DEFINITION.sub("", text)])
    parts = []
    for often in (True, False):
        own = {name for name in definitions if (name not in SELDOM) == often or "alwaysinline" in definitions[name]["traits"]}
        lines = [head]
        for name, found in definitions.items():
            if name in own:
                shared = "alwaysinline" not in found["traits"]
                lines.append(found[0].replace("define internal", "define", 1) if shared else found[0])
            else:
                lines.append(f"declare {found['type']} @{name}({_NAME.sub('', found['takes'])})")
        parts.append("\n".join(lines))
    return parts[0], parts[1]


_DEFINITION = re.compile(
    r"^define (?:internal )?(?P<type>\w+) @(?P<name>\w+)\((?P<takes>[^)]*)\)(?P<traits>[^{]*)\{\n.*?^}\n",
    re.MULTILINE | re.DOTALL,
)
_NAME = re.compile(r" %\w+")
