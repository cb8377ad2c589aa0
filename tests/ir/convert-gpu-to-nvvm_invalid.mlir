// RUN: not phintys-opt %s -p convert-gpu-to-nvvm --split-input-file 2>&1 | filecheck %s

gpu.module @kernels {
  gpu.func @heap(%n: index) kernel {
    %x = memref.alloc(%n) : memref<?xf64>
    gpu.return
  }
}
// CHECK: convert-gpu-to-nvvm_invalid.mlir:5:5: error: memref.alloc has no place in a kernel: memory is asked for before the launch

// -----

gpu.module @kernels {
  gpu.func @view(%x: memref<4xf64, strided<[2]>>) kernel {
    gpu.return
  }
}
// CHECK: convert-gpu-to-nvvm_invalid.mlir:14:3: error: a kernel takes memref<4xf64, strided<[2]>>; its views are made in it
