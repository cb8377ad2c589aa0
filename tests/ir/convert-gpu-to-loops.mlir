// RUN: phintys-opt %s -p convert-gpu-to-loops --split-input-file | filecheck %s
// RUN: phintys-opt %s -p convert-gpu-to-loops{reverse=true} --split-input-file | filecheck %s --check-prefix=REVERSE

/// No thread waits: one loop over the threads. What all threads have in common is computed once for a block.
builtin.module attributes {gpu.container_module} {
  func.func @host(%x: memref<?xf64>, %n: index) {
    %one = arith.constant 1 : index
    %t = arith.constant 64 : index
    %d = rt.to_device %x : memref<?xf64>
    gpu.launch_func @kernels::@fill blocks in (%n, %one, %one) threads in (%t, %one, %one) args(%d : memref<?xf64>)
    func.return
  }
  gpu.module @kernels {
    gpu.func @fill(%x: memref<?xf64>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      %v = arith.constant 1.000000e+00 : f64
      %b = gpu.block_id x
      %w = gpu.block_dim x
      %t = gpu.thread_id x
      %before = arith.muli %b, %w : index
      %i = arith.addi %before, %t : index
      memref.store %v, %x[%i] : memref<?xf64>
      gpu.return
    }
  }
}
// CHECK-LABEL: func.func @host(%x: memref<?xf64>, %n: index)
// CHECK:         scf.for [[B:%.*]] = {{.*}} to %n step
// CHECK:           %before = arith.muli [[B]], %t : index
// CHECK-NEXT:      scf.for [[T:%.*]] = {{.*}} to %t step
// CHECK-NEXT:        %i = arith.addi %before, [[T]] : index
// CHECK-NEXT:        memref.store %v, %x[%i]
// CHECK-NOT:     gpu.
// REVERSE-LABEL: func.func @host
// REVERSE:         scf.for [[T:%.*]] = {{.*}} to %t step
// REVERSE-NEXT:      arith.subi
// REVERSE-NEXT:      arith.subi {{.*}}, [[T]] : index

// -----

/// A barrier: two loops over the threads. %v is kept from the first for the second; shared memory is a buffer.
builtin.module attributes {gpu.container_module} {
  func.func @host(%x: memref<64xf64>) {
    %one = arith.constant 1 : index
    %t = arith.constant 64 : index
    gpu.launch_func @kernels::@mirror blocks in (%one, %one, %one) threads in (%t, %one, %one) args(%x : memref<64xf64>)
    func.return
  }
  gpu.module @kernels {
    gpu.func @mirror(%x: memref<64xf64>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      %s = memref.alloca() : memref<64xf64, #gpu.address_space<workgroup>>
      %last = arith.constant 63 : index
      %t = gpu.thread_id x
      %v = memref.load %x[%t] : memref<64xf64>
      memref.store %v, %s[%t] : memref<64xf64, #gpu.address_space<workgroup>>
      gpu.barrier
      %r = arith.subi %last, %t : index
      %u = memref.load %s[%r] : memref<64xf64, #gpu.address_space<workgroup>>
      %w = arith.addf %u, %v : f64
      memref.store %w, %x[%t] : memref<64xf64>
      gpu.return
    }
  }
}
// CHECK-LABEL: func.func @host
// CHECK:         [[KEPT:%.*]] = memref.alloc(%t) : memref<?xf64>
// CHECK-NEXT:    [[SHARED:%.*]] = memref.alloc() : memref<64xf64>
// CHECK:         scf.for
// CHECK:           scf.for [[T:%.*]] =
// CHECK-NEXT:        %v = memref.load %x[[[T]]]
// CHECK-NEXT:        memref.store %v, [[KEPT]][[[T]]]
// CHECK-NEXT:        memref.store %v, [[SHARED]][[[T]]]
// CHECK-NEXT:      }
// CHECK-NEXT:      scf.for
// CHECK:             memref.load [[SHARED]]
// CHECK:             memref.load [[KEPT]]
// CHECK:         memref.dealloc [[KEPT]]
// CHECK-NEXT:    memref.dealloc [[SHARED]]

// -----

/// A loop with a barrier goes around the loops over threads; what it carries is kept. A shuffle reads what others have kept.
builtin.module attributes {gpu.container_module} {
  func.func @host(%x: memref<f64>, %n: index) {
    %one = arith.constant 1 : index
    %t = arith.constant 32 : index
    gpu.launch_func @kernels::@rounds blocks in (%one, %one, %one) threads in (%t, %one, %one) args(%x : memref<f64>, %n : index)
    func.return
  }
  gpu.module @kernels {
    gpu.func @rounds(%x: memref<f64>, %n: index) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %o = arith.constant 1 : i32
      %width = arith.constant 32 : i32
      %a = memref.load %x[] : memref<f64>
      %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %a) -> (f64) {
        %v, %p = gpu.shuffle down %s, %o, %width : f64
        %u = arith.addf %s, %v : f64
        scf.yield %u : f64
      }
      memref.store %r, %x[] : memref<f64>
      gpu.return
    }
  }
}
// CHECK-LABEL: func.func @host
// CHECK:         scf.for
// CHECK:           scf.for %{{.*}} to %t step
// CHECK:           scf.for %{{.*}} to %n step {{.*}} {
// CHECK-NEXT:        scf.for [[T:%.*]] = {{.*}} to %t step
// CHECK:               arith.cmpi ult
// CHECK:               memref.load
// CHECK:           scf.for %{{.*}} to %t step
// CHECK:             memref.store {{.*}}, %x[]
