"""Translation: control flow, constants, aggregates, globals, metadata, and what it refuses."""

from __future__ import annotations

import time

import numpy as np
import pytest
from native_support import bound, function, parse, scalar_function

from phintys.codegen.assemble import assemble
from phintys.codegen.engine import LLVMError, assembly, compile_object, optimize
from phintys.codegen.interface import InterfaceError
from phintys.codegen.text import TranslationError, loop_hints, symbol
from phintys.codegen.translate import translate

OUT = "%o = llvm.call @phi_output(%ctx, %ok, %null) : (!llvm.ptr, i32, !llvm.ptr) -> !llvm.ptr"


def constant_function(value: str, kind: str, short: str) -> str:
    return scalar_function([], short, f"%r = llvm.mlir.constant({value} : {kind}) : {kind}")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.1", 0.1),
        ("-0.0", -0.0),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("5.0e-324", 5e-324),
        ("0x7FF0000000000000", np.inf),
        ("0xFFF0000000000000", -np.inf),
        ("0x7FF8000000000000", np.nan),
    ],
)
def test_double_constants(value: str, expected: float) -> None:
    result = bound(constant_function(value, "f64", "f64"))()
    np.testing.assert_array_equal(result, expected)
    assert np.signbit(result) == np.signbit(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.1", 0.1),
        ("3.4028234663852886e38", 3.4028234663852886e38),
        ("1.0e-45", 1e-45),
        ("0x7F800000", np.inf),
        ("0x7FC00000", np.nan),
    ],
)
def test_single_constants(value: str, expected: float) -> None:
    np.testing.assert_array_equal(bound(constant_function(value, "f32", "f32"))(), np.float32(expected))


@pytest.mark.parametrize(
    ("value", "kind", "short"),
    [(255, "i8", "u8"), (-128, "i8", "i8"), (2**63 - 1, "i64", "i64"), (-(2**63), "i64", "i64")],
)
def test_integer_constants(value: int, kind: str, short: str) -> None:
    assert bound(constant_function(str(value), kind, short))() == value


def test_both_edges_to_one_block() -> None:
    body = f"""
    {OUT}
    %x0 = llvm.load %x : !llvm.ptr -> f64
    %one_f = llvm.mlir.constant(1.0 : f64) : f64
    %two_f = llvm.mlir.constant(2.0 : f64) : f64
    %positive = llvm.fcmp "ogt" %x0, %one_f : f64
    llvm.cond_br %positive, ^end(%one_f, %x0 : f64, f64), ^end(%two_f, %one_f : f64, f64)
  ^end(%p: f64, %q: f64):
    %sum = llvm.fadd %p, %q : f64
    llvm.store %sum, %o : f64, !llvm.ptr
    llvm.cond_br %positive, ^last, ^last
  ^last:
    llvm.return %ok : i32
    """
    run = bound(function(["input f64[] x"], ["output f64[]"], body))
    assert run(5.0) == 6.0 and run(0.0) == 3.0


def test_switch_with_shared_targets() -> None:
    body = f"""
    {OUT}
    %k = llvm.load %x : !llvm.ptr -> i64
    %ten = llvm.mlir.constant(10 : i64) : i64
    "llvm.switch"(%k, %zero, %one, %ten)[^end, ^end, ^end, ^last] <{{
      case_values = dense<[1, 2, 3]> : tensor<3xi64>, case_operand_segments = array<i32: 1, 1, 0>,
      operandSegmentSizes = array<i32: 1, 1, 2>}}> : (i64, i64, i64, i64) -> ()
  ^end(%v: i64):
    llvm.store %v, %o : i64, !llvm.ptr
    llvm.return %ok : i32
  ^last:
    llvm.store %k, %o : i64, !llvm.ptr
    llvm.return %ok : i32
    """
    run = bound(function(["input i64[] x"], ["output i64[]"], body))
    assert [int(run(k)) for k in (0, 1, 2, 3)] == [0, 1, 10, 3]


def test_blocks_in_any_order() -> None:
    body = f"""
    {OUT}
    llvm.br ^first
  ^second:
    llvm.store %v, %o : f64, !llvm.ptr
    llvm.return %ok : i32
  ^first:
    %c = llvm.mlir.constant(4.0 : f64) : f64
    %v = llvm.fadd %c, %c : f64
    llvm.br ^second
    """
    assert bound(function([], ["output f64[]"], body))() == 8.0


