"""The table of configuration flags: name, default, accepted values, meaning. Theano's names; a dot makes a section."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


def boolean(value: Any) -> bool:
    """`True`, `1`, `"yes"`, ... as a truth value; ValueError for anything else."""
    text = str(value).lower()
    if text in ("true", "1", "yes", "on"):
        return True
    if text in ("false", "0", "no", "off", ""):
        return False
    raise ValueError(f"expected True or False, got {value!r}")


def text(value: Any) -> str:
    """Any value as text (Theano writes `mode=None` and `optimizer=None` as the word)."""
    return str(value)


def watched(value: Any) -> int:
    """How much to print of compiling: 0 (nothing) to 5; ValueError for anything else."""
    if str(value) not in ("0", *LOUDNESS):
        raise ValueError(f"expected a number from 0 to {LOUDNESS[-1]}, got {value!r}")
    return int(value)


def number_of_threads(value: Any) -> int:
    """A number of threads, 0 for as many as the environment says; ValueError for anything else."""
    if str(value).isdigit() and int(value) <= MOST_THREADS:
        return int(value)
    raise ValueError(f"expected a number from 1 to {MOST_THREADS}, or 0 for as many as there are cores, got {value!r}")


def use_threads(flags: Mapping[str, Any]) -> None:
    """Tell the runtime how many threads it may use."""
    from phintys.codegen.threads import set_threads

    set_threads(flags["threads"] or None if flags["openmp"] else 1)


DEVICES = ("cpu", "cuda", "cuda_emulated", "cuda_emulated_backward")


def device_name(value: Any) -> str:
    """The name of a device; ValueError for anything else."""
    name = str(value)
    if name in DEVICES or (name.startswith("cuda") and name[4:].isdecimal()):
        return name
    raise ValueError(f"expected one of {', '.join(DEVICES)}, or cuda1, cuda2, ... for other GPUs than the first, got {name!r}")


def use_blas(flags: Mapping[str, Any]) -> None:
    """Tell which library has the matrix products; ValueError after another was loaded."""
    from phintys.codegen.blas import ask_for_library

    ask_for_library(flags["blas.ldflags"])


def use_device(flags: Mapping[str, Any]) -> None:
    """Tell the GPU's driver, or leave it for when there is one."""
    from phintys.codegen.device_options import choose

    choose(flags["cuda.tf32"], flags["cuda.atomics"], flags["cuda.streams"], flags["cuda.graphs"] == "auto")


def number_of_streams(value: Any) -> int:
    """At least 1; ValueError for anything else."""
    if str(value).isdigit() and 1 <= int(value) <= MOST_THREADS:
        return int(value)
    raise ValueError(f"expected a number from 1 to {MOST_THREADS}, got {value!r}")


def anything(value: Any) -> Any:
    """A value as it is."""
    return value


@dataclass(frozen=True)
class Flag:
    """One flag: `read` converts and checks a value; `choices` are all accepted ones, if there are few.

    `apply`, if there is one, is called with the values of all flags after this one has changed.
    """

    name: str
    default: Any
    read: Callable[[Any], Any] = text
    choices: tuple[str, ...] = ()
    doc: str = ""
    apply: Callable[[Mapping[str, Any]], None] | None = None


MOST_THREADS = 1024
LOUDNESS = ("1", "2", "3", "4", "5")
_REPORT = ("off", "ignore", "warn", "raise", "pdb")

# Flags that have an effect.
USED = (
    Flag("floatX", "float64", choices=("float64", "float32"), doc="dtype of constructors without a prefix letter"),
    Flag("cast_policy", "custom", choices=("custom", "numpy+floatX"), doc="dtype of Python numbers in expressions"),
    Flag(
        "device",
        "cpu",
        device_name,
        doc="where functions run, see `function(target=)`",
    ),
    Flag("cuda.tf32", False, boolean, doc="whether float32 matrices are rounded to tf32 in products", apply=use_device),
    Flag("cuda.atomics", False, boolean, doc="whether sums at places that come twice round as threads come", apply=use_device),
    Flag("cuda.streams", 64, number_of_streams, doc="functions on a GPU with a stream of their own", apply=use_device),
    Flag("cuda.graphs", "auto", choices=("auto", "off"), doc="replay steps that repeat as CUDA graphs", apply=use_device),
    Flag("on_unused_input", "raise", choices=("raise", "warn", "ignore"), doc="inputs that no result depends on"),
    Flag("mode", "Mode", doc="default mode of functions"),
    Flag("compute_test_value", "off", choices=_REPORT, doc="compute expressions as they are written"),
    Flag("debug", 0, watched, doc="how much to print of compiling, see `compile_loudly`"),
    Flag("profile", False, boolean, doc="measure calls, kernels, lines and memory of every function"),
    Flag("profiling.n_apply", 20, int, doc="kernels and arrays that a profile shows"),
    Flag("profiling.n_ops", 20, int, doc="lines of the program that a profile shows"),
    Flag("profiling.destination", "stderr", doc="where profiles go when the program ends: stderr, stdout or a file"),
    Flag("DebugMode.check_finite", True, boolean, doc="whether DebugMode refuses NaN and infinities"),
    Flag("NanGuardMode.nan_is_error", True, boolean, doc="whether NanGuardMode refuses NaN"),
    Flag("NanGuardMode.inf_is_error", True, boolean, doc="whether it refuses infinities"),
    Flag("NanGuardMode.big_is_error", True, boolean, doc="whether it refuses numbers beyond 1e10"),
    Flag("threads", 0, number_of_threads, doc="threads of loops and products; 0: see README", apply=use_threads),
    Flag("openmp", True, boolean, doc="whether there is more than one thread", apply=use_threads),
    Flag(
        "blas.ldflags", "", doc="-lmkl_rt or -lopenblas: whose matrix products; else MKL's if it is installed", apply=use_blas
    ),
    Flag("check_bounds", False, boolean, doc="whether code checks each access to memory: slow, finds errors of the compiler"),
    Flag("exception_verbosity", "low", choices=("low", "high"), doc="how much an error of a function says"),
)

