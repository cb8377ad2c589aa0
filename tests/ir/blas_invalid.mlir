// RUN: not phintys-opt %s --split-input-file 2>&1 | filecheck %s

func.func @rank(%s: f64, %a: memref<?x?xf64>, %x: memref<?xf64>) {
  blas.gemm %s, %a, %x, %s, %a : f64, memref<?x?xf64>, memref<?xf64>, f64, memref<?x?xf64>
  func.return
}
// CHECK: blas_invalid.mlir:4:3: error: blas.gemm: right must be a memref of rank 2 of f64, got memref<?xf64>

// -----

func.func @sizes(%s: f32, %a: memref<2x3xf32>, %x: memref<4xf32>, %y: memref<2xf32>) {
  blas.gemv %s, %a, %x, %s, %y : f32, memref<2x3xf32>, memref<4xf32>, f32, memref<2xf32>
  func.return
}
// CHECK: blas_invalid.mlir:12:3: error: blas.gemv: sizes 3 and 4 do not agree

// -----

func.func @integers(%s: i64, %a: memref<?x?xi64>, %x: memref<?xi64>) {
  blas.gemv %s, %a, %x, %s, %x : i64, memref<?x?xi64>, memref<?xi64>, i64, memref<?xi64>
  func.return
}
// CHECK: blas_invalid.mlir:20:3: error: blas.gemv: alpha and beta must be f32 or f64, got i64 and i64
