// RUN: not phintys-opt %s --split-input-file 2>&1 | filecheck %s

func.func @row_major(%a: memref<?x?xf64>) -> i64 {
  %0 = lapack.potrf %a {uplo = "U"} : memref<?x?xf64> -> i64
  func.return %0 : i64
}
// CHECK: lapack_invalid.mlir:4:3: error: lapack.potrf: a must be a matrix of f64 whose first stride is 1, got memref<?x?xf64>

// -----

func.func @letter(%a: memref<?x?xf64, strided<[1, ?]>>) -> i64 {
  %0 = lapack.potrf %a {uplo = "X"} : memref<?x?xf64, strided<[1, ?]>> -> i64
  func.return %0 : i64
}
// CHECK: lapack_invalid.mlir:12:3: error: lapack.potrf: 'uplo' is one of U, L, got 'X'

// -----

func.func @element(%a: memref<?x?xi64, strided<[1, ?]>>, %p: memref<?xi64>) -> i64 {
  %0 = lapack.getrf %a, %p : memref<?x?xi64, strided<[1, ?]>>, memref<?xi64> -> i64
  func.return %0 : i64
}
// CHECK: lapack_invalid.mlir:20:3: error: lapack.getrf: matrices are of f32 or f64, got memref<?x?xi64, strided<[1, ?]>>

// -----

func.func @pivots(%a: memref<?x?xf64, strided<[1, ?]>>, %p: memref<?xi32>) -> i64 {
  %0 = lapack.getrf %a, %p : memref<?x?xf64, strided<[1, ?]>>, memref<?xi32> -> i64
  func.return %0 : i64
}
// CHECK: lapack_invalid.mlir:28:3: error: lapack.getrf: pivots must be a vector of i64, got memref<?xi32>

// -----

func.func @count(%a: memref<?x?xf64, strided<[1, ?]>>) -> i64 {
  %0 = lapack.getrf %a : memref<?x?xf64, strided<[1, ?]>> -> i64
  func.return %0 : i64
}
// CHECK: lapack_invalid.mlir:36:3: error: lapack.getrf: operands are a, pivots; got 1

// -----

func.func @info(%a: memref<?x?xf64, strided<[1, ?]>>) {
  lapack.potrf %a {uplo = "U"} : memref<?x?xf64, strided<[1, ?]>>
  func.return
}
// CHECK: lapack_invalid.mlir:44:3: error: lapack.potrf: expected one result, info, an i64

// -----

func.func @unknown(%a: memref<?x?xf64, strided<[1, ?]>>) -> i64 {
  %0 = lapack.potrff %a {uplo = "U"} : memref<?x?xf64, strided<[1, ?]>> -> i64
  func.return %0 : i64
}
// CHECK: lapack_invalid.mlir:52:{{.*}} error: {{.*}}lapack.potrff
