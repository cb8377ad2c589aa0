// RUN: phintys-opt %s -p canonicalize --split-input-file | filecheck %s

/// One element of each row: the exponential is taken of what is picked. A broadcast operand is picked by the indices of its own dimensions.
func.func @picked(%x: tensor<?x?xf64>, %m: tensor<?x1xf64>, %y: tensor<?xi64>) -> tensor<?xf64> {
  %zero = nd.constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %one = nd.constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %n = nd.dim %y {axis = 0 : i64} : (tensor<?xi64>) -> tensor<i64>
  %rows = nd.arange %zero, %n, %one : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %s = nd.sub %x, %m : (tensor<?x?xf64>, tensor<?x1xf64>) -> tensor<?x?xf64>
  %e = nd.exp %s : (tensor<?x?xf64>) -> tensor<?x?xf64>
  %p = nd.gather %e, %rows, %y : (tensor<?x?xf64>, tensor<?xi64>, tensor<?xi64>) -> tensor<?xf64>
  func.return %p : tensor<?xf64>
}
// CHECK-LABEL: @picked
// CHECK:         %0 = nd.gather %x, %rows, %y
// CHECK-NEXT:    %1 = nd.dimshuffle %m {order = array<i64: 0>}
// CHECK-NEXT:    %2 = nd.gather %1, %rows
// CHECK-NEXT:    %3 = nd.sub %0, %2
// CHECK-NEXT:    %p = nd.exp %3
// CHECK-NEXT:    func.return %p

// -----

/// Indices that may name an element many times: the exponential is taken once for each element.
func.func @looked_up(%x: tensor<?x?xf64>, %i: tensor<?xi64>, %j: tensor<?xi64>) -> tensor<?xf64> {
  %e = nd.exp %x : (tensor<?x?xf64>) -> tensor<?x?xf64>
  %p = nd.gather %e, %i, %j : (tensor<?x?xf64>, tensor<?xi64>, tensor<?xi64>) -> tensor<?xf64>
  func.return %p : tensor<?xf64>
}
// CHECK-LABEL: @looked_up
// CHECK-NEXT:    %e = nd.exp %x
// CHECK-NEXT:    %p = nd.gather %e, %i, %j

// -----

/// The step of a table of which some rows are used: no tensor of zeros.
func.func @step(%w: tensor<?x8xf64>, %v: tensor<?x8xf64>, %i: tensor<?xi64>) -> tensor<?x8xf64> {
  %zero = nd.constant {value = dense<0.0> : tensor<f64>} : () -> tensor<f64>
  %rate = nd.constant {value = dense<0.5> : tensor<f64>} : () -> tensor<f64>
  %n = nd.dim %w {axis = 0 : i64} : (tensor<?x8xf64>) -> tensor<i64>
  %zeros = nd.alloc %zero, %n {sizes = array<i64: -9223372036854775808, 8>} : (tensor<f64>, tensor<i64>) -> tensor<?x8xf64>
  %g = nd.scatter_add %zeros, %v, %i : (tensor<?x8xf64>, tensor<?x8xf64>, tensor<?xi64>) -> tensor<?x8xf64>
  %d = nd.mul %g, %rate : (tensor<?x8xf64>, tensor<f64>) -> tensor<?x8xf64>
  %r = nd.sub %w, %d : (tensor<?x8xf64>, tensor<?x8xf64>) -> tensor<?x8xf64>
  func.return %r : tensor<?x8xf64>
}
// CHECK-LABEL: @step
// CHECK-NOT:     alloc
// CHECK:         nd.scatter_add %w, {{.*}}, %i
// CHECK-NEXT:    func.return

// -----

/// An infinite factor makes NaN of the zeros: they are needed.
func.func @infinite(%w: tensor<8xf64>, %v: tensor<?xf64>, %i: tensor<?xi64>) -> tensor<8xf64> {
  %zeros = nd.constant {value = dense<0.0> : tensor<8xf64>} : () -> tensor<8xf64>
  %rate = nd.constant {value = dense<0x7ff0000000000000> : tensor<f64>} : () -> tensor<f64>
  %g = nd.scatter_add %zeros, %v, %i : (tensor<8xf64>, tensor<?xf64>, tensor<?xi64>) -> tensor<8xf64>
  %d = nd.mul %g, %rate : (tensor<8xf64>, tensor<f64>) -> tensor<8xf64>
  func.return %d : tensor<8xf64>
}
// CHECK-LABEL: @infinite
// CHECK:         %g = nd.scatter_add
// CHECK-NEXT:    %d = nd.mul %g

// -----

/// Row sums of what is scattered into a matrix that is needed itself.
func.func @row_sums(%v: tensor<?xf64>, %i: tensor<?xi64>, %j: tensor<?xi64>) -> (tensor<4x8xf64>, tensor<4xf64>) {
  %zeros = nd.constant {value = dense<0.0> : tensor<4x8xf64>} : () -> tensor<4x8xf64>
  %g = nd.scatter_add %zeros, %v, %i, %j : (tensor<4x8xf64>, tensor<?xf64>, tensor<?xi64>, tensor<?xi64>) -> tensor<4x8xf64>
  %s = nd.sum %g {axes = array<i64: 1>} : (tensor<4x8xf64>) -> tensor<4xf64>
  func.return %g, %s : tensor<4x8xf64>, tensor<4xf64>
}
// CHECK-LABEL: @row_sums
// CHECK:         %s = nd.scatter_add {{.*}}, %v, %i : (tensor<4xf64>
