// RUN: phintys-opt %s -p pow-by-squaring --split-input-file --verify-diagnostics

func.func @shapes(%x: tensor<3xf64>, %n: tensor<2xf64>) -> tensor<3xf64> {
  // expected-error@+1 {{pow: dimension 0 has sizes 2 and 3, which do not broadcast together}}
  %y = nd.pow %x, %n : (tensor<3xf64>, tensor<2xf64>) -> tensor<3xf64>
  func.return %y : tensor<3xf64>
}

// -----

/// Scalars have no tensors' powers.
func.func @late(%x: f64, %n: f64) -> f64 {
  // expected-error@+1 {{llvm.fmul has no place in a module of level nd, which pow-by-squaring takes}}
  %y = llvm.fmul %x, %n : f64
  func.return %y : f64
}
