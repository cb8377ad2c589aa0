// RUN: phintys-opt %s --split-input-file | filecheck %s

/// Elementwise: the threads of the grid take turns.
builtin.module attributes {gpu.container_module} {
  func.func @twice(%x: memref<?xf64> {nd.name = "x"}) -> memref<?xf64> {
    %c0 = arith.constant 0 : index
    %one = arith.constant 1 : index
    %threads = arith.constant 128 : index
    %less = arith.constant 127 : index
    %n = memref.dim %x, %c0 : memref<?xf64>
    %above = arith.addi %n, %less : index
    %blocks = arith.divui %above, %threads : index
    %xd = rt.to_device %x : memref<?xf64>
    %y = memref.alloc(%n) : memref<?xf64>
    gpu.launch_func @kernels::@twice_0 blocks in (%blocks, %one, %one) threads in (%threads, %one, %one) args(%xd : memref<?xf64>, %y : memref<?xf64>)
    %yh = rt.to_host %y : memref<?xf64>
    func.return %yh : memref<?xf64>
  }
  gpu.module @kernels {
    gpu.func @twice_0(%x: memref<?xf64>, %y: memref<?xf64>) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
      %c0 = arith.constant 0 : index
      %two = arith.constant 2.000000e+00 : f64
      %n = memref.dim %x, %c0 : memref<?xf64>
      %t = gpu.thread_id x
      %b = gpu.block_id x
      %width = gpu.block_dim x
      %blocks = gpu.grid_dim x
      %before = arith.muli %b, %width : index
      %first = arith.addi %before, %t : index
      %step = arith.muli %width, %blocks : index
      scf.for %i = %first to %n step %step {
        %v = memref.load %x[%i] : memref<?xf64>
        %w = arith.mulf %v, %two : f64
        memref.store %w, %y[%i] : memref<?xf64>
      }
      gpu.return
    }
  }
}
// CHECK:      gpu.launch_func @kernels::@twice_0 blocks in (%blocks, %one, %one) threads in (%threads, %one, %one) args(%xd : memref<?xf64>, %y : memref<?xf64>)
// CHECK-NEXT: rt.to_host %y : memref<?xf64>
// CHECK:      gpu.module @kernels {
// CHECK-NEXT:   gpu.func @twice_0(%x: memref<?xf64>, %y: memref<?xf64>) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
// CHECK:          gpu.thread_id x
// CHECK:          gpu.return

// -----

/// The sum of each row: a block a row; a warp adds by shuffles, the warps through shared memory.
gpu.module @rows {
  gpu.func @sums(%x: memref<?x?xf64>, %y: memref<?xf64>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %shared = memref.alloca() : memref<2xf64, #gpu.address_space<workgroup>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %warp = arith.constant 32 : index
    %width = arith.constant 32 : i32
    %o16 = arith.constant 16 : i32
    %o8 = arith.constant 8 : i32
    %o4 = arith.constant 4 : i32
    %o2 = arith.constant 2 : i32
    %o1 = arith.constant 1 : i32
    %zero = arith.constant 0.000000e+00 : f64
    %n = memref.dim %x, %c0 : memref<?x?xf64>
    %k = memref.dim %x, %c1 : memref<?x?xf64>
    %t = gpu.thread_id x
    %b = gpu.block_id x
    %threads = gpu.block_dim x
    %blocks = gpu.grid_dim x
    scf.for %i = %b to %n step %blocks {
      %part = scf.for %j = %t to %k step %threads iter_args(%a = %zero) -> (f64) {
        %v = memref.load %x[%i, %j] : memref<?x?xf64>
        %s = arith.addf %a, %v : f64
        scf.yield %s : f64
      }
      %v16, %valid16 = gpu.shuffle xor %part, %o16, %width : f64
      %s16 = arith.addf %part, %v16 : f64
      %v8, %valid8 = gpu.shuffle xor %s16, %o8, %width : f64
      %s8 = arith.addf %s16, %v8 : f64
      %v4, %valid4 = gpu.shuffle xor %s8, %o4, %width : f64
      %s4 = arith.addf %s8, %v4 : f64
      %v2, %valid2 = gpu.shuffle xor %s4, %o2, %width : f64
      %s2 = arith.addf %s4, %v2 : f64
      %v1, %valid1 = gpu.shuffle xor %s2, %o1, %width : f64
      %sum = arith.addf %s2, %v1 : f64
      %w = arith.divui %t, %warp : index
      memref.store %sum, %shared[%w] : memref<2xf64, #gpu.address_space<workgroup>>
      gpu.barrier
      %first = memref.load %shared[%c0] : memref<2xf64, #gpu.address_space<workgroup>>
      %second = memref.load %shared[%c1] : memref<2xf64, #gpu.address_space<workgroup>>
      %total = arith.addf %first, %second : f64
      gpu.barrier
      memref.store %total, %y[%i] : memref<?xf64>
    }
    gpu.return
  }
}
// CHECK:      memref.alloca() : memref<2xf64, #gpu.address_space<workgroup>>
// CHECK:      gpu.shuffle xor %part, %o16, %width : f64
// CHECK:      gpu.barrier

// -----

/// Shared memory whose size the launch says.
builtin.module attributes {gpu.container_module} {
  gpu.module @dynamic {
    gpu.func @scratch() kernel {
      %m = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
      gpu.return
    }
  }
  func.func @host(%bytes: i32, %n: index) {
    gpu.launch_func @dynamic::@scratch blocks in (%n, %n, %n) threads in (%n, %n, %n) dynamic_shared_memory_size %bytes
    func.return
  }
}
// CHECK: %m = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
// CHECK: dynamic_shared_memory_size %bytes
