"""The driver on pycuda, against a stand-in: the order and the arguments of its calls (there is no GPU in these tests)."""

from __future__ import annotations

import ctypes
import gc
import os
import struct
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from nvidia import CUBLAS, DRIVER, Library
from standin import StandIn

import phintys
import phintys.tensor as T
from phintys import function, shared
from phintys.codegen import cublas, cuda_api, cuda_graphs, cuda_library, device
from phintys.codegen.cuda import CudaDriver, architecture_for
from phintys.codegen.device_array import DeviceArray, from_interface
from phintys.codegen.device_pool import Pool, rounded
from phintys.codegen.driver import DeviceError, blas_matrix
from phintys.codegen.launch_plan import Kernel
from phintys.codegen.recording import RecordingDriver


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> StandIn:
    made = StandIn()
    package = ModuleType("pycuda")
    package.driver = made.module()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pycuda", package)
    monkeypatch.setitem(sys.modules, "pycuda.driver", package.driver)  # type: ignore[attr-defined]
    monkeypatch.setattr(cuda_library, "missing", lambda: None)
    monkeypatch.setattr(cuda_library, "driver_library", lambda: made.library)
    monkeypatch.setattr(cublas, "cublas_path", lambda: "libcublas.so")
    monkeypatch.setattr(cublas, "open_library", lambda path: Library(made.calls, CUBLAS))
    cuda_api.entry.cache_clear()
    request.addfinalizer(cuda_api.entry.cache_clear)
    cuda_graphs._DONE.clear()
    return made


def since(cuda: StandIn, *kinds: str) -> list[tuple[Any, ...]]:
    """The calls of these kinds, which are forgotten."""
    found = [call for call in cuda.calls if call[0] in kinds or not kinds]
    cuda.calls.clear()
    return found


def test_a_call_from_end_to_end(cuda: StandIn) -> None:
    before = device.use(None)
    try:
        w, x = shared(np.ones(3), "w"), T.dvector("x")
        f = function([x], (w * x), updates=[(w, w + 1)], target="cuda")
        loads = since(cuda, "load")
        assert len(loads) == 1 and b".target sm_90" in loads[0][1] and loads[0][1].endswith(b"\0")
        f(np.ones(3))
        kinds = [call[0] for call in cuda.calls]
        assert kinds[:4] == ["stream", "mem_alloc", "pagelocked", "htod"] and kinds[-2:] == ["dtoh", "synchronize"]
        launches = since(cuda, "launch")
        assert launches and all(call[4] == 77 and call[2][1:] == call[3][1:] == (1, 1) for call in launches)
        f(np.ones(3))
        since(cuda)
        f(np.ones(3))
        assert since(cuda, "mem_alloc", "pagelocked") == []  # all memory comes from the pools
        assert cuda.depth == 0
    finally:
        device.use(before)


@pytest.mark.parametrize("shape", [(), (2, 3), (0, 4)])
def test_dlpack_lends_memory_until_its_taker_lets_go(cuda: StandIn, shape: tuple[int, ...]) -> None:
    driver = CudaDriver()
    driver.device_type = 1  # the stand-in's memory is the host's, which NumPy takes
    value = np.arange(np.prod(shape, dtype=int), dtype="float32").reshape(shape)
    array = DeviceArray.of(driver, value)
    seen, capsule = np.from_dlpack(array), array.__dlpack__()  # type: ignore[arg-type]
    assert seen.dtype == value.dtype and seen.shape == shape and (seen == value).all()
    if value.size:
        assert seen.ctypes.data == array.address
    with pytest.raises(BufferError, match="is not handed to device"):
        array.__dlpack__(dl_device=(2, 1))
    del array
    gc.collect()
    assert not driver.main.idle
    del seen, capsule
    gc.collect()
    assert [len(blocks) for blocks in driver.main.idle.values()] == [1]


