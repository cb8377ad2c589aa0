// RUN: not phintys-opt %s --split-input-file 2>&1 | filecheck %s

gpu.module @m {
  gpu.func @k() kernel attributes {known_block_size = array<i32: 48, 1, 1>} {
    gpu.return
  }
}
// CHECK: gpu_invalid.mlir:4:3: error: gpu.func: a block of 48 threads; expected a multiple of 32 up to 1024

// -----

gpu.module @m {
  gpu.func @k(%x: memref<?xf64>) kernel {
    gpu.return
  }
}
func.func @host(%n: index, %x: memref<?xf32>) {
  gpu.launch_func @m::@k blocks in (%n, %n, %n) threads in (%n, %n, %n) args(%x : memref<?xf32>)
  func.return
}
// CHECK: gpu_invalid.mlir:18:3: error: gpu.launch_func: @m::@k takes (memref<?xf64>), got (memref<?xf32>)

// -----

func.func @host(%n: index) {
  gpu.launch_func @m::@k blocks in (%n, %n, %n) threads in (%n, %n, %n)
  func.return
}
// CHECK: gpu_invalid.mlir:26:3: error: gpu.launch_func: there is no kernel @m::@k

// -----

gpu.module @m {
  gpu.func @k(%x: f64, %o: i32) kernel {
    %v, %p = gpu.shuffle sideways %x, %o, %o : f64
    gpu.return
  }
}
// CHECK: gpu_invalid.mlir:35:5: error: gpu.shuffle: mode 'sideways' is not one of xor, up, down, idx

// -----

gpu.module @m {
  gpu.func @k() kernel {
    %t = gpu.thread_id y
    gpu.return
  }
}
// CHECK: gpu_invalid.mlir:45:24: error: Expected 'x' (the only dimension that is used)
