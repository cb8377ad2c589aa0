// RUN: not phintys-opt %s -p autodiff --split-input-file 2>&1 | filecheck %s

/// Only vectors have Jacobians.
func.func @scalar(%x: tensor<f64>) -> tensor<f64> {
  %j = nd.jacobian %x, %x : (tensor<f64>, tensor<f64>) -> tensor<f64>
  func.return %j : tensor<f64>
}
// CHECK: jacobian differentiates the elements of a floating vector, got f64[]

// -----

/// The shape says what rows there are.
func.func @shape(%x: tensor<3xf64>) -> tensor<3x2xf64> {
  %j = nd.jacobian %x, %x : (tensor<3xf64>, tensor<3xf64>) -> tensor<3x2xf64>
  func.return %j : tensor<3x2xf64>
}
// CHECK: nd.jacobian: result type is f64[3, 2], expected tensor<3x3xf64>
