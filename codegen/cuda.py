"""NVIDIA's GPU as a driver for launch plans, by pycuda.

Streams wait for CUDA's default one and are waited for by it, as other libraries expect. The context is the device's primary
one, which they use too.

Source: NVIDIA, CUDA driver API; pycuda's documentation of `pycuda.driver` (2026.1). Written without a GPU at hand: its calls
are tested against a stand-in, not against the driver.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from struct import Struct
from typing import Any

from . import cuda_api, cuda_library
from .architectures import ARCHITECTURES
from .device_options import options
from .driver import Array, DeviceError, Driver, Event, Graph, Launch, Matrix, Stream
from .launch_plan import Kernel

PLAIN_SHARED = 48 * 1024  # bytes of shared memory that a kernel has without being asked for more
NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING


class CudaEvent(Event):
    """An event of pycuda's."""

    def __init__(self, cuda: Any) -> None:
        self.event = cuda.Event(cuda.event_flags.DISABLE_TIMING)

    def record(self, stream: Any) -> None:
        """See `Event.record`."""
        self.event.record(stream.stream)

    def synchronize(self) -> None:
        """See `Event.synchronize`."""
        self.event.synchronize()


class CudaStream(Stream):
    """A stream of pycuda's."""

    def __init__(self, driver: CudaDriver, flags: int = 0) -> None:
        self.driver = driver
        self.cuda = driver.cuda
        self.stream = driver.cuda.Stream(flags)
        self.handle = self.home = int(self.stream.handle)  # home: the stream on which its work is done in the end

    def upload(self, address: int, array: Array) -> None:
        """See `Stream.upload`."""
        self.cuda.memcpy_htod_async(address, array, self.stream)

    def download(self, array: Array, address: int) -> None:
        """See `Stream.download`."""
        self.cuda.memcpy_dtoh_async(array, address, self.stream)

    def copy(self, target: int, source: int, size: int) -> None:
        """See `Stream.copy`."""
        if size:
            self.cuda.memcpy_dtod_async(target, source, size, self.stream)

    def gemm(self, dtype: str, alpha: float, a: Matrix, b: Matrix, beta: float, c: Matrix) -> None:
        """See `Stream.gemm`. cuBLAS is loaded by the first product."""
        blas = self.driver.blas()
        blas.use(self.handle, self.home)
        blas.use_tf32(options.tf32)
        blas.gemm(dtype, alpha, a, b, beta, c)

    def wait(self, event: Event) -> None:
        """See `Stream.wait`."""
        assert isinstance(event, CudaEvent)
        self.stream.wait_for_event(event.event)

    def synchronize(self) -> None:
        """See `Stream.synchronize`."""
        self.stream.synchronize()


class _Module:
    """A module of pycuda's. Who drops it last does not unload it: that takes the context, and no work that uses it."""

    def __init__(self, module: Any, gone: list[Any]) -> None:
        self.module, self.gone = module, gone

    def __del__(self) -> None:
        self.gone.append(self.module)


