// RUN: phintys-opt %s -p parallelize --split-input-file --verify-diagnostics

/// Tensors have no loops yet.
func.func @early(%x: tensor<?xf64>) -> tensor<?xf64> {
  // expected-error@+1 {{nd.exp has no place in a module of level loops, which parallelize takes}}
  %y = nd.exp %x : (tensor<?xf64>) -> tensor<?xf64>
  func.return %y : tensor<?xf64>
}
