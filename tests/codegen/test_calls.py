"""What a call costs little by: objects that are called directly, results that are used again, narrower arguments."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from native_support import CheckFailed, SlowPathTaken, bound, compiled, fail, function, scalar_function, slow
from test_entry import ACCUMULATE, ADD, OUTPUT, PAIR, SQUARE

from phintys.codegen.directly import CONTEXT, subclass
from phintys.codegen.executable import Executable
from phintys.codegen.runtime_results import SPARE_ITEMS
from phintys.codegen.runtime_widening import MOST, ROOM
from phintys.ir.types import DTYPES


class Called:
    """A plain class."""

    def __call__(self, *args: Any) -> str:
        return "by Python"


def direct(text: str = ADD) -> Any:
    """An object that is called directly."""
    return Executable.called(Called, bound(text))  # type: ignore[arg-type]


# --- objects that are called directly ---------------------------------------------------------------------------------


def test_every_way_of_calling() -> None:
    f = direct()
    assert isinstance(f, Called) and callable(f) and type(f) is type(direct())
    assert [f(1.0, 2.0), f(*(1.0, 2.0)), f.__call__(1.0, 2.0), next(map(f, [1.0], [2.0]))] == [3.0] * 4
    with pytest.raises(SlowPathTaken) as caught:
        f(1.0, pb=2.0)
    assert caught.value.args == ((1.0,), {"pb": 2.0})
    f.attribute = 1
    assert vars(f) == {"attribute": 1} and weakref.ref(f)() is f


def test_an_object_that_leads_nowhere() -> None:
    with pytest.raises(TypeError):
        subclass(Called)()(1.0, 2.0)
    f = direct()
    delattr(f, CONTEXT)
    with pytest.raises(SystemError, match="being deleted"):
        f(1.0, 2.0)


def test_cycles_are_collected() -> None:
    def make() -> weakref.ref[Any]:
        made: list[Any] = []
        made.append(Executable.called(Called, compiled(ADD).bind([], lambda *_: made[0], fail, True)))  # type: ignore[arg-type]
        assert made[0]("x", "y") is made[0]
        return weakref.ref(made[0])

    gone = make()
    gc.collect()
    assert gone() is None


def test_classes_with_slots_are_refused() -> None:
    class Slotted:
        __slots__ = ("more", "one")

    with pytest.raises(TypeError, match="plain class"):
        subclass(Slotted)


# --- results that are used again --------------------------------------------------------------------------------------


def test_a_dropped_result_is_used_again() -> None:
    square = bound(SQUARE)
    first = square(np.arange(3.0))
    place = first.ctypes.data
    del first
    again = square(np.arange(3.0) + 1)
    assert again.ctypes.data == place
    np.testing.assert_array_equal(again, [1, 4, 9])


@pytest.mark.parametrize(
    "hold",
    [lambda a: a, lambda a: a[1:], memoryview, lambda a: a.T, np.from_dlpack],
    ids=["itself", "part", "buffer", "T", "dlpack"],
)
def test_a_result_that_somebody_has_stays(hold: Callable[[Any], Any]) -> None:
    square = bound(SQUARE)
    held = hold(square(np.arange(3.0)))
    before = np.array(held)
    np.testing.assert_array_equal(square(np.arange(3.0) + 1), [1, 4, 9])
    np.testing.assert_array_equal(np.array(held), before)


def test_a_weak_reference_never_sees_another_result() -> None:
    square = bound(SQUARE)
    first = square(np.arange(3.0))
    gone = weakref.ref(first)
    del first
    np.testing.assert_array_equal(square(np.arange(3.0) + 1), [1, 4, 9])
    assert gone() is None


def _frozen(a: Any) -> None:
    a.flags.writeable = False


def _reshaped(a: Any) -> None:
    a.shape = (4, 1)


def _retyped(a: Any) -> None:
    a.dtype = "i8"


def _resized(a: Any) -> None:
    a.resize(2, refcheck=False)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("change", [_frozen, _reshaped, _retyped, _resized])
def test_a_result_that_was_changed_is_not_used_again(change: Callable[[Any], None]) -> None:
    square = bound(SQUARE)
    change(square(np.arange(4.0)))
    for _ in range(2):
        found = square(np.arange(4.0) + 1)
        assert found.dtype == "f8" and found.shape == (4,) and found.flags.writeable and found.flags.owndata
        np.testing.assert_array_equal(found, [1, 4, 9, 16])
        del found


def test_other_sizes_and_large_results() -> None:
    square = bound(SQUARE)
    for n in (3, 0, 5, SPARE_ITEMS, SPARE_ITEMS + 1, 1, 3):
        x = np.arange(float(n))
        np.testing.assert_array_equal(square(x), x * x)
    large = square(np.ones(SPARE_ITEMS + 1))
    assert sum(one is large for one in gc.get_referrers(large)) == 0
    small = square(np.ones(SPARE_ITEMS))
    assert any(type(one) is list and one[0] is small for one in gc.get_referrers(small))
    assert not any(type(one) is list and one[0] is large for one in gc.get_referrers(large))


def test_states_take_turns_in_two_arrays() -> None:
    cell = [np.zeros(2)]
    pair = bound(PAIR, [cell])
    places = []
    for k in range(6):
        pair(float(k))
        places.append(cell[0].ctypes.data)
        np.testing.assert_array_equal(cell[0], [k, k])
    assert len(set(places)) == 2
    kept = cell[0]
    for k in range(3):
        pair(10.0 + k)
    np.testing.assert_array_equal(kept, [5, 5])


def test_a_failed_call_leaves_the_state_and_the_next_is_right() -> None:
    cell = [np.arange(4.0)]
    accumulate = bound(ACCUMULATE, [cell])
    for _ in range(3):
        with pytest.raises(CheckFailed):
            accumulate(np.ones(3))
        accumulate(np.ones(4))
    np.testing.assert_array_equal(cell[0], np.arange(4.0) + 3)


# --- narrower arguments -----------------------------------------------------------------------------------------------

VALUES = {"b": [0, 1], "i": [-3, 0, 5, 127], "u": [0, 7, 255], "f": [-0.5, 0.0, 1e30, np.inf]}


def identity(dtype: str) -> Any:
    """A function that returns its scalar, with narrower dtypes let in."""
    row = DTYPES[dtype]
    kind = f"i{row.bits}" if row.kind in "iu" else row.short
    zero = f"%z = llvm.mlir.constant({'0.0' if row.kind == 'f' else '0'} : {kind}) : {kind}"
    word = "llvm.fsub" if row.kind == "f" else "llvm.sub"
    text = scalar_function([row.short], row.short, f"{zero}\n%r = {word} %a, %z : {kind}")
    return compiled(text).bind([], slow, fail, True, widens=True)


@pytest.mark.parametrize("dtype", [name for name, row in DTYPES.items() if row.kind in "iuf"])
def test_scalars_and_arrays_of_no_dimensions(dtype: str) -> None:
    f = identity(dtype)
    for name, row in DTYPES.items():
        if name == "float64" != dtype:
            continue  # taken where it is exact
        for value in np.array(VALUES.get(row.kind, [1])).astype(name):
            for given in (value, np.array(value)):
                if np.result_type(dtype, name) == dtype:
                    found = f(given)
                    assert found.dtype == dtype and found == value.astype(dtype)
                else:
                    with pytest.raises(SlowPathTaken):
                        f(given)


def test_values_that_a_wider_dtype_rounds() -> None:
    f = identity("float64")
    for value in (np.int64(2**63 - 1), np.uint64(2**64 - 1), np.int64(-(2**60) - 1)):
        assert f(value) == np.float64(value) == f(np.array(value))


@pytest.mark.parametrize("name", ["bool", "int8", "uint16", "int32", "int64", "uint64", "float32"])
@pytest.mark.parametrize("size", [0, 1, 2, MOST])
def test_vectors(name: str, size: int) -> None:
    square = compiled(SQUARE).bind([], slow, fail, True, widens=True)
    x = np.random.default_rng(size).integers(0, 100, size).astype(name)
    for _ in range(3):
        np.testing.assert_array_equal(square(x), x.astype(float) ** 2)


def test_several_arrays_at_once() -> None:
    """In the frame of the call as long as there is room, elsewhere then."""
    sizes = [3, ROOM // 8 - 4, 5, 1, MOST, 2]
    total = "%r0 = llvm.mlir.constant(0.0 : f64) : f64"
    for number, size in enumerate(sizes):
        total += f"""
    %last{number} = llvm.getelementptr %x{number}[{size - 1}] : (!llvm.ptr) -> !llvm.ptr, f64
    %v{number} = llvm.load %last{number} : !llvm.ptr -> f64
    %first{number} = llvm.load %x{number} : !llvm.ptr -> f64
    %s{number} = llvm.fadd %v{number}, %first{number} : f64
    %r{number + 1} = llvm.fadd %r{number}, %s{number} : f64"""
    output = OUTPUT.format("%ok", "%null")
    body = f"{total}\n%o = {output}\nllvm.store %r{len(sizes)}, %o : f64, !llvm.ptr\nllvm.return %ok : i32"
    text = function([f"input f64[?] x{number}" for number in range(len(sizes))], ["output f64[]"], body)
    f = compiled(text).bind([], slow, fail, True, widens=True)
    for _ in range(3):
        arrays = [np.random.default_rng(size).integers(0, 100, size) for size in sizes]
        assert f(*arrays) == sum(x[0] + x[-1] for x in arrays)
        assert f(*(x.astype(float) if number % 2 else x for number, x in enumerate(arrays))) == f(*arrays)


def test_what_goes_to_the_slow_path_all_the_same() -> None:
    square = compiled(SQUARE).bind([], slow, fail, True, widens=True)
    x = np.arange(4)
    for other in (np.arange(MOST + 1), x[::2], x.astype(">i4"), x.reshape(2, 2), np.ma.array(x), x.astype(complex), [1, 2]):
        with pytest.raises(SlowPathTaken):
            square(other)
    with pytest.raises(SlowPathTaken):
        compiled(ADD).bind([], slow, fail, True, widens=True)(np.int64(1), "2")
    state = compiled(ACCUMULATE).bind([[np.arange(4)]], slow, fail, True, widens=True)
    with pytest.raises(SlowPathTaken):
        state(x)


def test_converted_arguments_share_no_memory_with_states() -> None:
    memory = np.zeros(4)
    accumulate = compiled(ACCUMULATE).bind([[memory]], slow, fail, True, widens=True)
    accumulate(memory.view("i8"))
    accumulate(np.arange(4))
    np.testing.assert_array_equal(memory, np.arange(4.0))
    with pytest.raises(CheckFailed):
        accumulate(np.arange(3))
