// RUN: phintys-opt %s --split-input-file -p convert-nd-to-loops | filecheck %s
// RUN: phintys-opt %s --split-input-file -p convert-nd-to-loops,convert-loops-to-llvm | filecheck %s --check-prefix=LLVM

/// A row-major matrix is its transpose to Fortran, and so is the inverse: nothing is transposed. The check of the sizes
/// stands before anything is allocated.
func.func @inverse(%x: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %y = nd.host %x {function = "matrix_inverse", results = "f64[?, ?]", options = ""} : (tensor<?x?xf64>) -> tensor<?x?xf64>
  func.return %y : tensor<?x?xf64>
}
// CHECK-LABEL: func.func @inverse
// CHECK:         rt.assert {{.*}} "LinAlgError", "matrix_inverse: expected a square matrix, got one of {0} by {1}"
// CHECK:         [[y:%.+]] = memref.alloc(%{{.*}}) : memref<?x?xf64>
// CHECK:         [[p:%.+]] = memref.alloc(%{{.*}}) : memref<?xi64>
// CHECK:         [[f:%.+]] = memref.reinterpret_cast [[y]] {{.*}} to memref<?x?xf64, strided<[1, ?]>>
// CHECK-NEXT:    [[info:%.+]] = lapack.getrf [[f]], [[p]] : memref<?x?xf64, strided<[1, ?]>>, memref<?xi64> -> i64
// CHECK-NEXT:    [[good:%.+]] = arith.cmpi eq, [[info]],
// CHECK-NEXT:    rt.assert [[good]], "LinAlgError", "matrix_inverse: the {0} by {1} matrix is singular"
// CHECK:         lapack.getri
// CHECK:         func.return [[y]]
// LLVM-LABEL:  llvm.func @inverse
// LLVM:          llvm.call @phi_dgetrf(
// LLVM:          [[work:%.+]] = llvm.call @phi_alloc_near(
// LLVM:          llvm.call @phi_dgetri({{.*}} [[work]],
// LLVM:          llvm.call @phi_free([[work]])

// -----

