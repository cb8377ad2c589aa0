"""NVIDIA's GPU as a driver for launch plans, by pycuda.

One stream takes the work of all functions, so that memory and states that they share are used in order without events. The
stream waits for CUDA's default one and is waited for by it, as other libraries expect. The context is the device's primary
one, which they use too.

Source: NVIDIA, CUDA driver API; pycuda's documentation of `pycuda.driver`. Written without a GPU at hand: its calls are tested
against a stand-in, not against the driver.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from typing import Any

from . import cuda_library
from .architectures import ARCHITECTURES
from .device_options import options
from .device_pool import Pool
from .driver import Array, DeviceError, Driver, Launch, Matrix
from .launch_plan import Kernel

MEMORY_TYPE = 2  # CU_POINTER_ATTRIBUTE_MEMORY_TYPE
PLAIN_SHARED = 48 * 1024  # bytes of shared memory that a kernel has without being asked for more


class CudaDriver(Driver):
    """The GPU of number `device`. DeviceError, in one sentence, where it cannot be used."""

    def __init__(self, device: int = 0) -> None:
        cuda_library.check()
        try:
            import pycuda.driver as cuda

            cuda.init()
        except Exception as error:  # an extension module of another CUDA fails in many ways
            reason = f"{type(error).__name__}: {error}"
            raise DeviceError(f"device=cuda needs pycuda, which does not load here ({reason}): build it anew") from None
        if device >= cuda.Device.count():
            raise DeviceError(f"device=cuda{device} does not exist: there are {cuda.Device.count()} devices, from cuda0 on")
        found = cuda.Device(device)
        self.cuda = cuda
        self.name = f"cuda{device} ({found.name()})"
        self.device_number = device
        self.architecture = architecture_for(*found.compute_capability())
        self.context = found.retain_primary_context()
        self._lock = threading.RLock()
        self._blas: Any = None
        with self:
            self._stream = cuda.Stream()
        self.stream = int(self._stream.handle)
        self.pool = Pool(self._ask, self._give_back)
        self._blocks: dict[int, Any] = {}

    def __enter__(self) -> None:
        self._lock.acquire()
        self.context.push()

    def __exit__(self, *error: object) -> None:
        self.cuda.Context.pop()
        self._lock.release()

    # --- memory --------------------------------------------------------------------------------------------------------------

    def _ask(self, size: int) -> int:
        try:
            block = self.cuda.mem_alloc(size)
        except self.cuda.MemoryError as error:
            raise MemoryError(f"{self.name} has no {size} bytes left: {error}") from None
        self._blocks[int(block)] = block
        return int(block)

    def _give_back(self, address: int) -> None:
        self._blocks.pop(address).free()

    def allocate(self, size: int) -> int:
        """The pool's."""
        return self.pool.allocate(size)

    def free(self, address: int) -> int:
        """The pool's."""
        return self.pool.free(address)

    def upload(self, address: int, array: Array) -> None:
        """The driver has read ordinary memory when the call returns; pinned memory it reads later."""
        if array.nbytes:
            self.cuda.memcpy_htod_async(address, array, self._stream)
            if is_pinned(array):
                self._stream.synchronize()

    def download(self, array: Array, address: int) -> None:
        """See `Driver.download`."""
        if array.nbytes:
            self.cuda.memcpy_dtoh_async(array, address, self._stream)
        self._stream.synchronize()

    def copy(self, target: int, source: int, size: int) -> None:
        """See `Driver.copy`."""
        if size:
            self.cuda.memcpy_dtod_async(target, source, size, self._stream)

    # --- work ----------------------------------------------------------------------------------------------------------------

    def load(self, code: str, kernels: Sequence[Kernel]) -> list[Launch]:
        """See `Driver.load`; the driver translates the PTX for its device, and keeps the result on disk itself."""
        module = self.cuda.module_from_buffer(code.encode() + b"\0")
        return [self._launcher(module, kernel) for kernel in kernels]

    def _launcher(self, module: Any, kernel: Kernel) -> Launch:
        function = module.get_function(kernel.name)
        function.prepare(kernel.format)
        call, stream = function.prepared_async_call, self._stream
        largest = self.cuda.function_attribute.MAX_DYNAMIC_SHARED_SIZE_BYTES
        allowed = PLAIN_SHARED

        def launch(blocks: int, threads: int, shared: int, *arguments: Any) -> None:
            nonlocal allowed
            if shared > allowed:
                function.set_attribute(largest, shared)
                allowed = shared
            if blocks:
                call((blocks, 1, 1), (threads, 1, 1), stream, *arguments, shared_size=shared)

        launch.module = module  # type: ignore[attr-defined]  # which would be unloaded with its last reference
        return launch

    def gemm(self, dtype: str, alpha: float, a: Matrix, b: Matrix, beta: float, c: Matrix) -> None:
        """See `Driver.gemm`. cuBLAS is loaded by the first product."""
        if self._blas is None:
            from .cublas import Cublas

            self._blas = Cublas(self.stream)
        self._blas.use_tf32(options.tf32)
        self._blas.gemm(dtype, alpha, a, b, beta, c)

    def synchronize(self) -> None:
        """See `Driver.synchronize`."""
        self._stream.synchronize()

    def wait_for(self, stream: int) -> None:
        """The default stream (0 and 1) is waited for anyway; for any other, the host waits."""
        if stream in (0, 1):
            return
        status = cuda_library.driver_library().cuStreamSynchronize(ctypes.c_void_p(stream))
        if status:
            raise DeviceError(f"the stream of an array that was given cannot be waited for (CUDA error {status})")


def is_pinned(array: Array) -> bool:
    """Whether the driver knows the memory of an array."""
    kind = ctypes.c_uint(0)
    ask = cuda_library.driver_library().cuPointerGetAttribute
    return not ask(ctypes.byref(kind), ctypes.c_int(MEMORY_TYPE), ctypes.c_void_p(array.ctypes.data)) and bool(kind.value)


def architecture_for(major: int, minor: int) -> str:
    """The newest architecture whose PTX a device of this compute capability takes."""
    fits = [name for name in ARCHITECTURES if int(name.removeprefix("sm_")) <= major * 10 + minor]
    if not fits:
        raise DeviceError(
            f"the GPU has compute capability {major}.{minor}; {ARCHITECTURES[0].removeprefix('sm_')[0]}."
            f"{ARCHITECTURES[0][-1]} is the oldest that kernels are made for"
        )
    return max(fits, key=lambda name: int(name.removeprefix("sm_")))
