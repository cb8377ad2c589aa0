"""CUDA graphs: work of a stream that is captured once, and given again as one.

Capture happens on a stream of its own that does not wait for CUDA's default stream, so that what other threads do meanwhile
does not end it; relaxed, so that they may ask for memory.

Source: NVIDIA, CUDA C++ programming guide, CUDA graphs, creating a graph using stream capture.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable
from typing import Any

from . import cuda_api
from .driver import DeviceError, Graph

_DONE: list[int] = []  # executable graphs that nobody has any more: destroyed with the next capture, in the context


class CudaGraph(Graph):
    """An executable graph; its memory is the caller's to keep. Made from a graph, which it needs no longer."""

    def __init__(self, graph: int) -> None:
        self.handle = 0
        try:
            self.handle = cuda_api.made("cuGraphInstantiateWithFlags", graph, 0)
        finally:
            cuda_api.call("cuGraphDestroy", graph)

    def launch(self, stream: Any) -> None:
        """See `Graph.launch`."""
        cuda_api.call("cuGraphLaunch", self.handle, stream.handle)

    def __del__(self) -> None:
        if self.handle:
            _DONE.append(self.handle)


def captured(stream: Any, work: Callable[[Any], None]) -> CudaGraph:
    """What `work` gives to a stream, which has nothing else to do, as a graph. DeviceError, and the stream as before, where
    that may not be captured."""
    while _DONE:
        cuda_api.call("cuGraphExecDestroy", _DONE.pop())
    cuda_api.call("cuStreamBeginCapture", stream.handle, cuda_api.CAPTURE_RELAXED)
    try:
        work(stream)
    except BaseException:
        with contextlib.suppress(DeviceError):
            cuda_api.call("cuGraphDestroy", _end(stream))
        raise
    return CudaGraph(_end(stream))


def _end(stream: Any) -> int:
    graph = cuda_api.HANDLE(None)
    cuda_api.call("cuStreamEndCapture", stream.handle, ctypes.byref(graph))
    return graph.value or 0
