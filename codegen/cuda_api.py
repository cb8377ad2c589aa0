"""Functions of NVIDIA's driver that pycuda does not offer, by ctypes: graphs, and streams of other libraries.

Each function is asked for with the version of CUDA that its signature here is of (`cuGetProcAddress`): names that were given
new signatures later keep meaning the same. All return a status, 0 for success.

Source: NVIDIA, CUDA driver API: driver entry point access, graph management, stream management, event management.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from . import cuda_library
from .driver import DeviceError

HANDLE = ctypes.c_void_p
OUT = ctypes.POINTER(ctypes.c_void_p)
INT, UINT, UINT64 = ctypes.c_int, ctypes.c_uint, ctypes.c_uint64
# Name -> (version of CUDA, types of the arguments).
SIGNATURES: dict[str, tuple[int, tuple[Any, ...]]] = {
    "cuStreamBeginCapture": (10010, (HANDLE, INT)),  # stream, CUstreamCaptureMode
    "cuStreamEndCapture": (10000, (HANDLE, OUT)),  # stream, graph
    "cuGraphInstantiateWithFlags": (11040, (OUT, HANDLE, UINT64)),  # executable graph, graph, flags
    "cuGraphLaunch": (10000, (HANDLE, HANDLE)),  # executable graph, stream
    "cuGraphExecDestroy": (10000, (HANDLE,)),
    "cuGraphDestroy": (10000, (HANDLE,)),
    "cuEventCreate": (2000, (OUT, UINT)),  # event, flags
    "cuEventRecord": (2000, (HANDLE, HANDLE)),  # event, stream
    "cuEventDestroy": (4000, (HANDLE,)),
    "cuStreamWaitEvent": (3020, (HANDLE, HANDLE, UINT)),  # stream, event, flags
    "cuPointerGetAttribute": (4000, (HANDLE, INT, UINT64)),  # value, CUpointer_attribute, address
}
GRAPHS = tuple(name for name in SIGNATURES if name.startswith(("cuGraph", "cuStreamBegin", "cuStreamEnd")))
CAPTURE_RELAXED = 2  # CU_STREAM_CAPTURE_MODE_RELAXED
DISABLE_TIMING = 2  # CU_EVENT_DISABLE_TIMING
DEVICE_ORDINAL = 9  # CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL


@cache
def entry(name: str) -> Any:
    """A function of the driver; `None` where the driver is older than it."""
    library = cuda_library.driver_library()
    version, types = SIGNATURES[name]
    address = HANDLE(None)
    status = ctypes.c_int(0)
    with_status = getattr(library, "cuGetProcAddress_v2", None)
    arguments = (name.encode(), ctypes.byref(address), INT(version), UINT64(0))
    if with_status is not None:
        failed = with_status(*arguments, ctypes.byref(status))
    else:
        plain = getattr(library, "cuGetProcAddress", None)
        failed = 1 if plain is None else plain(*arguments)
    if failed or not address.value:
        return None
    return ctypes.CFUNCTYPE(INT, *types)(address.value)


def call(name: str, *arguments: Any) -> None:
    """Call a function; DeviceError with what the driver says where it fails, or does not have it."""
    function = entry(name)
    if function is None:
        raise DeviceError(f"NVIDIA's driver here is too old for {name}: it knows CUDA up to {cuda_library.driver_version()}")
    status = function(*arguments)
    if status:
        raise DeviceError(f"{name} failed: {error_text(status)}")


def error_text(status: int) -> str:
    """A status in the driver's words."""
    text = ctypes.c_char_p()
    ask = getattr(cuda_library.driver_library(), "cuGetErrorString", None)
    if ask is None or ask(INT(status), ctypes.byref(text)) or not text.value:
        return f"CUDA error {status}"
    return f"{text.value.decode(errors='replace')} (CUDA error {status})"


def missing_for_graphs() -> str | None:
    """Why there are no graphs, `None` where there are."""
    missing = next((name for name in GRAPHS if entry(name) is None), None)
    if missing is None:
        return None
    return f"the driver has no {missing} (CUDA 11.4 brought the last of what is needed): steps are launched one by one"


def made(name: str, *arguments: Any) -> int:
    """The handle that a function gives by its first argument."""
    handle = HANDLE(None)
    call(name, ctypes.byref(handle), *arguments)
    return handle.value or 0


def follow(later: int, earlier: int) -> None:
    """A stream begins nothing further before what another one has now is done; handles of streams."""
    event = made("cuEventCreate", DISABLE_TIMING)
    try:
        call("cuEventRecord", event, earlier)
        call("cuStreamWaitEvent", later, event, 0)
    finally:
        call("cuEventDestroy", event)


def device_of(address: int) -> int:
    """The number of the device that memory is on."""
    number = INT(-1)
    call("cuPointerGetAttribute", ctypes.cast(ctypes.byref(number), HANDLE), DEVICE_ORDINAL, address)
    return number.value
