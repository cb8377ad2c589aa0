// RUN: phintys-opt %s | filecheck %s

/// Products of memory, strided or not.
func.func @products(%s: f64, %a: memref<?x?xf64>, %b: memref<?x4xf64, strided<[?, 1], offset: ?>>, %c: memref<?x4xf64>, %x: memref<?xf64>, %y: memref<8xf64>) {
  blas.gemm %s, %a, %b, %s, %c : f64, memref<?x?xf64>, memref<?x4xf64, strided<[?, 1], offset: ?>>, f64, memref<?x4xf64>
  blas.gemv %s, %a, %x, %s, %y : f64, memref<?x?xf64>, memref<?xf64>, f64, memref<8xf64>
  func.return
}
// CHECK:      blas.gemm %s, %a, %b, %s, %c : f64, memref<?x?xf64>, memref<?x4xf64, strided<[?, 1], offset: ?>>, f64, memref<?x4xf64>
// CHECK-NEXT: blas.gemv %s, %a, %x, %s, %y : f64, memref<?x?xf64>, memref<?xf64>, f64, memref<8xf64>
