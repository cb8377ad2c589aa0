// RUN: phintys-opt %s -p fuse --split-input-file | filecheck %s

/// A chain of elementwise operations is one region; the scalar constant is written into it.
func.func @chain(%x: tensor<?x?xf64>, %r: tensor<1x?xf64>) -> tensor<?x?xf64> {
  %two = nd.constant {value = dense<2.0> : tensor<f64>} : () -> tensor<f64>
  %a = nd.mul %x, %two : (tensor<?x?xf64>, tensor<f64>) -> tensor<?x?xf64>
  %b = nd.add %a, %r : (tensor<?x?xf64>, tensor<1x?xf64>) -> tensor<?x?xf64>
  %c = nd.tanh %b : (tensor<?x?xf64>) -> tensor<?x?xf64>
  func.return %c : tensor<?x?xf64>
}
// CHECK-LABEL: @chain
// CHECK:         %c = nd.fused %x, %r {combine = ["map"], axes = array<i64>}
// CHECK-NEXT:    ^bb0([[x:%.+]]: f64, [[r:%.+]]: f64):
// CHECK-NEXT:      [[two:%.+]] = arith.constant 2.0
// CHECK-NEXT:      [[a:%.+]] = arith.mulf [[x]], [[two]]
// CHECK-NEXT:      [[b:%.+]] = arith.addf [[a]], [[r]]
// CHECK-NEXT:      [[c:%.+]] = math.tanh [[b]]
// CHECK-NEXT:      nd.yield [[c]] : f64

// -----

/// What a reduction reads is computed where it is summed up, and never stored.
func.func @into_reduction(%x: tensor<?x?xf64>) -> tensor<?xf64> {
  %e = nd.exp %x : (tensor<?x?xf64>) -> tensor<?x?xf64>
  %s = nd.sum %e {axes = array<i64: 1>} : (tensor<?x?xf64>) -> tensor<?xf64>
  func.return %s : tensor<?xf64>
}
// CHECK-LABEL: @into_reduction
// CHECK-NEXT:    %s = nd.fused %x {combine = ["add"], axes = array<i64: 1>}
// CHECK:           math.exp
// CHECK-NOT:     nd.fused

// -----

/// Softmax: the maximum must be complete before the exponentials, and their sum before the quotients; three regions.
func.func @softmax(%x: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %m = nd.max %x {axes = array<i64: 1>} : (tensor<?x?xf64>) -> tensor<?xf64>
  %mc = nd.dimshuffle %m {order = array<i64: 0, -1>} : (tensor<?xf64>) -> tensor<?x1xf64>
  %d = nd.sub %x, %mc : (tensor<?x?xf64>, tensor<?x1xf64>) -> tensor<?x?xf64>
  %e = nd.exp %d : (tensor<?x?xf64>) -> tensor<?x?xf64>
  %s = nd.sum %e {axes = array<i64: 1>} : (tensor<?x?xf64>) -> tensor<?xf64>
  %sc = nd.dimshuffle %s {order = array<i64: 0, -1>} : (tensor<?xf64>) -> tensor<?x1xf64>
  %p = nd.div %e, %sc : (tensor<?x?xf64>, tensor<?x1xf64>) -> tensor<?x?xf64>
  func.return %p : tensor<?x?xf64>
}
// CHECK-LABEL: @softmax
// CHECK:         %m = nd.fused %x {combine = ["max"], axes = array<i64: 1>}
// CHECK:         %e, %s = nd.fused %x, %mc {combine = ["map", "add"], axes = array<i64: 1>}
// CHECK:         %p = nd.fused %e, %sc {combine = ["map"], axes = array<i64>}
// CHECK-NOT:     nd.fused

// -----

/// Several reductions of one operand read it once.
func.func @siblings(%x: tensor<?xf64>) -> (tensor<f64>, tensor<f64>) {
  %s = nd.sum %x {axes = array<i64: 0>} : (tensor<?xf64>) -> tensor<f64>
  %m = nd.max %x {axes = array<i64: 0>} : (tensor<?xf64>) -> tensor<f64>
  func.return %s, %m : tensor<f64>, tensor<f64>
}
// CHECK-LABEL: @siblings
// CHECK-NEXT:    %s, %m = nd.fused %x {combine = ["add", "max"], axes = array<i64: 0>}
// CHECK-NOT:     nd.fused

// -----

/// A path through an operation that is not fused keeps two regions apart.
func.func @through_dot(%x: tensor<4x4xf64>) -> tensor<4x4xf64> {
  %a = nd.exp %x : (tensor<4x4xf64>) -> tensor<4x4xf64>
  %d = nd.dot %a, %a : (tensor<4x4xf64>, tensor<4x4xf64>) -> tensor<4x4xf64>
  %b = nd.add %a, %d : (tensor<4x4xf64>, tensor<4x4xf64>) -> tensor<4x4xf64>
  func.return %b : tensor<4x4xf64>
}
// CHECK-LABEL: @through_dot
// CHECK:         %a = nd.fused %x
// CHECK:         %d = nd.dot %a, %a
// CHECK-NEXT:    %b = nd.fused %a, %d

// -----

/// What a repeated scalar holds is read, not the repetition; scalar operations stay as they are.
func.func @repetition(%x: tensor<?xf64>, %g: tensor<f64>) -> tensor<?xf64> {
  %n = nd.dim %x {axis = 0 : i64} : (tensor<?xf64>) -> tensor<i64>
  %h = nd.neg %g : (tensor<f64>) -> tensor<f64>
  %r = nd.alloc %h, %n {sizes = array<i64: -9223372036854775808>} : (tensor<f64>, tensor<i64>) -> tensor<?xf64>
  %y = nd.mul %x, %r : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %y : tensor<?xf64>
}
// CHECK-LABEL: @repetition
// CHECK:         %h = nd.neg %g
// CHECK:         %y = nd.fused %x, %h
