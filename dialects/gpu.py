"""The `gpu` dialect: kernels and their launches, in MLIR's operations and syntax, as far as the compiler writes them.

A module of level "gpu" has host functions and `gpu.module`s. A host function is that of level "loops" without loops: it asks
for device memory, launches kernels, and moves data by `rt.to_device` and `rt.to_host`. In a kernel every thread runs the same
code; `gpu_functions.py` has kernels, `gpu_kernel_ops.py` what threads do, `gpu_launch.py` launches. xDSL's own `gpu` has no
syntax but the generic one, and neither shuffles nor dynamic shared memory.
"""

from __future__ import annotations

from xdsl.ir import Dialect

from .gpu_functions import MOST_THREADS, FuncOp, ModuleOp, ReturnOp
from .gpu_kernel_ops import (
    INDEX,
    SHARED,
    SHUFFLES,
    WARP,
    WORKGROUP,
    AddressSpaceAttr,
    BarrierOp,
    BlockDimOp,
    BlockIdOp,
    DimensionAttr,
    DynamicSharedMemoryOp,
    GridDimOp,
    PlaceOp,
    ShuffleModeAttr,
    ShuffleOp,
    ThreadIdOp,
    is_shared,
    shared_memory,
)
from .gpu_launch import LaunchFuncOp

__all__ = [
    "INDEX",
    "MOST_THREADS",
    "SHARED",
    "SHUFFLES",
    "WARP",
    "WORKGROUP",
    "AddressSpaceAttr",
    "BarrierOp",
    "BlockDimOp",
    "BlockIdOp",
    "DimensionAttr",
    "DynamicSharedMemoryOp",
    "FuncOp",
    "Gpu",
    "GridDimOp",
    "LaunchFuncOp",
    "ModuleOp",
    "PlaceOp",
    "ReturnOp",
    "ShuffleModeAttr",
    "ShuffleOp",
    "ThreadIdOp",
    "is_shared",
    "shared_memory",
]

Gpu = Dialect(
    "gpu",
    [
        *(ModuleOp, FuncOp, ReturnOp, LaunchFuncOp),
        *(ThreadIdOp, BlockIdOp, BlockDimOp, GridDimOp),
        *(BarrierOp, ShuffleOp, DynamicSharedMemoryOp),
    ],
    [DimensionAttr, ShuffleModeAttr, AddressSpaceAttr],
)