/// A X = B is X' A' = B', on the memory of row-major matrices; a is not copied.
func.func @triangular(%a: tensor<3x3xf32>, %b: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %y = nd.host %a, %b {function = "solve_triangular", results = "f32[3, 2]", options = "{'lower': True}"} : (tensor<3x3xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  func.return %y : tensor<3x2xf32>
}
// CHECK-LABEL: func.func @triangular
// CHECK:         rt.assert {{.*}} "solve: the {0} by {1} triangular matrix is singular, element {2} of its diagonal is 0"
// CHECK:         [[a:%.+]] = memref.reinterpret_cast %a {{.*}} to memref<3x3xf32, strided<[1, 3]>>
// CHECK:         lapack.trsm [[a]], %{{.*}} {side = "R", uplo = "U", trans = "N", diag = "N"} : memref<3x3xf32, strided<[1, 3]>>, memref<2x3xf32, strided<[1, 2]>>
// LLVM-LABEL:  llvm.func @triangular
/// the lengths of the four letters follow
// LLVM:          llvm.call @phi_strsm({{.*}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64, i64, i64) -> ()

// -----

/// The transpose of a row-major matrix is what Fortran wants: LU factors of A itself, and A x = b.
func.func @transposed(%a: tensor<4x4xf64>, %b: tensor<4xf64>) -> tensor<4xf64> {
  %t = nd.dimshuffle %a {order = array<i64: 1, 0>} : (tensor<4x4xf64>) -> tensor<4x4xf64>
  %y = nd.host %t, %b {function = "solve", results = "f64[4]", options = ""} : (tensor<4x4xf64>, tensor<4xf64>) -> tensor<4xf64>
  func.return %y : tensor<4xf64>
}
// CHECK-LABEL: func.func @transposed
// CHECK:         lapack.getrs {{.*}} {trans = "N"}

// -----

/// One LU factorization for a system, the one of its gradient, a determinant and an inverse, which is made of a copy.
func.func @shared(%a: tensor<4x4xf64>, %b: tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>, tensor<f64>, tensor<4x4xf64>) {
  %y = nd.host %a, %b {function = "solve", results = "f64[4]", options = ""} : (tensor<4x4xf64>, tensor<4xf64>) -> tensor<4xf64>
  %t = nd.dimshuffle %a {order = array<i64: 1, 0>} : (tensor<4x4xf64>) -> tensor<4x4xf64>
  %z = nd.host %t, %y {function = "solve", results = "f64[4]", options = ""} : (tensor<4x4xf64>, tensor<4xf64>) -> tensor<4xf64>
  %d = nd.host %a {function = "det", results = "f64[]", options = ""} : (tensor<4x4xf64>) -> tensor<f64>
  %i = nd.host %t {function = "matrix_inverse", results = "f64[4, 4]", options = ""} : (tensor<4x4xf64>) -> tensor<4x4xf64>
  func.return %y, %z, %d, %i : tensor<4xf64>, tensor<4xf64>, tensor<f64>, tensor<4x4xf64>
}
// CHECK-LABEL: func.func @shared
// CHECK:         lapack.getrf
// CHECK-NOT:     lapack.getrf
// CHECK:         lapack.getrs {{.*}} {trans = "T"}
// CHECK-NOT:     lapack.getrf
// CHECK:         lapack.getrs {{.*}} {trans = "N"}
// CHECK-NOT:     lapack.getrf
// CHECK:         lapack.getri

// -----

/// Only eigenvalues are needed; LAPACK says how much memory it works in.
func.func @values(%x: tensor<4x4xf64>) -> tensor<4xf64> {
  %w, %v = nd.host %x {function = "eigh", results = "f64[4], f64[4, 4]", options = "{'uplo': 'U'}"} : (tensor<4x4xf64>) -> (tensor<4xf64>, tensor<4x4xf64>)
  func.return %w : tensor<4xf64>
}
// CHECK-LABEL: func.func @values
// CHECK:         lapack.syevd {{.*}} {jobz = "N", uplo = "U"}
// LLVM-LABEL:  llvm.func @values
// LLVM:          llvm.call @phi_dsyevd(
// LLVM:          [[n:%.+]] = llvm.call_intrinsic "llvm.fptosi.sat.i64.f64"
// LLVM:          llvm.call @phi_dsyevd(

// -----

/// Q of QR is not made where nothing needs it.
func.func @upper(%x: tensor<4x3xf64>) -> tensor<3x3xf64> {
  %q, %r = nd.host %x {function = "qr", results = "f64[4, 3], f64[3, 3]", options = "{'mode': 'reduced'}"} : (tensor<4x3xf64>) -> (tensor<4x3xf64>, tensor<3x3xf64>)
  func.return %r : tensor<3x3xf64>
}
// CHECK-LABEL: func.func @upper
// CHECK:         lapack.gelqf {{.*}} : memref<3x4xf64, strided<[1, 3]>>, memref<3xf64> -> i64
// CHECK-NOT:     lapack.orglq

// -----

/// Without LAPACK the same operation is a Python callable's.
builtin.module attributes {phi.lapack = "absent"} {
  func.func @elsewhere(%x: tensor<4x4xf64>) -> tensor<4x4xf64> {
    %y = nd.host %x {function = "cholesky", results = "f64[4, 4]", options = ""} : (tensor<4x4xf64>) -> tensor<4x4xf64>
    func.return %y : tensor<4x4xf64>
  }
}
// CHECK-LABEL: func.func @elsewhere
// CHECK-NOT:     lapack
// CHECK:         rt.host "cholesky"
// LLVM-LABEL:  llvm.func @elsewhere
// LLVM:          llvm.call @phi_host(
