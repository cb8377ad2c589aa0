"""PTX of kernels, and what keeps LLVM from ending the process on the way."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from phintys.codegen.architectures import ARCHITECTURES
from phintys.codegen.ptx import INTRINSICS, assemble_ptx, device_text, ptx
from phintys.codegen.text import TranslationError
from phintys.dialects.text import parse_module
from phintys.passes.convert_gpu_to_nvvm import ConvertGpuToNvvm
from phintys.passes.expand_math import ExpandMath

EXAMPLES = (Path(__file__).parents[1] / "ir" / "gpu.mlir").read_text().split("// -----")
FLOATS = ("fabs", "sqrt", "floor", "ceil", "trunc", "roundeven", "copysign", "maxnum", "minnum", "maximum", "minimum", "fma")
INTEGERS = ("smin", "smax", "umin", "umax", "ctpop", "ctlz", "cttz", "abs", "fshl", "fshr")
TAKES = {"copysign": 2, "maxnum": 2, "minnum": 2, "maximum": 2, "minimum": 2, "fma": 3, "fshl": 3, "fshr": 3}
TAKES |= dict.fromkeys(("smin", "smax", "umin", "umax"), 2)
NATIVE = {"f32": "float", "f64": "double"}


def lowered(text: str) -> str:
    module = parse_module(text)
    ExpandMath().apply(None, module)  # type: ignore[arg-type]
    ConvertGpuToNvvm().apply(None, module)  # type: ignore[arg-type]
    module.verify()
    return device_text(module)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture(architecture: str) -> None:
    text = assemble_ptx(lowered(EXAMPLES[0]), architecture)
    assert f".target {architecture}" in text
    assert ".visible .entry twice_0(" in text and ".maxntid 128" in text
    assert re.search(r"ld\.global\.nc\.(b|f)64", text)  # what is only read goes through the read-only cache


def test_memory_of_the_block_and_shuffles() -> None:
    text = assemble_ptx(lowered(EXAMPLES[1]))
    assert text.count("shfl.sync.bfly.b32") == 10 and text.count("bar.sync") == 2
    assert re.search(r"st\.shared\.(b|f)64", text)
    assert ".extern .shared .align 16 .b8 dynamic_shared[]" in assemble_ptx(lowered(EXAMPLES[2].replace("gpu.return", KEEP)))


KEEP = """
    %c0 = arith.constant 0 : index
    %one = arith.constant 1 : i8
    memref.store %one, %m[%c0] : memref<?xi8, #gpu.address_space<workgroup>>
    %v = memref.load %m[%c0] : memref<?xi8, #gpu.address_space<workgroup>>
    gpu.barrier
    gpu.return"""


def test_products_and_sums_are_not_contracted() -> None:
    """A fused product and sum would round once: the numbers would not be those of the CPU."""
    text = EXAMPLES[0].replace("%w = arith.mulf %v, %two : f64", "%u = arith.mulf %v, %v : f64\n%w = arith.addf %u, %two : f64")
    found = assemble_ptx(lowered(text))
    assert "mul.rn.f64" in found and "add.rn.f64" in found and "fma" not in found


def function(declaration: str, call: str) -> str:
    head = f'target triple = "nvptx64-nvidia-cuda"\ndeclare {declaration}\ndefine ptx_kernel void @k(ptr %p)'
    return f"{head} {{\n{call}\n  ret void\n}}\n"


def uses() -> list[tuple[str, str]]:
    """Every intrinsic of the list with each type, in a kernel of its own."""
    found = []
    for stem, types in (*((name, NATIVE) for name in FLOATS), *((name, ("i8", "i16", "i32", "i64")) for name in INTEGERS)):
        for type in types:
            kind = NATIVE.get(type, type)
            loads = [f"  %a{n} = load volatile {kind}, ptr %p" for n in range(TAKES.get(stem, 1))]
            flag = ["i1 false"] if stem in ("ctlz", "cttz", "abs") else []
            given = ", ".join([f"{kind} %a{n}" for n in range(TAKES.get(stem, 1))] + flag)
            takes = ", ".join([kind] * TAKES.get(stem, 1) + ["i1"] * len(flag))
            name = f"llvm.{stem}.{type}"
            call = "\n".join([*loads, f"  %r = call {kind} @{name}({given})", f"  store volatile {kind} %r, ptr %p"])
            found.append((name, function(f"{kind} @{name}({takes})", call)))
    for sign in "su":
        for width in (1, 8, 16, 32, 64):
            for type, kind in NATIVE.items():
                name = f"llvm.fpto{sign}i.sat.i{width}.{type}"
                load = f"  %a = load volatile {kind}, ptr %p\n"
                call = f"{load}  %r = call i{width} @{name}({kind} %a)\n  store volatile i{width} %r, ptr %p"
                found.append((name, function(f"i{width} @{name}({kind})", call)))
    return found


def test_listed_intrinsics_can_be_selected(tmp_path: Path) -> None:
    """In a process of its own, which LLVM would end otherwise; on the oldest and the newest architecture."""
    listed = uses()
    for name, _ in listed:
        assert INTRINSICS.fullmatch(name), name
    program = tmp_path / "select.py"
    program.write_text(
        "from phintys.codegen.ptx import assemble_ptx\n"
        f"for name, text in {listed!r}:\n"
        "    print(name, flush=True)\n"
        f"    for architecture in {(ARCHITECTURES[0], ARCHITECTURES[-1])!r}:\n"
        "        assert '.entry k' in assemble_ptx(text, architecture)\n"
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout.splitlines()[-1:]} {done.stderr[-500:]}"


def test_what_a_gpu_does_not_have_never_reaches_llvm() -> None:
    text = """gpu.module @m {
      func.func private @outside(f64) -> f64
      gpu.func @k(%x: f64, %o: memref<f64>) kernel {
        %y = func.call @outside(%x) : (f64) -> f64
        memref.store %y, %o[] : memref<f64>
        gpu.return
      }
    }"""
    with pytest.raises(TranslationError, match=r"a kernel calls @outside, which a GPU does not have"):
        lowered(text)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("%y = llvm.frem %x, %x : f64", r"llvm\.frem has no exact code for the GPU"),
        ("%y = llvm.intr.exp(%x) : (f64) -> f64", r"a kernel calls @llvm\.exp\.f64, which a GPU does not have"),
    ],
)
def test_what_llvm_has_no_code_for(body: str, message: str) -> None:
    text = f"""gpu.module @m {{
      llvm.func @k(%x: f64, %o: !llvm.ptr) attributes {{nvvm.kernel}} {{
        {body}
        llvm.store %y, %o : f64, !llvm.ptr
        llvm.return
      }}
    }}"""
    with pytest.raises(TranslationError, match=message):
        device_text(parse_module(text))


def test_a_module_without_kernels() -> None:
    """The library's work on the device needs none; a module of another level is not meant."""
    text = ptx(parse_module("builtin.module attributes {gpu.container_module} { func.func @f() { func.return } }"))
    assert ".target sm_75" in text and ".entry" not in text
    with pytest.raises(TranslationError, match=r"no gpu\.module: nothing runs on a GPU"):
        ptx(parse_module("func.func @f() { func.return }"))