def test_streams_of_takers_wait_for_ours(cuda: StandIn) -> None:
    array = DeviceArray.of(CudaDriver(), np.ones(3))
    for stream in (None, 0, 1, -1):  # the default stream waits of itself
        array.__dlpack__(stream=stream)
    assert since(cuda, "cuStreamWaitEvent", "synchronize") == []
    array.__dlpack__(stream=900)
    calls = since(cuda, "cuEventCreate", "cuEventRecord", "cuStreamWaitEvent", "cuEventDestroy")
    assert [call[0] for call in calls] == ["cuEventCreate", "cuEventRecord", "cuStreamWaitEvent", "cuEventDestroy"]
    event = calls[1][1]
    assert calls[0][2] == 2 and calls[1] == ("cuEventRecord", event, 77) and calls[2] == ("cuStreamWaitEvent", 900, event, 0)


class Foreign:
    """An array of another library."""

    def __init__(self, array: DeviceArray, stream: int | None) -> None:
        self.array = array
        self.__cuda_array_interface__ = {**array.__cuda_array_interface__, "stream": stream}


def test_arrays_of_others_are_waited_for_and_waited_with(cuda: StandIn) -> None:
    before = device.use(None)
    try:
        x = T.dvector("x")
        f = function([x], x + 1, target="cuda")
        driver = device.current()
        there = DeviceArray.of(driver, np.arange(3.0))
        cuda.library.effects["cuPointerGetAttribute"] = lambda value, kind, address: ctypes.memset(value, 0, 4)
        since(cuda)
        f(Foreign(there, 1))
        assert since(cuda, "cuEventRecord") == []
        f(Foreign(there, 900))
        foreign = [call for call in since(cuda, "cuEventRecord", "cuStreamWaitEvent", "launch")]
        kinds = [(call[0], call[2] if call[0] == "cuEventRecord" else call[1]) for call in foreign if call[0] != "launch"]
        ours, main = driver.queues[0].stream.handle, driver.main.stream.handle
        assert kinds == [
            ("cuEventRecord", 900),
            ("cuStreamWaitEvent", main),
            ("cuEventRecord", ours),
            ("cuStreamWaitEvent", 900),
        ]
        assert [call[0] for call in foreign][2] == "launch"
        cuda.library.effects["cuPointerGetAttribute"] = lambda value, kind, address: ctypes.memset(value, 1, 1)
        assert from_interface(driver, Foreign(there, 1)) is None  # on another device
    finally:
        device.use(before)


def test_launches(cuda: StandIn) -> None:
    driver = CudaDriver()
    with driver:
        (launch,) = driver.load(".ptx", [Kernel("k", ("f64[?]", "index", "f32", "i1"), 128)])
        launch = driver.main.launcher(launch)
        launch(4, 128, 0, 4096, 10, 10, 0.5, True)
        launch(0, 128, 0, 4096, 0, 0, 0.5, True)
        launch(4, 128, 60000, 4096, 10, 10, 0.5, False)
        launch(4, 128, 50000, 4096, 10, 10, 0.5, False)
    calls = since(cuda, "launch", "set_attribute")
    packed = struct.pack("@Pqqf?", 4096, 10, 10, 0.5, True)  # each where C would have it in a struct
    assert len(packed) == 29 and calls[0] == ("launch", "k", (4, 1, 1), (128, 1, 1), 77, packed, 0)
    assert [call[0] for call in calls] == ["launch", "set_attribute", "launch", "launch"]
    assert calls[1] == ("set_attribute", "most shared", 60000)


