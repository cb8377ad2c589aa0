"""Tell what this installation has and lacks: versions, processor, BLAS, object cache, GPU, whether a program compiles.

Each line is `ok`, `lacks` (something optional, with the command that brings it) or `BROKEN`. The status is 1 if
anything is broken.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from .report import duration, print_table

OK, LACKS, BROKEN = "ok", "lacks", "BROKEN"
FEATURES = ("avx2", "fma", "avx512f", "neon", "sve")


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    status: str
    subject: str
    text: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`phintys doctor` has no options."""


def main(arguments: argparse.Namespace) -> int:
    """Print all findings."""
    findings = [finding for subject, check in CHECKS.items() for finding in examine(subject, check)]
    rows = [(finding.status, finding.subject, finding.text) for finding in findings]
    print_table("phintys doctor", ("", "what", "found"), rows)
    return 1 if any(finding.status == BROKEN for finding in findings) else 0


def examine(subject: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """The findings of a check; one that fails is a finding too."""
    try:
        yield from check()
    except Exception as error:  # whatever is broken here is what the user wants to be told
        yield Finding(BROKEN, subject, f"{type(error).__name__}: {error}")


def check_python() -> Iterator[Finding]:
    """Interpreter and system."""
    text = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()} {platform.machine()}"
    fits = sys.version_info >= (3, 11) and platform.python_implementation() == "CPython"
    yield Finding(OK if fits else BROKEN, "python", text if fits else f"{text}; CPython 3.11 or newer is needed")


def check_packages() -> Iterator[Finding]:
    """Everything that the distribution requires, and what its extras would bring."""
    for requirement in requires("phintys") or []:
        name, wanted, extra = parse_requirement(requirement)
        if extra == "test" or name == "phintys":
            continue
        try:
            found = version(name)
        except PackageNotFoundError:
            how = f"pip install 'phintys[{extra}]'" if extra else f"pip install '{name}{wanted}'"
            yield Finding(LACKS if extra else BROKEN, name, f"not installed; `{how}` brings it")
            continue
        differs = wanted.startswith("==") and wanted != f"=={found}"
        text = f"{found}, but exactly {wanted[2:]} is needed" if differs else found
        yield Finding(BROKEN if differs else OK, name, text)


def parse_requirement(text: str) -> tuple[str, str, str]:
    """Name, version condition and extra of a requirement such as `numba>=0.60; extra == "bench"`."""
    condition, _, marker = text.partition(";")
    match = re.match(r"([\w.-]+)(?:\[[^]]*\])?\s*(.*)", condition.strip())
    extra = re.search(r"extra == [\"']([\w-]+)", marker)
    name, wanted = match.groups() if match else (condition.strip(), "")
    return name, wanted.strip(), extra[1] if extra else ""


def check_processor() -> Iterator[Finding]:
    """What LLVM compiles for."""
    from llvmlite import binding

    from phintys.codegen.blas import thread_count
    from phintys.codegen.defaults import default_threads

    present = binding.get_host_cpu_features()
    features = ", ".join(name for name in FEATURES if present.get(name)) or "no vector extension that matters"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Finding(OK, "processor", f"{binding.get_host_cpu_name()} with {features}; {cores} cores for this process")
    yield Finding(
        OK, "threads", f"{default_threads()} for loops and products (PHINTYS_NUM_THREADS), {thread_count()} for LAPACK"
    )


def check_blas() -> Iterator[Finding]:
    """The library behind dot."""
    from phintys.codegen.blas import chosen

    library = chosen()
    path = library.find()
    text = f"no library of the package {library.package}" if path is None else f"{library.name}: {path}"
    yield Finding(BROKEN if path is None else OK, "BLAS", text)
    yield from check_lapack()


def check_lapack() -> Iterator[Finding]:
    """What carries out linear algebra: the same library, or NumPy where it lacks a routine."""
    from phintys.codegen.blas import LAPACK, lacks

    missing = lacks()
    text = f"{len(LAPACK)} routines of the same library, called without Python"
    if missing:
        text = f"the library has no {', '.join(missing)}; NumPy computes inverses and decompositions, at 10 to 20 us a call"
    yield Finding(LACKS if missing else OK, "LAPACK", text)


def check_cache() -> Iterator[Finding]:
    """Where compiled objects are kept."""
    from phintys.codegen.cache import directory

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        folder = directory()
    if folder is None:
        reason = str(caught[0].message) if caught else "turned off by PHINTYS_CACHE=0; every process compiles anew"
        yield Finding(LACKS, "object cache", reason)
        return
    sizes = [path.stat().st_size for path in folder.iterdir()]
    yield Finding(OK, "object cache", f"{folder}: {len(sizes)} objects, {sum(sizes) / 1e6:.1f} MB")


def check_gpu() -> Iterator[Finding]:
    """What functions on a GPU need."""
    from .doctor_gpu import rows

    for found, subject, text in rows():
        yield Finding(OK if found else LACKS, subject, text)


def check_compiler() -> Iterator[Finding]:
    """A function and a gradient, compiled and called."""
    import phintys
    import phintys.tensor as T

    started = time.perf_counter()
    x = T.dscalar("x")
    slope = phintys.function([x], T.grad((x - 4) * (2 * x**2 + 6), x))
    result = float(slope(0.0))
    elapsed = duration(time.perf_counter() - started)
    right = result == 6.0
    text = f"the gradient of (x - 4)(2x² + 6) at 0 is {result}" + (f", first result after {elapsed}" if right else ", not 6")
    yield Finding(OK if right else BROKEN, "compiler", text)


CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "python": check_python,
    "packages": check_packages,
    "processor": check_processor,
    "BLAS": check_blas,
    "object cache": check_cache,
    "GPU": check_gpu,
    "compiler": check_compiler,
}
