// RUN: not phintys-opt %s -p autodiff 2>&1 | filecheck %s

/// Complex operands have no derivative; the message names the operation and its place.
func.func @complex(%x: tensor<f64>) -> tensor<f64> {
  %z = nd.cast %x {dtype = "c128"} : (tensor<f64>) -> tensor<complex<f64>>
  %c = nd.abs %z : (tensor<complex<f64>>) -> tensor<f64>
  %g = nd.grad %c, %x : (tensor<f64>, tensor<f64>) -> tensor<f64>
  func.return %g : tensor<f64>
}
// CHECK:      autodiff_invalid.mlir:6:3: error: abs: complex operands have no derivative; expected real ones
// CHECK-NEXT: %c = nd.abs %z