def test_modules_that_nobody_has_are_unloaded_in_the_context_when_all_work_is_done(cuda: StandIn) -> None:
    driver = CudaDriver()
    with driver:
        (launch,) = driver.load(".ptx", [Kernel("k", ("f64[?]",), 128)])
    since(cuda)
    del launch  # where no context is current, by whichever thread
    gc.collect()
    assert since(cuda) == []
    with driver:
        driver.load(".ptx", [])
    assert [call[0] for call in cuda.calls] == ["settle", "unload", "load"] and cuda.calls[1][1] == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_is_told_that_it_has_no_gpu(cuda: StandIn) -> None:
    driver = CudaDriver()
    reader, writer = os.pipe()
    with driver:  # whose lock is taken meanwhile
        child = os.fork()
        if not child:
            try:
                with driver:
                    pass
            except DeviceError as error:
                os.write(writer, str(error).encode())
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as file:
        assert file.read().startswith("cuda0 (Stand-in) belongs to the process that this one was forked from: start")


def test_copies_wait_where_they_have_to(cuda: StandIn) -> None:
    driver = CudaDriver()
    array = DeviceArray.of(driver, np.arange(4.0))
    assert array.copy().get().tolist() == [0, 1, 2, 3]
    kinds = [call[0] for call in since(cuda, "dtod", "dtoh", "synchronize")]
    assert kinds == ["dtod", "dtoh", "synchronize"]
    assert array.__cuda_array_interface__["stream"] == 77