def test_globals_arrays_and_structs() -> None:
    text = """llvm.mlir.global internal constant @table(dense<[1.5, -2.5, 0.1]> : tensor<3xf64>) : !llvm.array<3 x f64>
    llvm.mlir.global internal constant @zeros(dense<0> : tensor<2x2xi8>) : !llvm.array<2 x !llvm.array<2 x i8>>
    """ + scalar_function(
        ["i64"],
        "f64",
        """%t = llvm.mlir.addressof @table : !llvm.ptr
        %p = llvm.getelementptr %t[0, %a] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<3 x f64>
        %v = llvm.load %p {alignment = 8 : i64} : !llvm.ptr -> f64
        %u = llvm.mlir.undef : !llvm.struct<(f64, i64)>
        %s = llvm.insertvalue %v, %u[0] : !llvm.struct<(f64, i64)>
        %s1 = llvm.insertvalue %a, %s[1] : !llvm.struct<(f64, i64)>
        %w = llvm.extractvalue %s1[0] : !llvm.struct<(f64, i64)>
        %k = llvm.extractvalue %s1[1] : !llvm.struct<(f64, i64)>
        %kf = llvm.sitofp %k : i64 to f64
        %r = llvm.fadd %w, %kf : f64""",
    )
    run = bound(text)
    assert [float(run(k)) for k in range(3)] == [1.5, -1.5, 2.1]


def test_vectors() -> None:
    body = f"""
    {OUT}
    %v = llvm.load %x {{alignment = 8 : i64}} : !llvm.ptr -> vector<4xf64>
    %c = llvm.mlir.constant(dense<[1.0, 2.0, 3.0, 4.0]> : vector<4xf64>) : vector<4xf64>
    %w = llvm.fmul %v, %c : vector<4xf64>
    %b = llvm.shufflevector %w, %w [3, 2, 1, 0] : vector<4xf64>
    %three = llvm.mlir.constant(3 : i32) : i32
    %first = llvm.extractelement %b[%three : i32] : vector<4xf64>
    %z = llvm.mlir.constant(0.0 : f64) : f64
    %cleared = llvm.insertelement %z, %b[%three : i32] : vector<4xf64>
    %sum = "llvm.intr.vector.reduce.fadd"(%first, %cleared) : (f64, vector<4xf64>) -> f64
    llvm.store %sum, %o : f64, !llvm.ptr
    llvm.return %ok : i32
    """
    x = np.array([1.0, 10.0, 100.0, 1000.0])
    assert bound(function(["input f64[4] x"], ["output f64[]"], body))(x) == 4321.0


def test_private_function_inlined_and_loop_hints() -> None:
    text = """llvm.func private @square(%x: f64) -> f64 attributes {phi.inline = "always"} {
      %y = llvm.fmul %x, %x : f64
      llvm.return %y : f64
    }
    """ + scalar_function(["f64"], "f64", "%r = llvm.call @square(%a) : (f64) -> f64")
    source, _ = assemble(parse(text))
    assert "define internal double @square(double %v0) nounwind" in source and "alwaysinline" in source
    assert "@square" not in optimize(source)
    assert bound(text)(3.0) == 9.0
    assert loop_hints("vectorize, interleave=4") == ['!{!"llvm.loop.interleave.count", i32 4}']


def test_functions_of_equal_text_become_one() -> None:
    """And those that call them, if they come later; what others may know keeps its place."""
    body = """{
        %r = llvm.fadd %a, %a : f64
        llvm.return %r : f64
    }"""
    calls = "{{ %r = llvm.call @{0}(%a) : (f64) -> f64 \n llvm.return %r : f64 }}"
    module = parse(
        f"llvm.func internal @f1(%a: f64) -> f64 {body} llvm.func internal @f1.call(%a: f64) -> f64 {calls.format('f1')}"
        f"llvm.func internal @f10(%a: f64) -> f64 {body} llvm.func internal @f10.call(%a: f64) -> f64 {calls.format('f10')}"
        f"llvm.func @known(%a: f64) -> f64 {body} llvm.func @main(%a: f64) -> f64 {calls.format('f10.call')}"
    )
    text = translate(module)
    assert [line.split("(")[0].split("@")[1] for line in text.splitlines() if "define" in line] == [
        "f1",
        "f1.call",
        "known",
        "main",
    ]
    assert "call double @f1.call(" in text and "@f10" not in text
    compile_object(text)


