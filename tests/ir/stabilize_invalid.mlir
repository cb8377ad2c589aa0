// RUN: phintys-opt %s -p stabilize --split-input-file --verify-diagnostics

/// A rule must not meet operands that do not fit: the module is verified before.
func.func @dtypes(%x: tensor<?xf64>, %one: tensor<f32>) -> tensor<?xf64> {
  %e = nd.exp %x : (tensor<?xf64>) -> tensor<?xf64>
  // expected-error@+1 {{nd.add: operands have dtypes float32, float64; insert nd.cast}}
  %s = nd.add %one, %e : (tensor<f32>, tensor<?xf64>) -> tensor<?xf64>
  %l = nd.log %s : (tensor<?xf64>) -> tensor<?xf64>
  func.return %l : tensor<?xf64>
}

// -----

// expected-error@+1 {{the function has 2 blocks; stabilize takes functions of one, with structured loops}}
func.func @blocks(%x: tensor<f64>) -> tensor<f64> {
  func.return %x : tensor<f64>
^next:
  func.return %x : tensor<f64>
}
