// RUN: phintys-opt %s -p convert-gpu-to-nvvm --split-input-file | filecheck %s

/// A memref is a pointer and its unknown sizes; what a kernel only reads is read-only.
gpu.module @kernels {
  gpu.func @copy(%x: memref<?x3xf32>, %n: index, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    %c1 = arith.constant 1 : index
    %t = gpu.thread_id x
    %v = memref.load %x[%t, %c1] : memref<?x3xf32>
    memref.store %v, %y[%n] : memref<?xf32>
    gpu.return
  }
}
// CHECK:      llvm.func @copy(%x: !llvm.ptr {llvm.noalias, llvm.readonly, llvm.align = 4 : i64}, %{{.*}}: i64, %n: i64, %y: !llvm.ptr {llvm.noalias, llvm.align = 4 : i64}, %{{.*}}: i64)
// CHECK-SAME:   attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128, 1, 1>} {
// CHECK:        [[R:%.*]] = nvvm.read.ptx.sreg.tid.x : i32
// CHECK-NEXT:   [[T:%.*]] = llvm.zext [[R]] : i32 to i64
// CHECK-NEXT:   [[ROW:%.*]] = llvm.mul [[T]], {{.*}} : i64
// CHECK:        llvm.load
// CHECK:        llvm.return

// -----

/// Memory of the block: a global of its own size, and one whose size the launch says, from a byte on.
gpu.module @kernels {
  gpu.func @shared(%n: index) kernel {
    %s = memref.alloca() : memref<32xf64, #gpu.address_space<workgroup>>
    %m = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %v = memref.view %m[%n][%n] : memref<?xi8, #gpu.address_space<workgroup>> to memref<?xf64, #gpu.address_space<workgroup>>
    %a = memref.load %s[%n] : memref<32xf64, #gpu.address_space<workgroup>>
    gpu.barrier
    memref.store %a, %v[%n] : memref<?xf64, #gpu.address_space<workgroup>>
    gpu.return
  }
}
// CHECK:      llvm.mlir.global internal @shared_shared_0() {{.*}}addr_space = 3 : i32{{.*}} : !llvm.array<32 x f64>
// CHECK-NEXT: llvm.mlir.global external @dynamic_shared() {{.*}}addr_space = 3 : i32{{.*}} : !llvm.array<0 x i8>
// CHECK:      [[S:%.*]] = llvm.mlir.addressof @shared_shared_0 : !llvm.ptr<3>
// CHECK-NEXT: llvm.addrspacecast [[S]] : !llvm.ptr<3> to !llvm.ptr
// CHECK:      nvvm.barrier0

// -----

/// 64 bits are shuffled in halves; whether there was such a thread is asked for only where it counts.
gpu.module @kernels {
  gpu.func @shuffle(%x: f64, %y: memref<f64>, %i: f32) kernel {
    %o = arith.constant 1 : i32
    %w = arith.constant 32 : i32
    %v, %p = gpu.shuffle up %x, %o, %w : f64
    %u, %q = gpu.shuffle xor %i, %o, %w : f32
    %z = arith.select %p, %v, %x : f64
    memref.store %z, %y[] : memref<f64>
    gpu.return
  }
}
// CHECK:         llvm.bitcast %x : f64 to i64
// CHECK-COUNT-2: nvvm.shfl.sync up
// CHECK:         llvm.bitcast
// CHECK:         nvvm.read.ptx.sreg.laneid
// CHECK:         llvm.icmp "ult"
// CHECK:         nvvm.shfl.sync bfly {{.*}} : f32 -> f32
// CHECK-NOT:     laneid

// -----

/// A kernel that calls a function with a loop, by way of another or not, says how many registers its threads may take.
gpu.module @kernels {
  gpu.func @long(%x: memref<?xf64>) kernel {
    %t = gpu.thread_id x
    %v = memref.load %x[%t] : memref<?xf64>
    %r = func.call @through(%v) : (f64) -> f64
    memref.store %r, %x[%t] : memref<?xf64>
    gpu.return
  }
  gpu.func @short(%x: memref<?xf64>, %n: index) kernel {
    %c1 = arith.constant 1 : index
    %t = gpu.thread_id x
    scf.for %i = %t to %n step %c1 {
      %v = memref.load %x[%i] : memref<?xf64>
      %r = func.call @straight(%v) : (f64) -> f64
      memref.store %r, %x[%i] : memref<?xf64>
    }
    gpu.return
  }
  func.func private @through(%v: f64) -> f64 {
    %r = func.call @halved(%v) : (f64) -> f64
    func.return %r : f64
  }
  func.func private @halved(%v: f64) -> f64 {
    %half = arith.constant 5.000000e-01 : f64
    %r = scf.while (%a = %v) : (f64) -> f64 {
      %more = arith.cmpf ogt, %a, %half : f64
      scf.condition(%more) %a : f64
    } do {
    ^bb0(%a: f64):
      %b = arith.mulf %a, %half : f64
      scf.yield %b : f64
    }
    func.return %r : f64
  }
  func.func private @straight(%v: f64) -> f64 {
    %r = arith.addf %v, %v : f64
    func.return %r : f64
  }
}
// CHECK: llvm.func @long({{.*}} attributes {nvvm.kernel, nvvm.maxnreg = 128 : i32} {
// CHECK: llvm.func @short({{.*}} attributes {nvvm.kernel} {