def test_loop_metadata_is_a_node_of_its_own_for_each_loop() -> None:
    body = """
    llvm.br ^a(%zero : i64)
  ^a(%i: i64):
    %i1 = llvm.add %i, %one : i64
    %c = llvm.icmp "slt" %i1, %x_0 : i64
    llvm.cond_br %c, ^a(%i1 : i64), ^b(%zero : i64) {phi.loop = "unroll=2"}
  ^b(%j: i64):
    %j1 = llvm.add %j, %one : i64
    %d = llvm.icmp "slt" %j1, %x_0 : i64
    llvm.cond_br %d, ^b(%j1 : i64), ^c {phi.loop = "unroll=2"}
  ^c:
    llvm.return %ok : i32
    """
    text = translate(parse(function(["input f64[?] x"], [], body)))
    assert "!1 = distinct !{!1, !0}" in text and "!2 = distinct !{!2, !0}" in text
    assert "phi i64 [ 0, %b0 ], [ %v" in text


@pytest.mark.parametrize("hints", ["fast", "width", "vectorize=2", "interleave=x"])
def test_unknown_loop_hints(hints: str) -> None:
    with pytest.raises(TranslationError, match="expected some of"):
        loop_hints(hints)


def test_symbols_are_quoted_where_needed() -> None:
    assert symbol("f.1") == "@f.1"
    assert symbol('a "b"\n') == '@"a \\22b\\22\\0A"'


def test_an_op_without_a_row_is_named() -> None:
    text = """llvm.func @f() {
      "llvm.inline_asm"() <{asm_string = "nop", constraints = "", tail_call_kind = #llvm.tailcallkind<none>}> : () -> ()
      llvm.return
    }"""
    with pytest.raises(TranslationError, match=r"@f: llvm\.inline_asm has no row"):
        translate(parse(text))


def test_a_signature_that_is_not_the_interfaces() -> None:
    text = function(["input f64[?] x"], [], "llvm.return %ok : i32").replace("%x_0: i64", "%x_0: i32")
    with pytest.raises(TranslationError, match=r"ask for \(!llvm.ptr, !llvm.ptr, i64\) -> i32"):
        assemble(parse(text))


@pytest.mark.parametrize(
    ("arguments", "results", "checks", "message"),
    [
        (["input f64[] x"], ["update 0 f64[]"], [], "argument 0 is not a state"),
        (["input f64[] x"], ["give f64[]"], [], "expected 'output TYPE'"),
        (["input f64[] x"], [], ["Oops|1|2"], "EXCEPTION|LOCATION|MESSAGE"),
    ],
)
def test_attributes_that_do_not_read(arguments: list[str], results: list[str], checks: list[str], message: str) -> None:
    with pytest.raises(InterfaceError, match=message.replace("|", r"\|")):
        assemble(parse(function(arguments, results, "llvm.return %ok : i32", checks)))


@pytest.mark.parametrize(
    "text",
    [
        "define i32 @f() { ret i64 0 }",
        "nonsense",
        "define void @f() { br label %a }",
        "define i32 @f(i32 %x) { %y = add i32 %y, 1 ret i32 %y }",
    ],
)
def test_bad_ir_is_a_python_error(text: str) -> None:
    for use in (compile_object, optimize, assembly):
        with pytest.raises(LLVMError, match="LLVM does not accept"):
            use(text)


def test_a_call_of_an_unknown_function_is_a_python_error() -> None:
    text = "llvm.func @nowhere_to_be_found(f64) -> f64\n" + scalar_function(
        ["f64"], "f64", "%r = llvm.call @nowhere_to_be_found(%a) : (f64) -> f64"
    )
    with pytest.raises(LLVMError, match="nowhere_to_be_found"):
        bound(text)


def test_assembly_of_a_loop_uses_vectors() -> None:
    from test_entry import SQUARE

    text = assembly(assemble(parse(SQUARE))[0])
    assert "vmulpd" in text or "fmul\tv" in text or "mulpd" in text


def test_cost_of_an_op() -> None:
    steps = "\n".join(f"%s{i + 1} = llvm.fadd %s{i}, %a : f64" for i in range(2000))
    module = parse(scalar_function(["f64"], "f64", steps.replace("%s0,", "%a,") + "\n%r = llvm.fadd %s2000, %a : f64"))
    best = min(_timed(module) for _ in range(3))
    assert best / 2000 < 40e-6, f"{best / 2000 * 1e6:.1f} us an op"


def _timed(module: object) -> float:
    start = time.perf_counter()
    translate(module)  # type: ignore[arg-type]
    return time.perf_counter() - start
