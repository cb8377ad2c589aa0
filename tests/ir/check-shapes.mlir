// RUN: phintys-opt %s -p check-shapes --split-input-file | filecheck %s

/// Two sizes of which neither is known must be equal: one check, before the operation.
func.func @add(%x: tensor<?xf64>, %y: tensor<?xf64>) -> tensor<?xf64> {
  %z = nd.add %x, %y : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %z : tensor<?xf64>
}
// CHECK-LABEL: @add
// CHECK:         [[n:%.+]] = nd.dim %x {axis = 0 : i64}
// CHECK-NEXT:    [[m:%.+]] = nd.dim %y {axis = 0 : i64}
// CHECK-NEXT:    [[same:%.+]] = nd.eq [[n]], [[m]]
// CHECK-NEXT:    nd.require [[same]], [[n]], [[m]] {exception = "ValueError", message = "Input dimension mis-match. (input[0].shape[0] = {0}, input[1].shape[0] = {1}) add: dimension 0 is {0} on the left and {1} on the right"}
// CHECK-NEXT:    nd.add %x, %y

// -----

/// A size that was checked once is known to be equal from then on.
func.func @once(%x: tensor<?xf64>, %y: tensor<?xf64>) -> tensor<?xf64> {
  %a = nd.add %x, %y : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  %b = nd.mul %a, %y : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %b : tensor<?xf64>
}
// CHECK-LABEL: @once
// CHECK:         nd.require
// CHECK-NOT:     nd.require
// CHECK:         func.return

// -----

/// A dimension known to be 1 broadcasts: nothing to check.
func.func @broadcast(%x: tensor<?x?xf64>, %r: tensor<1x?xf64>, %s: tensor<f64>) -> tensor<?x?xf64> {
  %a = nd.add %x, %s : (tensor<?x?xf64>, tensor<f64>) -> tensor<?x?xf64>
  %m = nd.sum %x {axes = array<i64: 1>} : (tensor<?x?xf64>) -> tensor<?xf64>
  %c = nd.dimshuffle %m {order = array<i64: 0, -1>} : (tensor<?xf64>) -> tensor<?x1xf64>
  %b = nd.sub %a, %c : (tensor<?x?xf64>, tensor<?x1xf64>) -> tensor<?x?xf64>
  func.return %b : tensor<?x?xf64>
}
// CHECK-LABEL: @broadcast
// CHECK-NOT:     nd.require
// CHECK:         func.return

// -----

/// The inner sizes of a product; the message speaks of columns and rows.
func.func @dot(%x: tensor<?x?xf64>, %w: tensor<784x10xf64>) -> tensor<?x10xf64> {
  %z = nd.dot %x, %w : (tensor<?x?xf64>, tensor<784x10xf64>) -> tensor<?x10xf64>
  func.return %z : tensor<?x10xf64>
}
// CHECK-LABEL: @dot
// CHECK:         nd.dim %x {axis = 1 : i64}
// CHECK-NEXT:    nd.constant {{.*}}dense<784>
// CHECK:         nd.require {{.*}}"Shape mismatch: x has {0} cols (and {2} rows) but y has {1} rows (and {3} cols)"

// -----

/// A size given as a number must not be negative.
func.func @alloc(%n: tensor<i64>, %v: tensor<f64>) -> tensor<?xf64> {
  %z = nd.alloc %v, %n {sizes = array<i64: -9223372036854775808>} : (tensor<f64>, tensor<i64>) -> tensor<?xf64>
  func.return %z : tensor<?xf64>
}
// CHECK-LABEL: @alloc
// CHECK:         nd.ge %n,
// CHECK-NEXT:    nd.require {{.*}}"alloc: size {0} is negative"
