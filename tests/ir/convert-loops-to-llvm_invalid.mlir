// RUN: not phintys-opt %s -p convert-loops-to-llvm --split-input-file 2>&1 | filecheck %s

/// An operation without a row is an error that names it.
func.func @exp(%x: f64) -> f64 {
  %y = math.exp %x : f64
  func.return %y : f64
}
// CHECK: math.exp has no row: it should have been lowered before

// -----

/// What callers reach takes memory only, and that contiguous.
func.func @scalar(%x: memref<4xf64>, %y: f64) {
  func.return
}
// CHECK: a function that takes or gives memory has f64 in its signature; expected memrefs of numbers only (a scalar is memref<f64>)

// -----

func.func @strided(%x: memref<4xf64, strided<[2], offset: 0>>) {
  func.return
}
// CHECK: memref<4xf64, strided<[2]>> in a signature; what callers pass is contiguous

// -----

func.func @dimension(%x: memref<?xf64>) -> memref<?xf64> {
  %zero = arith.constant 0 : index
  %i = arith.addi %zero, %zero : index
  %n = memref.dim %x, %i : memref<?xf64>
  func.return %x : memref<?xf64>
}
// CHECK: memref.dim takes a constant dimension
