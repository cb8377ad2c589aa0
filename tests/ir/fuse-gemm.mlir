// RUN: phintys-opt %s -p fuse-gemm --split-input-file | filecheck %s

/// The step of a layer's weights: the product is accumulated.
func.func @step(%w: tensor<8x4xf64>, %x: tensor<8x?xf64>, %e: tensor<?x4xf64>, %rate: tensor<f64>) -> tensor<8x4xf64> {
  %g = nd.dot %x, %e : (tensor<8x?xf64>, tensor<?x4xf64>) -> tensor<8x4xf64>
  %s = nd.mul %g, %rate : (tensor<8x4xf64>, tensor<f64>) -> tensor<8x4xf64>
  %r = nd.sub %w, %s : (tensor<8x4xf64>, tensor<8x4xf64>) -> tensor<8x4xf64>
  func.return %r : tensor<8x4xf64>
}
// CHECK-LABEL: @step
// CHECK-NEXT:    [[alpha:%.+]] = nd.neg %rate
// CHECK-NEXT:    [[beta:%.+]] = nd.constant {value = dense<1.000000e+00> : tensor<f64>}
// CHECK-NEXT:    %r = nd.gemm %w, [[alpha]], %x, %e, [[beta]]
// CHECK-NEXT:    func.return %r

// -----

/// With momentum: the matrix is scaled, too. The product stands on the left, and is taken from what is scaled.
func.func @momentum(%m: tensor<8x4xf32>, %x: tensor<8x?xf32>, %e: tensor<?x4xf32>, %a: tensor<f32>) -> tensor<8x4xf32> {
  %g = nd.dot %x, %e : (tensor<8x?xf32>, tensor<?x4xf32>) -> tensor<8x4xf32>
  %n = nd.neg %g : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %s = nd.mul %m, %a : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x4xf32>
  %r = nd.sub %n, %s : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  func.return %r : tensor<8x4xf32>
}
// CHECK-LABEL: @momentum
// CHECK:         [[one:%.+]] = nd.constant
// CHECK-NEXT:    [[alpha:%.+]] = nd.neg [[one]]
// CHECK-NEXT:    [[beta:%.+]] = nd.neg %a
// CHECK-NEXT:    %r = nd.gemm %m, [[alpha]], %x, %e, [[beta]]

// -----

/// Left alone: a product that something else reads, a sum that is computed further, a row that broadcasts, ints.
func.func @kept(%w: tensor<8x4xf64>, %x: tensor<8x?xf64>, %e: tensor<?x4xf64>, %b: tensor<1x4xf64>,
                %i: tensor<2x2xi64>) -> (tensor<8x4xf64>, tensor<8x4xf64>, tensor<8x4xf64>, tensor<8x4xf64>, tensor<2x2xi64>) {
  %p = nd.dot %x, %e : (tensor<8x?xf64>, tensor<?x4xf64>) -> tensor<8x4xf64>
  %r = nd.sub %w, %p : (tensor<8x4xf64>, tensor<8x4xf64>) -> tensor<8x4xf64>
  %q = nd.dot %x, %e : (tensor<8x?xf64>, tensor<?x4xf64>) -> tensor<8x4xf64>
  %s = nd.add %w, %q : (tensor<8x4xf64>, tensor<8x4xf64>) -> tensor<8x4xf64>
  %t = nd.tanh %s : (tensor<8x4xf64>) -> tensor<8x4xf64>
  %u = nd.dot %x, %e : (tensor<8x?xf64>, tensor<?x4xf64>) -> tensor<8x4xf64>
  %v = nd.add %b, %u : (tensor<1x4xf64>, tensor<8x4xf64>) -> tensor<8x4xf64>
  %j = nd.dot %i, %i : (tensor<2x2xi64>, tensor<2x2xi64>) -> tensor<2x2xi64>
  %k = nd.add %i, %j : (tensor<2x2xi64>, tensor<2x2xi64>) -> tensor<2x2xi64>
  func.return %p, %r, %t, %v, %k : tensor<8x4xf64>, tensor<8x4xf64>, tensor<8x4xf64>, tensor<8x4xf64>, tensor<2x2xi64>
}
// CHECK-LABEL: @kept
// CHECK-NOT:     gemm
