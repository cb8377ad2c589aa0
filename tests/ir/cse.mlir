// RUN: phintys-opt %s -p cse --split-input-file | filecheck %s

/// Operands of a commutative operation may come in either order.
func.func @commutative(%x: tensor<?xf64>, %y: tensor<?xf64>) -> tensor<?xf64> {
  %a = nd.mul %x, %y : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  %b = nd.mul %y, %x : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  %c = nd.add %a, %b : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %c : tensor<?xf64>
}
// CHECK-LABEL: @commutative
// CHECK-NEXT:    [[a:%.+]] = nd.mul %x, %y
// CHECK-NEXT:    nd.add [[a]], [[a]]

// -----

/// Those of others may not, and attributes and dtypes count.
func.func @different(%x: tensor<?x2xf64>, %y: tensor<?x2xf64>) -> (tensor<?x2xf64>, tensor<?x2xf64>, tensor<2xf64>, tensor<?xf64>) {
  %a = nd.sub %x, %y : (tensor<?x2xf64>, tensor<?x2xf64>) -> tensor<?x2xf64>
  %b = nd.sub %y, %x : (tensor<?x2xf64>, tensor<?x2xf64>) -> tensor<?x2xf64>
  %c = nd.sum %x {axes = array<i64: 0>} : (tensor<?x2xf64>) -> tensor<2xf64>
  %d = nd.sum %x {axes = array<i64: 1>} : (tensor<?x2xf64>) -> tensor<?xf64>
  func.return %a, %b, %c, %d : tensor<?x2xf64>, tensor<?x2xf64>, tensor<2xf64>, tensor<?xf64>
}
// CHECK-LABEL: @different
// CHECK:         nd.sub %x, %y
// CHECK:         nd.sub %y, %x
// CHECK:         nd.sum %x {axes = array<i64: 0>}
// CHECK:         nd.sum %x {axes = array<i64: 1>}

// -----

/// Equal constants are one; 0.0 and -0.0 are not equal.
func.func @constants() -> (tensor<f64>, tensor<f64>, tensor<f64>) {
  %a = nd.constant {value = dense<0.0> : tensor<f64>} : () -> tensor<f64>
  %b = nd.constant {value = dense<0.0> : tensor<f64>} : () -> tensor<f64>
  %c = nd.constant {value = dense<-0.0> : tensor<f64>} : () -> tensor<f64>
  func.return %a, %b, %c : tensor<f64>, tensor<f64>, tensor<f64>
}
// CHECK-LABEL: @constants
// CHECK-NEXT:    [[a:%.+]] = nd.constant
// CHECK-NEXT:    [[c:%.+]] = nd.constant
// CHECK-NEXT:    func.return [[a]], [[a]], [[c]]

// -----

/// With respect to one of two equal values: they are told apart until the gradient is expanded.
func.func @gradient(%x: tensor<f64>) -> tensor<f64> {
  %a = nd.exp %x : (tensor<f64>) -> tensor<f64>
  %b = nd.exp %x : (tensor<f64>) -> tensor<f64>
  %c = nd.mul %a, %b : (tensor<f64>, tensor<f64>) -> tensor<f64>
  %g = nd.grad %c, %a : (tensor<f64>, tensor<f64>) -> tensor<f64>
  func.return %g : tensor<f64>
}
// CHECK-LABEL: @gradient
// CHECK:         nd.exp
// CHECK:         nd.exp
