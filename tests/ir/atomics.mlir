// RUN: phintys-opt %s -p 'convert-loops-to-gpu{atomic=true}' | filecheck %s
// RUN: phintys-opt %s -p 'convert-loops-to-gpu{atomic=true},convert-gpu-to-nvvm' | filecheck %s --check-prefix=NVVM
// RUN: phintys-opt %s -p convert-loops-to-gpu | filecheck %s --check-prefix=ORDER

/// Sums at places that come twice: as threads come, if that is asked for, else sorted by place.
func.func @add(%w: memref<?xf64> {nd.name = "w", nd.state}, %i: memref<?xi64> {nd.name = "i"}, %u: memref<?xf64> {nd.name = "u"}) -> (memref<?xf64> {nd.update = 0 : i64}) {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %n = memref.dim %i, %0 : memref<?xi64>
  scf.for %k = %0 to %n step %1 {
    %p = memref.load %i[%k] : memref<?xi64>
    %q = arith.index_cast %p : i64 to index
    %v = memref.load %u[%k] : memref<?xf64>
    %a = memref.load %w[%q] : memref<?xf64>
    %s = arith.addf %a, %v : f64
    memref.store %s, %w[%q] : memref<?xf64>
  }
  func.return %w : memref<?xf64>
}
// CHECK-LABEL: gpu.func @add_0
// CHECK-SAME: phi.mapping = "scatter"
// CHECK:      "memref.atomic_rmw"(%{{.*}}) <{kind = 0 : i64}> : (f64, memref<?xf64>, index) -> f64
// CHECK-NOT:  gpu.func

// NVVM:       "llvm.atomicrmw"(%{{.*}}) <{bin_op = 11 : i64, ordering = 2 : i64, syncscope = "device"}> : (!llvm.ptr, f64) -> f64

// ORDER:      gpu.func @add_0
// ORDER:      gpu.func @add_1
// ORDER:      gpu.func @add_2
// ORDER-SAME: known_block_size = array<i32: 1024, 1, 1>
// ORDER:      gpu.func @add_3
// ORDER:      scf.while
