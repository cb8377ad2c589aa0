"""What `phintys doctor` tells about GPUs: the driver, its devices, pycuda, cuBLAS, ptxas; for each what would bring it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from phintys.codegen import cuda_api, cuda_library
from phintys.codegen.cublas import NEEDED

Row = tuple[bool, str, str]  # whether it is there, what, in words


def rows() -> Iterator[Row]:
    """All findings; none of these programs is needed on the CPU."""
    library = cuda_library.driver_library()
    if library is None:
        yield False, "GPU driver", f"no NVIDIA driver on this machine ({cuda_library.DRIVER} is not found); all runs on the CPU"
    else:
        yield True, "GPU driver", f"NVIDIA's, for CUDA up to {cuda_library.driver_version() or 'an unknown version'}"
        yield from _devices()
    yield from (_pycuda(), _cublas(), _ptxas())
    if library is not None:
        yield _graphs()
    reason = cuda_library.missing()
    if reason is None:
        yield True, "device=cuda", "everything is there; `python -m tests.gpu` checks it (in the repository)"
    else:
        yield False, "device=cuda", reason.removeprefix("device=cuda ")


def _devices() -> Iterator[Row]:
    count, status = cuda_library.device_count()
    if not count:
        yield False, "GPU", f"the driver offers no device (CUDA error {status}); see `nvidia-smi` and CUDA_VISIBLE_DEVICES"
    for number in range(count):
        name = cuda_library.device_name(number)
        yield not name.startswith("cannot be asked"), "GPU", f"cuda{number}: {name}"


def _pycuda() -> Row:
    try:
        return True, "GPU pycuda", version("pycuda")
    except PackageNotFoundError:
        how = "`pip install 'phintys[cuda]'` builds it, with CUDA's nvcc on the PATH"
        return False, "GPU pycuda", f"not installed; {how}"


def _cublas() -> Row:
    path = cuda_library.cublas_path()
    return path is not None, "GPU cuBLAS", path or NEEDED


def _graphs() -> Row:
    reason = cuda_api.missing_for_graphs()
    return reason is None, "GPU graphs", reason or "steps that repeat are replayed (cuda.graphs=off turns it off)"


def _ptxas() -> Row:
    path = cuda_library.ptxas_path()
    text = path or "not found; functions do not need it (`pip install nvidia-cuda-nvcc` brings it for tests of kernels)"
    return path is not None, "GPU ptxas", text
