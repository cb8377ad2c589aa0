"""The native entry: what it accepts, what it hands to the slow path, results, states, errors."""

from __future__ import annotations

import numpy as np
import pytest
from native_support import CheckFailed, SlowPathTaken, bound, compiled, fail, function, scalar_function, slow

OUTPUT = "llvm.call @phi_output(%ctx, {}, {}) : (!llvm.ptr, i32, !llvm.ptr) -> !llvm.ptr"

ADD = scalar_function(["f64", "f64"], "f64", "%r = llvm.fadd %a, %b : f64")

# o[i] = x[i] * x[i] into a fresh array, x of any length.
SQUARE = function(
    ["input f64[?] x"],
    ["output f64[?]"],
    f"""
    %dims = llvm.alloca %one x i64 : (i64) -> !llvm.ptr
    llvm.store %x_0, %dims : i64, !llvm.ptr
    %o = {OUTPUT.format("%ok", "%dims")}
    %oi = llvm.ptrtoint %o : !llvm.ptr to i64
    %none = llvm.icmp "eq" %oi, %zero : i64
    %memory = llvm.mlir.constant(-1 : i32) : i32
    llvm.cond_br %none, ^out(%memory : i32), ^head(%zero : i64)
  ^head(%i: i64):
    %more = llvm.icmp "slt" %i, %x_0 : i64
    llvm.cond_br %more, ^body, ^out(%ok : i32)
  ^body:
    %xp = llvm.getelementptr inbounds %x[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f64
    %v = llvm.load %xp : !llvm.ptr -> f64
    %w = llvm.fmul %v, %v : f64
    %op = llvm.getelementptr inbounds %o[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f64
    llvm.store %w, %op : f64, !llvm.ptr
    %next = llvm.add %i, %one : i64
    llvm.br ^head(%next : i64) {{phi.loop = "vectorize,interleave=4"}}
  ^out(%code: i32):
    llvm.return %code : i32
    """,
)

# w += x in w's own buffer; the check that the lengths agree is number 1.
ACCUMULATE = function(
    ["input f64[?] x", "state f64[?] w"],
    ["inplace 1"],
    """
    %same = llvm.icmp "eq" %x_0, %w_0 : i64
    llvm.cond_br %same, ^head(%zero : i64), ^bad
  ^bad:
    llvm.store %x_0, %ctx : i64, !llvm.ptr
    %second = llvm.getelementptr %ctx[1] : (!llvm.ptr) -> !llvm.ptr, i64
    llvm.store %w_0, %second : i64, !llvm.ptr
    %two = llvm.mlir.constant(2 : i32) : i32
    llvm.return %two : i32
  ^head(%i: i64):
    %more = llvm.icmp "slt" %i, %x_0 : i64
    llvm.cond_br %more, ^body, ^out
  ^body:
    %xp = llvm.getelementptr inbounds %x[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f64
    %wp = llvm.getelementptr inbounds %w[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f64
    %v = llvm.load %xp : !llvm.ptr -> f64
    %u = llvm.load %wp : !llvm.ptr -> f64
    %sum = llvm.fadd %v, %u : f64
    llvm.store %sum, %wp : f64, !llvm.ptr
    %next = llvm.add %i, %one : i64
    llvm.br ^head(%next : i64)
  ^out:
    llvm.return %ok : i32
    """,
    ["IndexError|#1|never", "ValueError|#2|x has {0} elements but w has {1}"],
)

# Returns the old value of a scalar state and gives it a new one of rank 1: [x, x].
PAIR = function(
    ["state f64[?] w", "input f64[] x"],
    ["output i64[]", "update 0 f64[2]"],
    f"""
    %index = llvm.mlir.constant(1 : i32) : i32
    %n = {OUTPUT.format("%ok", "%null")}
    llvm.store %w_0, %n : i64, !llvm.ptr
    %two = llvm.mlir.constant(2 : i64) : i64
    %dims = llvm.alloca %one x i64 : (i64) -> !llvm.ptr
    llvm.store %two, %dims : i64, !llvm.ptr
    %o = {OUTPUT.format("%index", "%dims")}
    %v = llvm.load %x : !llvm.ptr -> f64
    llvm.store %v, %o : f64, !llvm.ptr
    %second = llvm.getelementptr %o[1] : (!llvm.ptr) -> !llvm.ptr, f64
    llvm.store %v, %second : f64, !llvm.ptr
    llvm.return %ok : i32
    """,
)


