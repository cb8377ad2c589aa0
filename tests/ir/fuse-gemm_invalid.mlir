// RUN: phintys-opt %s -p fuse-gemm --split-input-file --verify-diagnostics

func.func @ranks(%x: tensor<?x3x2xf64>, %y: tensor<3xf64>) -> tensor<?xf64> {
  // expected-error@+1 {{dot takes vectors and matrices, got f64[?, 3, 2] and f64[3]}}
  %z = nd.dot %x, %y : (tensor<?x3x2xf64>, tensor<3xf64>) -> tensor<?xf64>
  func.return %z : tensor<?xf64>
}

// -----

func.func @late(%s: f64, %a: memref<?x?xf64>, %b: memref<?x?xf64>, %c: memref<?x?xf64>) {
  // expected-error@+1 {{blas.gemm has no place in a module of level nd, which fuse-gemm takes}}
  blas.gemm %s, %a, %b, %s, %c : f64, memref<?x?xf64>, memref<?x?xf64>, f64, memref<?x?xf64>
  func.return
}
