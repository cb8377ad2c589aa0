// RUN: not phintys-opt %s -p convert-loops-to-gpu --split-input-file 2>&1 | filecheck %s

func.func @stranger(%x: memref<?xf64>) -> memref<?xf64> {
  "test.op"(%x) : (memref<?xf64>) -> ()
  func.return %x : memref<?xf64>
}
// CHECK: convert-loops-to-gpu_invalid.mlir:4:3: error: test.op has no code for a GPU

// -----

gpu.module @kernels {
  gpu.func @done() kernel {
    gpu.return
  }
}
// CHECK: error: gpu.module has no place in a module of level loops, which convert-loops-to-gpu takes
