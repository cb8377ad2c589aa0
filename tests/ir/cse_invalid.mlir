// RUN: phintys-opt %s -p cse --split-input-file --verify-diagnostics

/// A value that is used before it is defined has no equal.
func.func @order(%x: tensor<f64>) -> tensor<f64> {
  // expected-error@+1 {{nd.exp: %b is used before it is defined}}
  %a = nd.exp %b : (tensor<f64>) -> tensor<f64>
  %b = nd.exp %x : (tensor<f64>) -> tensor<f64>
  func.return %a : tensor<f64>
}

// -----

// expected-error@+1 {{the function has 2 blocks; cse takes functions of one, with structured loops}}
func.func @blocks(%x: tensor<f64>) -> tensor<f64> {
  func.return %x : tensor<f64>
^next:
  func.return %x : tensor<f64>
}
