// RUN: phintys-opt %s -p autodiff,drop-marks --split-input-file | filecheck %s

/// A mark is its operand; the bounds of a clip are gone with it.
func.func @marks(%x: tensor<?xf64>) -> (tensor<?xf64>, tensor<?xf64>) {
  %low = nd.constant {value = dense<-1.0> : tensor<f64>} : () -> tensor<f64>
  %high = nd.constant {value = dense<1.0> : tensor<f64>} : () -> tensor<f64>
  %0 = nd.zero_grad %x : (tensor<?xf64>) -> tensor<?xf64>
  %1 = nd.grad_clip %0, %low, %high : (tensor<?xf64>, tensor<f64>, tensor<f64>) -> tensor<?xf64>
  %2 = nd.exp %1 : (tensor<?xf64>) -> tensor<?xf64>
  func.return %1, %2 : tensor<?xf64>, tensor<?xf64>
}
// CHECK-LABEL: @marks
// CHECK-NEXT:    [[e:%.+]] = nd.exp %x
// CHECK-NEXT:    func.return %x, [[e]]

// -----

/// The derivative stops at a mark, and is scaled by another.
func.func @derivatives(%x: tensor<f64>, %k: tensor<f64>) -> tensor<f64> {
  %0 = nd.stop_grad %x : (tensor<f64>) -> tensor<f64>
  %1 = nd.grad_scale %x, %k : (tensor<f64>, tensor<f64>) -> tensor<f64>
  %y = nd.mul %0, %1 : (tensor<f64>, tensor<f64>) -> tensor<f64>
  %g = nd.grad %y, %x : (tensor<f64>, tensor<f64>) -> tensor<f64>
  func.return %g : tensor<f64>
}
// CHECK-LABEL: @derivatives
// CHECK-NEXT:    [[one:%.+]] = nd.constant
// CHECK-NEXT:    [[g:%.+]] = nd.mul [[one]], %x
// CHECK-NEXT:    [[s:%.+]] = nd.mul [[g]], %k
// CHECK-NEXT:    func.return [[s]]