def test_scalars_of_every_accepted_kind() -> None:
    add = bound(ADD)
    for pair in [(2.0, 3.0), (2, 3), (np.float64(2), np.array(3.0)), (np.array(2.0), 3)]:
        result = add(*pair)
        assert type(result) is np.ndarray and result.shape == () and result.dtype is np.dtype("float64")
        assert result == 5.0


def test_result_is_a_list_unless_unpacked() -> None:
    assert bound(ADD, unpack=False)(1.0, 2.0) == [np.array(3.0)]


@pytest.mark.parametrize(
    "arguments",
    [
        (1.0,),
        (1.0, 2.0, 3.0),
        (1.0, "2"),
        (1.0, None),
        (1.0, True),
        (1.0, 2**53 + 1),
        (1.0, 10**30),
        (1.0, np.float32(2)),
        (1.0, np.int64(2)),
        (1.0, np.array([2.0])),
        (1.0, np.array(2.0, dtype=">f8")),
        (1.0, np.array(2.0, dtype="float32")),
        (1.0, np.ma.array(2.0)),
        (1.0, [2.0]),
    ],
    ids=repr,
)
def test_other_arguments_take_the_slow_path(arguments: tuple[object, ...]) -> None:
    with pytest.raises(SlowPathTaken) as caught:
        bound(ADD)(*arguments)
    assert caught.value.args[0] is not arguments and len(caught.value.args[0]) == len(arguments)
    assert all(got is passed for got, passed in zip(caught.value.args[0], arguments, strict=True))


def test_keywords_take_the_slow_path() -> None:
    with pytest.raises(SlowPathTaken) as caught:
        bound(ADD)(1.0, pb=2.0)
    assert caught.value.args == ((1.0,), {"pb": 2.0})


@pytest.mark.parametrize(
    ("short", "accepted", "refused"),
    [
        ("i8", [0, 127, -128], [128, -129, 1.0]),
        ("u8", [0, 255], [256, -1]),
        ("i16", [32767, -32768], [32768]),
        ("u16", [65535], [65536, -1]),
        ("i32", [2**31 - 1, -(2**31)], [2**31, 2**80]),
        ("u32", [2**32 - 1], [2**32, -1]),
        ("i64", [2**63 - 1, -(2**63)], [2**63]),
        ("u64", [2**63 - 1], [-1, 2**63]),
        ("f32", [0.5, 2**24, -0.0, float("inf"), float("nan")], [0.1, 1e300, 2**24 + 1]),
        ("f64", [0.1, 2**53, -(2**53), float("nan")], [2**53 + 1]),
        ("bool", [], [True, 1, 0.0]),
    ],
)
def test_python_scalars_only_where_exact(short: str, accepted: list[float], refused: list[float]) -> None:
    kind = "i8" if short == "bool" else short.replace("u", "i")
    zero = f"%z = llvm.mlir.constant({'0.0' if short[0] == 'f' else '0'} : {kind}) : {kind}"
    word = "llvm.fsub" if short[0] == "f" else "llvm.sub"
    identity = bound(scalar_function([short], short, f"{zero}\n%r = {word} %a, %z : {kind}"))
    for value in accepted:
        np.testing.assert_array_equal(identity(value), value)
    for value in refused:
        with pytest.raises(SlowPathTaken):
            identity(value)


def test_vector_loop() -> None:
    square = bound(SQUARE)
    for n in (0, 1, 7, 1000):
        x = np.random.default_rng(n).normal(size=n)
        result = square(x)
        np.testing.assert_array_equal(result, x * x)
        assert result.flags.owndata and result.flags.writeable and result.flags.c_contiguous


