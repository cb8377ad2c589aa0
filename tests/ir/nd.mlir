// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --print-op-generic --print-debuginfo

/// Whole tensors: attributes are listed, types inferred, sizes may be unknown.
func.func @nd(%x: tensor<?x3xf64>, %w: tensor<3xf64> {nd.name = "w", nd.state}, %i: tensor<i64>) -> (tensor<?xf64>, tensor<3xf64> {nd.update = 1 : i64}) {
  %y = nd.add %x, %w : (tensor<?x3xf64>, tensor<3xf64>) -> tensor<?x3xf64>
  %s = nd.sum %y {axes = array<i64: 1>} : (tensor<?x3xf64>) -> tensor<?xf64>
  %r = nd.subtensor %x, %i {index = "?"} : (tensor<?x3xf64>, tensor<i64>) -> tensor<3xf64>
  %c = nd.constant {value = dense<[1, 2]> : tensor<2xui8>} : () -> tensor<2xui8>
  %n = nd.dim %x {axis = 0 : i64} : (tensor<?x3xf64>) -> tensor<i64>
  %ok = nd.eq %n, %i : (tensor<i64>, tensor<i64>) -> tensor<i1>
  nd.require %ok, %n, %i {exception = "ValueError", message = "{0} is not {1}"} : (tensor<i1>, tensor<i64>, tensor<i64>) -> ()
  func.return %s, %r : tensor<?xf64>, tensor<3xf64>
}
// CHECK:      func.func @nd(%x: tensor<?x3xf64>, %w: tensor<3xf64> {nd.name = "w", nd.state}, %i: tensor<i64>) -> (tensor<?xf64>, tensor<3xf64> {nd.update = 1 : i64}) {
// CHECK-NEXT: %y = nd.add %x, %w : (tensor<?x3xf64>, tensor<3xf64>) -> tensor<?x3xf64>
// CHECK-NEXT: %s = nd.sum %y {axes = array<i64: 1>} : (tensor<?x3xf64>) -> tensor<?xf64>
// CHECK-NEXT: %r = nd.subtensor %x, %i {index = "?"} : (tensor<?x3xf64>, tensor<i64>) -> tensor<3xf64>
// CHECK-NEXT: %c = nd.constant {value = dense<[1, 2]> : tensor<2xui8>} : () -> tensor<2xui8>
// CHECK-NEXT: %n = nd.dim %x {axis = 0 : i64} : (tensor<?x3xf64>) -> tensor<i64>
// CHECK-NEXT: %ok = nd.eq %n, %i : (tensor<i64>, tensor<i64>) -> tensor<i1>
// CHECK-NEXT: nd.require %ok, %n, %i {exception = "ValueError", message = "{0} is not {1}"} : (tensor<i1>, tensor<i64>, tensor<i64>) -> ()
// CHECK-NEXT: func.return %s, %r : tensor<?xf64>, tensor<3xf64>
// CHECK-NEXT: }
