// RUN: not phintys-opt %s -p check-bounds --run --input i=7 --split-input-file 2>&1 | filecheck %s

/// An access that no pass should have written is found when it is made.
func.func @outside(%x: memref<i64> {nd.name = "i"}) -> memref<f64> {
  %n = memref.load %x[] : memref<i64>
  %i = arith.index_cast %n : i64 to index
  %one = arith.constant 1.000000e+00 : f64
  %t = memref.alloc() : memref<5xf64>
  memref.store %one, %t[%i] : memref<5xf64>
  %v = memref.load %t[%i] : memref<5xf64>
  memref.dealloc %t : memref<5xf64>
  %r = memref.alloc() : memref<f64>
  memref.store %v, %r[] : memref<f64>
  func.return %r : memref<f64>
}
// CHECK: IndexError: memref.store: index 7 of a dimension of 5
