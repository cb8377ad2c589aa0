// RUN: phintys-opt %s -p autodiff --split-input-file | filecheck %s

/// The gradient of a product of two values reads the other one.
func.func @product(%x: tensor<f64>, %y: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
  %z = nd.mul %x, %y : (tensor<f64>, tensor<f64>) -> tensor<f64>
  %gx, %gy = nd.grad %z, %x, %y : (tensor<f64>, tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>)
  func.return %gx, %gy : tensor<f64>, tensor<f64>
}
// CHECK-LABEL: @product
// CHECK:         [[one:%.+]] = nd.constant {value = dense<1.000000e+00> : tensor<f64>}
// CHECK-NEXT:    [[gx:%.+]] = nd.mul [[one]], %y
// CHECK-NEXT:    [[gy:%.+]] = nd.mul [[one]], %x
// CHECK-NEXT:    func.return [[gx]], [[gy]]

// -----

/// What was broadcast is summed over: the row that is added to every row of a matrix.
func.func @broadcast(%m: tensor<?x3xf64>, %row: tensor<1x3xf64>) -> tensor<1x3xf64> {
  %a = nd.add %m, %row : (tensor<?x3xf64>, tensor<1x3xf64>) -> tensor<?x3xf64>
  %e = nd.exp %a : (tensor<?x3xf64>) -> tensor<?x3xf64>
  %c = nd.sum %e {axes = array<i64: 0, 1>} : (tensor<?x3xf64>) -> tensor<f64>
  %g = nd.grad %c, %row : (tensor<f64>, tensor<1x3xf64>) -> tensor<1x3xf64>
  func.return %g : tensor<1x3xf64>
}
// CHECK-LABEL: @broadcast
// CHECK:         [[all:%.+]] = nd.alloc
// CHECK-NEXT:    [[ga:%.+]] = nd.mul [[all]], %e
// CHECK-NEXT:    [[sum:%.+]] = nd.sum [[ga]] {axes = array<i64: 0>}
// CHECK-NEXT:    [[g:%.+]] = nd.dimshuffle [[sum]] {order = array<i64: -1, 0>} : (tensor<3xf64>) -> tensor<1x3xf64>
// CHECK-NEXT:    func.return [[g]]

// -----

/// A slice sends its gradient back into zeros.
func.func @slice(%x: tensor<?xf64>) -> tensor<?xf64> {
  %s = nd.subtensor %x {index = "1"} : (tensor<?xf64>) -> tensor<f64>
  %g = nd.grad %s, %x : (tensor<f64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %g : tensor<?xf64>
}
// CHECK-LABEL: @slice
// CHECK:         [[n:%.+]] = nd.dim %x
// CHECK:         [[zeros:%.+]] = nd.alloc {{.*}}, [[n]]
// CHECK-NEXT:    nd.inc_subtensor [[zeros]], {{.*}} {index = "1"}

// -----

/// A cost that does not depend on a value gives zeros of its shape.
func.func @unrelated(%x: tensor<f64>, %y: tensor<2xf64>) -> tensor<2xf64> {
  %g = nd.grad %x, %y : (tensor<f64>, tensor<2xf64>) -> tensor<2xf64>
  func.return %g : tensor<2xf64>
}
// CHECK-LABEL: @unrelated
// CHECK:         [[zero:%.+]] = nd.constant {value = dense<0.000000e+00> : tensor<f64>}
// CHECK-NEXT:    [[g:%.+]] = nd.alloc [[zero]] {sizes = array<i64: 2>}
// CHECK-NEXT:    func.return [[g]]

// -----

/// The inner gradient is expanded first, then the outer one.
func.func @second(%x: tensor<f64>) -> tensor<f64> {
  %s = nd.sin %x : (tensor<f64>) -> tensor<f64>
  %g = nd.grad %s, %x : (tensor<f64>, tensor<f64>) -> tensor<f64>
  %h = nd.grad %g, %x : (tensor<f64>, tensor<f64>) -> tensor<f64>
  func.return %h : tensor<f64>
}
// CHECK-LABEL: @second
// CHECK-NOT:     nd.grad
// CHECK:         nd.sin %x
// CHECK:         nd.neg

// -----

/// A value in the middle may be asked for: only what lies behind it counts.
func.func @intermediate(%x: tensor<f64>) -> tensor<f64> {
  %a = nd.exp %x : (tensor<f64>) -> tensor<f64>
  %c = nd.tanh %a : (tensor<f64>) -> tensor<f64>
  %g = nd.grad %c, %a : (tensor<f64>, tensor<f64>) -> tensor<f64>
  func.return %g : tensor<f64>
}
// CHECK-LABEL: @intermediate
// CHECK:         [[c:%.+]] = nd.tanh
// CHECK:         nd.mul [[c]], [[c]]
// CHECK-NOT:     nd.exp
// CHECK:         func.return
