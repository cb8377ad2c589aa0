// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --print-op-generic --print-debuginfo

/// Buffers and views of them.
func.func @memref(%x: memref<?x4xf64>, %n: index) -> f64 {
  %zero = arith.constant 0 : index
  %d = memref.dim %x, %zero : memref<?x4xf64>
  %b = memref.alloc(%d) : memref<?xf64>
  %v = memref.load %x[%n, %zero] : memref<?x4xf64>
  memref.store %v, %b[%n] : memref<?xf64>
  %s = memref.subview %x[%n, 0] [1, 4] [1, 1] : memref<?x4xf64> to memref<1x4xf64, strided<[4, 1], offset: ?>>
  memref.dealloc %b : memref<?xf64>
  func.return %v : f64
}
// CHECK:      func.func @memref(%x: memref<?x4xf64>, %n: index) -> f64 {
// CHECK-NEXT: %zero = arith.constant 0 : index
// CHECK-NEXT: %d = memref.dim %x, %zero : memref<?x4xf64>
// CHECK-NEXT: %b = memref.alloc(%d) : memref<?xf64>
// CHECK-NEXT: %v = memref.load %x[%n, %zero] : memref<?x4xf64>
// CHECK-NEXT: memref.store %v, %b[%n] : memref<?xf64>
// CHECK-NEXT: %s = memref.subview %x[%n, 0] [1, 4] [1, 1] : memref<?x4xf64> to memref<1x4xf64, strided<[4, 1], offset: ?>>
// CHECK-NEXT: memref.dealloc %b : memref<?xf64>
// CHECK-NEXT: func.return %v : f64
// CHECK-NEXT: }