# Flags of Theano's that programs set and that change nothing here: they are read, checked and kept.
KEPT = (
    Flag("optimizer", "o4"),
    Flag("linker", "cvm"),
    Flag("cxx", ""),
    Flag("force_device", False, boolean),
    Flag("assert_no_cpu_op", "ignore"),
    Flag("compute_test_value_opt", "off", choices=_REPORT),
    Flag("on_opt_error", "warn", choices=("warn", "raise", "pdb", "ignore")),
    Flag("on_shape_error", "warn", choices=("warn", "raise")),
    Flag("int_division", "int", choices=("int", "raise", "floatX")),
    Flag("warn_float64", "ignore", choices=("ignore", "warn", "raise", "pdb")),
    Flag("allow_gc", True, boolean),
    Flag("openmp_elemwise_minsize", 200000, int),
    Flag("optimizer_including", ""),
    Flag("optimizer_excluding", ""),
    Flag("optimizer_requiring", ""),
    Flag("optimizer_verbose", False, boolean),
    Flag("deterministic", "default"),
    Flag("profile_optimizer", False, boolean),
    Flag("profile_memory", False, boolean),
    Flag("base_compiledir", ""),
    Flag("compiledir", ""),
    Flag("compiledir_format", ""),
    Flag("compile_wait", 5, int),
    Flag("compile_timeout", 120, int),
    Flag("unpickle_function", True, boolean),
    Flag("reoptimize_unpickled_function", False, boolean),
    Flag("pickle_test_value", True, boolean),
    Flag("print_test_value", False, boolean),
    Flag("print_active_device", True, boolean),
    Flag("lib.amdlibm", False, boolean),
    Flag("lib.cnmem", 0.0, float),
    Flag("gcc.cxxflags", ""),
    Flag("nvcc.fastmath", False, boolean),
    Flag("nvcc.flags", ""),
    Flag("dnn.enabled", "auto"),
    Flag("dnn.conv.algo_fwd", "small"),
    Flag("dnn.conv.algo_bwd_filter", "none"),
    Flag("dnn.conv.algo_bwd_data", "none"),
    Flag("gpuarray.preallocate", 0.0, float),
    Flag("scan.allow_gc", False, boolean),
    Flag("scan.allow_output_prealloc", True, boolean),
    Flag("scan.debug", False, boolean),
    Flag("traceback.limit", 8, int),
    Flag("traceback.compile_limit", 0, int),
    Flag("numpy.seterr_all", "ignore"),
    Flag("numpy.seterr_divide", "None"),
    Flag("numpy.seterr_over", "None"),
    Flag("numpy.seterr_under", "None"),
    Flag("numpy.seterr_invalid", "None"),
    Flag("unittests.rseed", "666"),
    Flag("tensor.cmp_sloppy", 0, int),
    Flag("tensor.local_elemwise_fusion", True, boolean),
    Flag("experimental.local_alloc_elemwise", False, boolean),
    Flag("profiling.time_thunks", True, boolean),
    Flag("profiling.ignore_first_call", False, boolean),
    Flag("NanGuardMode.action", "raise"),
    Flag("DebugMode.patience", 10, int),
    Flag("DebugMode.check_c", True, boolean),
    Flag("DebugMode.check_py", True, boolean),
    Flag("DebugMode.check_strides", 0, int),
    Flag("warn.ignore_bug_before", "0.9"),
    Flag("warn.sum_div_dimshuffle_bug", False, boolean),
    Flag("warn.subtensor_merge_bug", False, boolean),
)

FLAGS: dict[str, Flag] = {flag.name: flag for flag in (*USED, *KEPT)}

# Sections whose flags Theano kept adding to: any name in them is accepted.
OPEN_SECTIONS = ("warn", "gcc", "nvcc", "cuda", "dnn", "gpuarray", "magma", "ctc", "metaopt", "cmodule")
