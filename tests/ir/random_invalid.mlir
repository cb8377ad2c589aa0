// RUN: not phintys-opt %s --split-input-file 2>&1 | filecheck %s

func.func @state(%s: tensor<624xui32>) {
  %t, %u = nd.random_uniform %s {sizes = array<i64: 2>} : (tensor<624xui32>) -> (tensor<628xui32>, tensor<2xf64>)
  func.return
}
// CHECK: random_invalid.mlir:4:3: error: random_uniform: the state of a random stream is u32[628], got u32[624]

// -----

func.func @sizes(%s: tensor<628xui32>, %n: tensor<i64>) {
  %t, %u = nd.random_normal %s, %n {sizes = array<i64: 2>} : (tensor<628xui32>, tensor<i64>) -> (tensor<628xui32>, tensor<2xf64>)
  func.return
}
// CHECK: random_invalid.mlir:12:3: error: random_normal: 1 size operands for sizes (2,)
