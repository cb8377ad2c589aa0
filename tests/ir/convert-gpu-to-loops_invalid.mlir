// RUN: not phintys-opt %s -p convert-gpu-to-loops --split-input-file 2>&1 | filecheck %s

/// Threads that do not go through the loop equally often would wait for ever.
builtin.module attributes {gpu.container_module} {
  func.func @host(%n: index) {
    gpu.launch_func @kernels::@stuck blocks in (%n, %n, %n) threads in (%n, %n, %n)
    func.return
  }
  gpu.module @kernels {
    gpu.func @stuck() kernel {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %t = gpu.thread_id x
      scf.for %i = %c0 to %t step %c1 {
        gpu.barrier
      }
      gpu.return
    }
  }
}
// CHECK: convert-gpu-to-loops_invalid.mlir:14:7: error: threads wait in this scf.for, but not all of them may go through it: it depends on the thread

// -----

builtin.module attributes {gpu.container_module} {
  func.func @host(%n: index) {
    gpu.launch_func @kernels::@scratch blocks in (%n, %n, %n) threads in (%n, %n, %n)
    func.return
  }
  gpu.module @kernels {
    gpu.func @scratch() kernel {
      %m = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
      gpu.return
    }
  }
}
// CHECK: convert-gpu-to-loops_invalid.mlir:27:5: error: @kernels::@scratch uses dynamic shared memory; the launch gives no size of it
