// RUN: phintys-opt %s -p fuse --split-input-file --verify-diagnostics

/// A region takes the scalars of its operands, and yields one value a result.
func.func @arguments(%x: tensor<?xf64>) -> tensor<?xf64> {
  // expected-error@+1 {{nd.fused: block arguments must be the scalar types of the operands}}
  %y = nd.fused %x {combine = ["map"], axes = array<i64>} : (tensor<?xf64>) -> tensor<?xf64> {
  ^bb0(%a: f32):
    nd.yield %a : f32
  }
  func.return %y : tensor<?xf64>
}

// -----

func.func @yield(%x: tensor<?xf64>) -> tensor<?xf64> {
  // expected-error@+1 {{nd.fused: the body must end in nd.yield of one value for each result}}
  %y = nd.fused %x {combine = ["map"], axes = array<i64>} : (tensor<?xf64>) -> tensor<?xf64> {
  ^bb0(%a: f64):
    nd.yield %a, %a : f64, f64
  }
  func.return %y : tensor<?xf64>
}

// -----

func.func @combiner(%x: tensor<?xf64>) -> tensor<f64> {
  // expected-error@+1 {{nd.fused: 'combine' needs one of map, add, mul, max, min, and, or, argmax, argmin for each result}}
  %y = nd.fused %x {combine = ["sum"], axes = array<i64: 0>} : (tensor<?xf64>) -> tensor<f64> {
  ^bb0(%a: f64):
    nd.yield %a : f64
  }
  func.return %y : tensor<f64>
}

// -----

func.func @reduced(%x: tensor<?x3xf64>) -> tensor<?x3xf64> {
  // expected-error@+1 {{nd.fused: a 'add' result is f64[?, 3], expected shape (None,)}}
  %y = nd.fused %x {combine = ["add"], axes = array<i64: 1>} : (tensor<?x3xf64>) -> tensor<?x3xf64> {
  ^bb0(%a: f64):
    nd.yield %a : f64
  }
  func.return %y : tensor<?x3xf64>
}
