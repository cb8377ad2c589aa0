// RUN: phintys-opt %s -p convert-nd-to-loops --split-input-file | filecheck %s

/// A running sum along the last dimension stays in a register.
func.func @cumsum(%x: tensor<?xf64>) -> tensor<?xf64> {
  %s = nd.cumsum %x {axis = 0 : i64} : (tensor<?xf64>) -> tensor<?xf64>
  func.return %s : tensor<?xf64>
}
// CHECK-LABEL: @cumsum
// CHECK:         scf.for [[i:%.+]] = {{.*}} iter_args([[total:%.+]] = {{.*}}) -> (f64)
// CHECK-NEXT:      [[x:%.+]] = memref.load %x[[[i]]]
// CHECK-NEXT:      [[new:%.+]] = arith.addf [[total]], [[x]]
// CHECK-NEXT:      memref.store [[new]]
// CHECK-NEXT:      scf.yield [[new]]

// -----

/// Positions are counted, then written: each goes to the next place, which a true element keeps.
func.func @positions(%x: tensor<?xi1>) -> tensor<?xi64> {
  %p = nd.nonzero %x : (tensor<?xi1>) -> tensor<?xi64>
  func.return %p : tensor<?xi64>
}
// CHECK-LABEL: @positions
// CHECK:         [[count:%.+]] = scf.for {{.*}} -> (index)
// CHECK:         [[room:%.+]] = arith.addi [[count]]
// CHECK-NEXT:    [[into:%.+]] = memref.alloc([[room]]) : memref<?xi64>
// CHECK:         scf.for {{.*}} iter_args([[place:%.+]] = {{.*}}) -> (index)
// CHECK:           memref.store {{%.+}}, [[into]][[[place]]]

// -----

/// One call of the BLAS for each pair of matrices.
func.func @products(%x: tensor<?x3x4xf64>, %y: tensor<?x4x5xf64>) -> tensor<?x3x5xf64> {
  %p = nd.batched_dot %x, %y : (tensor<?x3x4xf64>, tensor<?x4x5xf64>) -> tensor<?x3x5xf64>
  func.return %p : tensor<?x3x5xf64>
}
// CHECK-LABEL: @products
// CHECK:         scf.for
// CHECK:           memref.reinterpret_cast %x
// CHECK:           memref.reinterpret_cast %y
// CHECK:           blas.gemm

// -----

/// The last of equal positions stays: a store, and no load of what was there.
func.func @scatter(%x: tensor<?xf64>, %y: tensor<?xf64>, %i: tensor<?xi64>) -> tensor<?xf64> {
  %s = nd.scatter_set %x, %y, %i : (tensor<?xf64>, tensor<?xf64>, tensor<?xi64>) -> tensor<?xf64>
  func.return %s : tensor<?xf64>
}
// CHECK-LABEL: @scatter
// CHECK:         memref.load %i
// CHECK:         rt.assert
// CHECK:         [[value:%.+]] = memref.load %y
// CHECK-NEXT:    memref.store [[value]]