class _Elsewhere:
    """The context of a GPU in a process that was forked from the one that has it: CUDA does not work there."""

    def __init__(self, name: str) -> None:
        self.name = name

    def push(self) -> None:
        """DeviceError."""
        raise DeviceError(
            f"{self.name} belongs to the process that this one was forked from: start processes by "
            "multiprocessing.get_context('spawn'), or use the GPU in them only"
        )


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
        cuda_library.check_number(device, cuda.Device.count())
        found = cuda.Device(device)
        self.cuda = cuda
        self.name = f"cuda{device} ({found.name()})"
        self.device_number = device
        self.capability = found.compute_capability()
        self.architecture = architecture_for(*self.capability)
        self.context = found.retain_primary_context()
        self._lock = threading.RLock()
        self._blas: Any = None
        self._capture: CudaStream | None = None
        self._blocks: dict[int, Any] = {}
        self._gone: list[Any] = []  # modules of functions that are gone
        super().__init__()
        # For good: pycuda ends a context that is not its own wrongly, and what belongs to one not at all, but in the thread
        # that has made it. The process gives all back.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self))
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)

    def _forked(self) -> None:
        self._lock = threading.RLock()
        self.context = _Elsewhere(self.name)

    def __enter__(self) -> None:
        self._lock.acquire()
        try:
            self.context.push()
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, *error: object) -> None:
        self.cuda.Context.pop()
        self._lock.release()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """See `Driver.shared`."""
        self.context.push()
        try:
            yield
        finally:
            self.cuda.Context.pop()

    # --- memory --------------------------------------------------------------------------------------------------------------

    def ask(self, size: int) -> int:
        """See `Driver.ask`."""
        try:
            block = self.cuda.mem_alloc(size)
        except self.cuda.MemoryError as error:
            raise MemoryError(f"{self.name} has no {size} bytes left: {error}") from None
        self._blocks[int(block)] = block
        return int(block)

    def give_back(self, address: int) -> None:
        """See `Driver.give_back`."""
        self._blocks.pop(address).free()

    def page_locked(self, size: int) -> Array:
        """See `Driver.page_locked`."""
        try:
            found: Array = self.cuda.pagelocked_empty(size, "uint8")
        except self.cuda.Error as error:
            raise MemoryError(f"no {size} bytes of the host's memory can be page-locked: {error}") from None
        return found

    def owns(self, address: int) -> bool:
        """See `Driver.owns`."""
        return cuda_api.device_of(address) == self.device_number

    # --- streams -------------------------------------------------------------------------------------------------------------

    def make_stream(self) -> Stream:
        """See `Driver.make_stream`."""
        return CudaStream(self)

    def make_event(self) -> Event:
        """See `Driver.make_event`."""
        return CudaEvent(self.cuda)

    def settle(self) -> None:
        """See `Driver.settle`."""
        self.cuda.Context.synchronize()

    def wait_for(self, stream: Stream, foreign: int) -> None:
        """See `Driver.wait_for`."""
        cuda_api.follow(stream.handle, foreign)

    def let_wait(self, foreign: int, stream: Stream) -> None:
        """See `Driver.let_wait`."""
        cuda_api.follow(foreign, stream.handle)

    # --- work ----------------------------------------------------------------------------------------------------------------

    def no_graphs(self) -> str | None:
        """See `Driver.no_graphs`."""
        return cuda_api.missing_for_graphs()

    def captured(self, work: Callable[[Stream], None], stream: Stream) -> Graph:
        """See `Driver.captured`."""
        from .cuda_graphs import captured

        if self._capture is None:
            self._capture = CudaStream(self, NON_BLOCKING)
        self._capture.home = stream.handle
        return captured(self._capture, work)

    def blas(self) -> Any:
        """cuBLAS for this context."""
        if self._blas is None:
            from .cublas import Cublas

            self._blas = Cublas(self.ask, self.capability[0])
        return self._blas

    def load(self, code: str, kernels: Sequence[Kernel]) -> list[Launch]:
        """See `Driver.load`; the driver translates the PTX for its device, and keeps the result on disk itself.

        Modules that nobody has any more are unloaded first.
        """
        if self._gone:
            self.settle()
            self._gone.clear()
        module = _Module(self.cuda.module_from_buffer(code.encode() + b"\0"), self._gone)
        return [self._launcher(module, kernel) for kernel in kernels]

    def _launcher(self, module: _Module, kernel: Kernel) -> Launch:
        function = module.module.get_function(kernel.name)
        # What pycuda's `prepared_async_call` ends in, without its deprecated call of the driver and its look-ups each time.
        pack, call = Struct(kernel.format).pack, function._launch_kernel
        largest = self.cuda.function_attribute.MAX_DYNAMIC_SHARED_SIZE_BYTES
        allowed = PLAIN_SHARED

        def launch(stream: Any, blocks: int, threads: int, shared: int, *arguments: Any) -> None:
            nonlocal allowed
            if shared > allowed:
                function.set_attribute(largest, shared)
                allowed = shared
            if blocks:
                call((blocks, 1, 1), (threads, 1, 1), pack(*arguments), shared, stream.stream)

        launch.module = module  # type: ignore[attr-defined]  # which would be left to the driver with its last reference
        return launch


def architecture_for(major: int, minor: int) -> str:
    """The newest architecture whose PTX a device of this compute capability takes."""
    fits = [name for name in ARCHITECTURES if int(name.removeprefix("sm_")) <= major * 10 + minor]
    if not fits:
        raise DeviceError(
            f"the GPU has compute capability {major}.{minor}; {ARCHITECTURES[0].removeprefix('sm_')[0]}."
            f"{ARCHITECTURES[0][-1]} is the oldest that kernels are made for"
        )
    return max(fits, key=lambda name: int(name.removeprefix("sm_")))