@pytest.mark.parametrize(
    "x",
    [
        np.arange(10.0)[::2],
        np.arange(10.0).view(np.ma.MaskedArray),
        np.arange(10.0).astype(">f8"),
        np.arange(10),
        np.arange(4.0).reshape(2, 2),
        np.frombuffer(b"\0" * 81, dtype=np.uint8)[1:].view("f8"),
        np.arange(3.0).astype(np.dtype("f8", metadata={"unit": "m"})),
    ],
    ids=["strided", "subclass", "byte-swapped", "integers", "rank 2", "unaligned", "other dtype object"],
)
def test_other_arrays_take_the_slow_path(x: np.ndarray) -> None:
    with pytest.raises(SlowPathTaken):
        bound(SQUARE)(x)


def test_read_only_inputs_are_accepted() -> None:
    x = np.arange(3.0)
    x.flags.writeable = False
    np.testing.assert_array_equal(bound(SQUARE)(x), [0, 1, 4])


def test_static_sizes_are_checked() -> None:
    text = scalar_function(["f64"], "f64", "%r = llvm.fadd %a, %a : f64").replace("input f64[] pa", "input f64[2, 1] pa")
    double = bound(text)
    assert double(np.array([[4.0], [5.0]])) == 8.0
    for shape in [(1, 2), (2, 2), (1, 1), (2,)]:
        with pytest.raises(SlowPathTaken):
            double(np.ones(shape))


def test_state_is_updated_in_place() -> None:
    cell = [np.arange(4.0)]
    buffer = cell[0]
    accumulate = bound(ACCUMULATE, [cell], unpack=False)
    assert accumulate(np.ones(4)) == []
    assert cell[0] is buffer
    np.testing.assert_array_equal(buffer, [1, 2, 3, 4])


def test_no_output_unpacked_is_none() -> None:
    assert bound(ACCUMULATE, [[np.zeros(1)]])(np.ones(1)) is None


def test_failed_check_raises_with_its_values_and_leaves_the_state() -> None:
    cell = [np.arange(4.0)]
    with pytest.raises(CheckFailed) as caught:
        bound(ACCUMULATE, [cell])(np.ones(3))
    assert caught.value.args == (1, (3, 4))
    np.testing.assert_array_equal(cell[0], np.arange(4.0))


def test_a_fail_that_does_not_raise_is_an_error() -> None:
    quiet = compiled(ACCUMULATE).bind([[np.zeros(2)]], slow, lambda number, values: None, True)
    with pytest.raises(SystemError, match="nothing raised"):
        quiet(np.ones(3))


@pytest.mark.parametrize("kind", ["same", "view", "tail"])
def test_overlap_with_a_state_written_in_place_takes_the_slow_path(kind: str) -> None:
    store = np.arange(8.0)
    x = {"same": store[:4], "view": store[:4].view(), "tail": store[3:7]}[kind]
    with pytest.raises(SlowPathTaken):
        bound(ACCUMULATE, [[store[:4]]])(x)
    np.testing.assert_array_equal(store, np.arange(8.0))


def test_neighbours_and_empty_arrays_do_not_overlap() -> None:
    store = np.arange(8.0)
    bound(ACCUMULATE, [[store[:4]]])(store[4:])
    np.testing.assert_array_equal(store[:4], [4, 6, 8, 10])
    bound(ACCUMULATE, [[store[2:2]]])(store[2:2])


