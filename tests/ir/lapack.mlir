// RUN: phintys-opt %s | filecheck %s

/// Matrices in Fortran's order; letters; info.
func.func @routines(%a: memref<?x?xf64, strided<[1, ?]>>, %b: memref<4x2xf32, strided<[1, 4]>>, %t: memref<4x4xf32, strided<[1, 8], offset: ?>>, %p: memref<?xi64>, %w: memref<?xf64>) -> i64 {
  %0 = lapack.getrf %a, %p : memref<?x?xf64, strided<[1, ?]>>, memref<?xi64> -> i64
  %1 = lapack.syevd %a, %w {jobz = "V", uplo = "L"} : memref<?x?xf64, strided<[1, ?]>>, memref<?xf64> -> i64
  lapack.trsm %t, %b {side = "L", uplo = "L", trans = "N", diag = "U"} : memref<4x4xf32, strided<[1, 8], offset: ?>>, memref<4x2xf32, strided<[1, 4]>>
  func.return %1 : i64
}
// CHECK:      %0 = lapack.getrf %a, %p : memref<?x?xf64, strided<[1, ?]>>, memref<?xi64> -> i64
// CHECK-NEXT: %1 = lapack.syevd %a, %w {jobz = "V", uplo = "L"} : memref<?x?xf64, strided<[1, ?]>>, memref<?xf64> -> i64
// CHECK-NEXT: lapack.trsm %t, %b {side = "L", uplo = "L", trans = "N", diag = "U"} : memref<4x4xf32, strided<[1, 8], offset: ?>>, memref<4x2xf32, strided<[1, 4]>>