def test_memory_that_cannot_be_locked_is_copied_all_the_same(cuda: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = CudaDriver()

    def refuse(*_: Any) -> None:
        raise driver.cuda.MemoryError("no pages")

    monkeypatch.setattr(driver.cuda, "pagelocked_empty", refuse)
    array = DeviceArray.of(driver, np.arange(4.0))
    assert [call[0] for call in since(cuda)][-2:] == ["htod", "synchronize"]
    assert array.get().tolist() == [0, 1, 2, 3]


def test_memory_runs_out_with_a_sentence(monkeypatch: pytest.MonkeyPatch, cuda: StandIn) -> None:
    cuda.size = 1 << 20
    driver = CudaDriver()
    with driver:
        queue = driver.main
        kept = [queue.allocate(300_000) for _ in range(3)]
        with pytest.raises(MemoryError, match=r"cuda0 \(Stand-in\) has no 524288 bytes left"):
            queue.allocate(500_000)
        queue.free(kept.pop())
        queue.free(kept.pop())
        since(cuda)
        assert queue.allocate(500_000)  # what was idle has gone back, when no work used it any more
    assert [call[0] for call in since(cuda)] == ["mem_alloc", "settle", "free", "free", "mem_alloc"]


def test_products(cuda: StandIn) -> None:
    driver = CudaDriver()
    with driver:
        gemm = driver.main.gemm
        with phintys.change_flags({"cuda.tf32": True}):
            gemm("float32", 2.0, (100, 3, 4, 4, 1), (200, 4, 5, 1, 4), 0.5, (300, 3, 5, 5, 1))
        gemm("float64", 1.0, (100, 3, 0, 0, 1), (200, 0, 5, 5, 1), 0.0, (300, 3, 5, 5, 1))
        gemm("float64", 1.0, (100, 0, 4, 4, 1), (200, 4, 5, 5, 1), 0.0, (300, 0, 5, 5, 1))
        gemm("float64", 1.0, (100, 3, 4, 2**31, 1), (200, 4, 5, 5, 1), 0.0, (300, 3, 5, 5, 1))
    calls = [call for call in since(cuda) if call[0].startswith("cublas")]
    names = ["cublasCreate_v2", "cublasSetStream_v2", "cublasSetWorkspace_v2", "cublasSetMathMode"]
    assert [call[0] for call in calls[:4]] == names
    assert calls[1][2] == 77 and calls[2][3] == 32 << 20 and calls[3][2] == 3
    assert calls[5] == ("cublasSetMathMode", None, 0)
    del calls[5]
    # c' (5 x 3) = b' (5 x 4) a' (4 x 3): b lies transposed, as cuBLAS would have it turned
    assert calls[4] == ("cublasSgemm_v2", None, 1, 0, 5, 3, 4, 2.0, 200, 4, 100, 4, 0.5, 300, 5)
    assert calls[5] == ("cublasDgemm_v2", None, 0, 0, 5, 3, 0, 1.0, 200, 5, 100, 1, 0.0, 300, 5)
    assert calls[6][0] == "cublasDgemm_v2_64" and calls[6][11] == 2**31 and len(calls) == 7


def test_products_of_two_streams_do_not_share_working_memory(cuda: StandIn) -> None:
    driver = CudaDriver()
    with driver:
        for queue in (driver.queue(), other := driver.queue(), other, driver.queues[0]):
            queue.gemm("float64", 1.0, (100, 3, 4, 4, 1), (200, 4, 5, 5, 1), 0.0, (300, 3, 5, 5, 1))
    calls = since(cuda, "cublasSetStream_v2", "cublasSetWorkspace_v2")
    assert [call[2] for call in calls if call[0] == "cublasSetStream_v2"] == [77, 78, 77]
    spaces = [call[2] for call in calls if call[0] == "cublasSetWorkspace_v2"]
    assert spaces[0] == spaces[2] != spaces[1]


def test_devices_by_number(cuda: StandIn) -> None:
    cuda.devices = 2
    assert CudaDriver(1).name == "cuda1 (Stand-in)" and CudaDriver(1).device_number == 1
    with pytest.raises(
        DeviceError, match=r"^device=cuda2 does not exist on this machine: there are 2 devices, cuda0 to cuda1$"
    ):
        CudaDriver(2)
    cuda.devices = 1
    x = T.dvector("x")
    with pytest.raises(DeviceError, match=r"^device=cuda1 does not exist on this machine: the only device is cuda0$"):
        function([x], x, target="cuda1")
    with phintys.change_flags(device="cuda1"), pytest.raises(DeviceError, match="the only device is cuda0"):
        shared(1.0)


def test_graphs_are_captured_beside_and_launched_on_the_stream_of_the_function(cuda: StandIn) -> None:
    driver = CudaDriver()
    factors = ("float64", 1.0, (100, 3, 4, 4, 1), (200, 4, 5, 5, 1), 0.0, (300, 3, 5, 5, 1))
    with driver:
        assert driver.no_graphs() is None
        (launch,) = driver.load(".ptx", [Kernel("k", ("index",), 128)])
        queue = driver.queue()
        queue.gemm(*factors)
        since(cuda)

        def work(stream: Any) -> None:
            launch(stream, 4, 128, 0, 10)
            stream.gemm(*factors)

        graph = driver.captured(work, queue.stream)
        calls = since(cuda)
        graph.launch(queue.stream)
        queue.gemm(*factors)
    own, capture = 77, 78
    names = [call[0] for call in calls]
    assert calls[0] == ("stream", 1) and calls[1] == ("cuStreamBeginCapture", capture, 2)  # waits for nobody; relaxed
    assert calls[2][0] == "launch" and calls[2][4] == capture
    assert names[3:5] == ["cublasSetStream_v2", "cublasSetWorkspace_v2"] and calls[3][2] == capture
    assert names[-3:] == ["cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphDestroy"]
    assert calls[-2][2] == calls[-1][1] and calls[-2][3] == 0
    after = since(cuda)
    assert after[0] == ("cuGraphLaunch", calls[-1][1] + 1, own)
    assert [call[0] for call in after[1:3]] == ["cublasSetStream_v2", "cublasSetWorkspace_v2"]
    assert after[2][2] == calls[4][2]  # the working memory is that of the stream on which the graph runs
    del graph  # where no context may be current
    assert since(cuda) == []
    with driver:
        driver.captured(work, queue.stream)
    assert since(cuda)[0] == ("cuGraphExecDestroy", after[0][1])


def test_a_capture_that_fails_is_ended(cuda: StandIn) -> None:
    driver = CudaDriver()

    def work(stream: Any) -> None:
        raise ValueError("no")

    with driver:
        queue = driver.queue()
        with pytest.raises(ValueError, match="no"):
            driver.captured(work, queue.stream)
        assert [call[0] for call in since(cuda)][-2:] == ["cuStreamEndCapture", "cuGraphDestroy"]
        cuda.library.status["cuStreamEndCapture"] = 901
        with pytest.raises(DeviceError, match=r"cuStreamEndCapture failed: stream capture is invalid \(CUDA error 901\)"):
            driver.captured(lambda stream: None, queue.stream)


def test_a_driver_that_is_too_old_for_graphs(cuda: StandIn) -> None:
    cuda.library.version = 11030
    reason = cuda_api.missing_for_graphs()
    assert reason is not None and "no cuGraphInstantiateWithFlags (CUDA 11.4" in reason
    with pytest.raises(DeviceError, match=r"too old for cuGraphInstantiateWithFlags: it knows CUDA up to 11\.3"):
        cuda_api.made("cuGraphInstantiateWithFlags", 1, 0)


def test_signatures_are_those_of_the_manual() -> None:
    assert {name: (version, len(types)) for name, (version, types) in cuda_api.SIGNATURES.items()} == {
        name: (version, len(types)) for name, (version, types) in DRIVER.items()
    }
    for name, (_, types) in cuda_api.SIGNATURES.items():
        for ours, theirs in zip(types, DRIVER[name][1], strict=True):
            assert ctypes.sizeof(ours) == ctypes.sizeof(theirs), name


def test_products_need_cublas(cuda: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cublas, "cublas_path", lambda: None)
    driver = CudaDriver()
    with driver, pytest.raises(DeviceError, match="need cuBLAS, which is not found: `pip install nvidia-cublas`"):
        driver.main.gemm("float64", 1.0, (1, 1, 1, 1, 1), (1, 1, 1, 1, 1), 0.0, (1, 1, 1, 1, 1))


def test_matrices_that_blas_takes() -> None:
    rng = np.random.default_rng(0)
    for rows, columns, *steps in rng.integers(0, 4, (300, 4)).tolist():
        try:
            turned, step = blas_matrix((0, rows, columns, *steps))  # type: ignore[arg-type]
        except DeviceError:
            continue
        assert step >= max(1, rows if turned else columns)
        for i in range(rows):
            for j in range(columns):
                assert i * steps[0] + j * steps[1] == (j * step + i if turned else i * step + j)


def test_architectures() -> None:
    found = [architecture_for(*capability) for capability in ((7, 5), (8, 0), (8, 7), (9, 0), (10, 0), (12, 1))]
    assert found == ["sm_75", "sm_80", "sm_87", "sm_90", "sm_100", "sm_120"]
    with pytest.raises(DeviceError, match=r"compute capability 7\.0; 7\.5 is the oldest"):
        architecture_for(7, 0)


def test_a_pycuda_that_does_not_load(cuda: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pycuda.driver")
    monkeypatch.setitem(sys.modules, "pycuda", ModuleType("pycuda"))
    with pytest.raises(DeviceError, match="pycuda"):
        CudaDriver()


def test_the_pool_wastes_at_most_a_quarter_and_reuses_blocks() -> None:
    sizes = [1, 511, 512, 513, 700, 1000, 4097, 10**6, 2**30 + 1]
    assert all(size <= rounded(size) <= max(512, 1.26 * size) for size in sizes)
    given, back, queue = iter(range(1000, 2000)), [], RecordingDriver().main
    pool = Pool(lambda size: next(given), back.append)
    first = pool.allocate(1000, queue)
    assert pool.free(first, queue) == 0 and pool.allocate(1010, queue) == first and pool.allocate(1010, queue) != first
    assert pool.free(0, queue) == 0
    pool.free(first, queue)
    assert pool.trim() == 1 and back == [first] and pool.held == rounded(1010)
    with pytest.raises(KeyError):
        pool.free(first, queue)
