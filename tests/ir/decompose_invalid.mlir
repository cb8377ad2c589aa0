// RUN: phintys-opt %s -p decompose --split-input-file --verify-diagnostics

func.func @axis(%x: tensor<?x3xf64>) -> tensor<?x3xf64> {
  // expected-error@+1 {{softmax: axis 2 is out of range for a tensor of 2 dimensions}}
  %y = nd.softmax %x {axis = 2 : i64} : (tensor<?x3xf64>) -> tensor<?x3xf64>
  func.return %y : tensor<?x3xf64>
}

// -----

func.func @dot(%x: tensor<3xf64>, %y: tensor<4xf64>) -> tensor<f64> {
  // expected-error@+1 {{dot: }}
  %z = nd.dot %x, %y : (tensor<3xf64>, tensor<4xf64>) -> tensor<f64>
  func.return %z : tensor<f64>
}
