// RUN: phintys-opt %s -p canonicalize --split-input-file --verify-diagnostics

/// Sizes that are found to differ once they are known.
// expected-error@unknown {{add: dimension 0 has sizes 3 and 4, which do not broadcast together}}
func.func @sizes() -> tensor<?xf64> {
  %three = nd.constant {value = dense<3> : tensor<i64>} : () -> tensor<i64>
  %four = nd.constant {value = dense<4> : tensor<i64>} : () -> tensor<i64>
  %z = nd.constant {value = dense<1.0> : tensor<f64>} : () -> tensor<f64>
  %a = nd.alloc %z, %three {sizes = array<i64: -9223372036854775808>} : (tensor<f64>, tensor<i64>) -> tensor<?xf64>
  %b = nd.alloc %z, %four {sizes = array<i64: -9223372036854775808>} : (tensor<f64>, tensor<i64>) -> tensor<?xf64>
  %y = nd.add %a, %b : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %y : tensor<?xf64>
}

// -----

/// A constant that is not what its type says.
func.func @constant() -> tensor<3xf64> {
  // expected-error@+1 {{nd.constant: result type is f64[3], expected tensor<2xf64>}}
  %0 = nd.constant {value = dense<[1.0, 2.0]> : tensor<2xf64>} : () -> tensor<3xf64>
  func.return %0 : tensor<3xf64>
}