@pytest.mark.parametrize("count", [15, 16, 17, 40, 128, 300])
def test_overlap_among_many_states_is_found_as_among_few(count: int) -> None:
    random = np.random.default_rng(count)
    written = set(random.choice(count, 4, replace=False).tolist())
    outputs = [f"inplace {number}" for number in sorted(written)]
    program = compiled(function([f"state f64[?] w{i}" for i in range(count)], outputs, "llvm.return %ok : i32"))
    seen = set()
    for _ in range(60):
        store = np.zeros(5 * count)
        slots = random.permutation(count) * 5
        lengths = random.choice([0, 1, 4, 5, 6], count, p=[0.1, 0.2, 0.33, 0.34, 0.03])
        spans = [(int(first), int(first + length)) for first, length in zip(slots, lengths, strict=True)]
        pairs = [(i, j) for i in written for j in range(count) if i != j]
        meets = any(
            max(spans[i][0], spans[j][0]) < min(spans[i][1], spans[j][1], 5 * count) and lengths[i] and lengths[j]
            for i, j in pairs
        )
        call = program.bind([[store[low:high]] for low, high in spans], slow, fail, True)
        if meets:
            with pytest.raises(SlowPathTaken):
                call()
        else:
            call()
        seen.add(meets)
    assert seen == {True, False}


@pytest.mark.parametrize(
    "held",
    [np.arange(8.0)[::2], np.arange(4), [1.0], None, np.zeros((2, 2))],
    ids=["strided", "int", "list", "none", "rank"],
)
def test_a_state_that_does_not_fit_takes_the_slow_path(held: object) -> None:
    with pytest.raises(SlowPathTaken):
        bound(ACCUMULATE, [[held]])(np.ones(4))


def test_a_read_only_state_written_in_place_takes_the_slow_path() -> None:
    held = np.zeros(2)
    held.flags.writeable = False
    with pytest.raises(SlowPathTaken):
        bound(ACCUMULATE, [[held]])(np.ones(2))


def test_an_emptied_cell_takes_the_slow_path() -> None:
    cell = [np.zeros(2)]
    accumulate = bound(ACCUMULATE, [cell])
    cell.clear()
    with pytest.raises(SlowPathTaken):
        accumulate(np.ones(2))


def test_update_of_another_shape() -> None:
    cell = [np.zeros(5)]
    pair = bound(PAIR, [cell])
    assert pair(2.5) == 5
    np.testing.assert_array_equal(cell[0], [2.5, 2.5])
    assert pair(1.5) == 2
    np.testing.assert_array_equal(cell[0], [1.5, 1.5])


def test_out_of_memory() -> None:
    text = SQUARE.replace(
        "llvm.store %x_0, %dims", "%vast = llvm.mlir.constant(1000000000000000 : i64) : i64\nllvm.store %vast, %dims"
    )
    with pytest.raises(MemoryError):
        bound(text)(np.ones(3))


def test_a_body_that_makes_no_result_is_an_error() -> None:
    with pytest.raises(SystemError, match="without making"):
        bound(function(["input f64[] x"], ["output f64[]"], "llvm.return %ok : i32"))(1.0)


def test_bind_refuses_wrong_states() -> None:
    with pytest.raises(TypeError, match="expected 1 state cells"):
        bound(ACCUMULATE, [])
    with pytest.raises(TypeError, match="length 1"):
        bound(ACCUMULATE, [(np.zeros(1),)])  # type: ignore[list-item]


def test_strict_explains() -> None:
    executable = compiled(ACCUMULATE)
    cell = [np.zeros(3)]
    strict = executable.bind_strict([cell], fail, True)
    assert strict(np.ones(3)) is None
    cases = [
        (([1.0, 2.0],), {}, "argument x: expected a C-contiguous aligned f64[?] array, got list"),
        ((np.ones(3, "f4"),), {}, "got dtype float32"),
        ((np.ones((3, 1)),), {}, "got an array of rank 2"),
        ((np.ones(6)[::2],), {}, "got not C-contiguous"),
        ((cell[0],), {}, "state w is updated in place and shares memory with x"),
        ((), {}, "takes 1 arguments, got 0"),
        ((), {"x": 1}, "positional arguments only, got x by name"),
    ]
    for args, kwargs, message in cases:
        with pytest.raises(TypeError) as caught:
            strict(*args, **kwargs)
        assert message in str(caught.value)
