// RUN: phintys-opt %s -p contract-buffers --split-input-file --verify-diagnostics

/// Tensors have no buffers yet.
func.func @early(%x: tensor<?xf64>) -> tensor<?xf64> {
  // expected-error@+1 {{nd.exp has no place in a module of level loops, which contract-buffers takes}}
  %y = nd.exp %x : (tensor<?xf64>) -> tensor<?xf64>
  func.return %y : tensor<?xf64>
}

// -----

/// Blocks and jumps are of the next level.
// expected-error@+1 {{the function has 2 blocks; contract-buffers takes functions of one, with structured loops}}
func.func @blocks(%x: memref<4xf64>) {
  cf.br ^next
^next:
  func.return
}
