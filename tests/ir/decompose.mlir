// RUN: phintys-opt %s -p decompose --split-input-file | filecheck %s

/// softmax: exponentials of the distance to the maximum, times the reciprocal of their sum.
func.func @softmax(%x: tensor<?x4xf64>) -> tensor<?x4xf64> {
  %p = nd.softmax %x {axis = 1 : i64} : (tensor<?x4xf64>) -> tensor<?x4xf64>
  func.return %p : tensor<?x4xf64>
}
// CHECK-LABEL: @softmax
// CHECK-NEXT:    [[m:%.+]] = nd.max %x {axes = array<i64: 1>, nd.may_be_empty}
// CHECK-NEXT:    [[c:%.+]] = nd.dimshuffle [[m]] {order = array<i64: 0, -1>}
// CHECK-NEXT:    [[d:%.+]] = nd.sub %x, [[c]]
// CHECK-NEXT:    [[e:%.+]] = nd.exp [[d]]
// CHECK-NEXT:    [[s:%.+]] = nd.sum [[e]] {axes = array<i64: 1>}
// CHECK-NEXT:    [[one:%.+]] = nd.constant
// CHECK-NEXT:    [[r:%.+]] = nd.div [[one]], [[s]]
// CHECK-NEXT:    [[k:%.+]] = nd.dimshuffle [[r]] {order = array<i64: 0, -1>}
// CHECK-NEXT:    [[p:%.+]] = nd.mul [[e]], [[k]]
// CHECK-NEXT:    func.return [[p]]

// -----

/// log_softmax: the distance minus the logarithm of the sum.
func.func @log_softmax(%x: tensor<?xf32>) -> tensor<?xf32> {
  %p = nd.log_softmax %x {axis = 0 : i64} : (tensor<?xf32>) -> tensor<?xf32>
  func.return %p : tensor<?xf32>
}
// CHECK-LABEL: @log_softmax
// CHECK:         [[d:%.+]] = nd.sub %x,
// CHECK-NEXT:    [[e:%.+]] = nd.exp [[d]]
// CHECK-NEXT:    [[s:%.+]] = nd.sum [[e]]
// CHECK-NEXT:    [[l:%.+]] = nd.log [[s]]
// CHECK-NEXT:    [[k:%.+]] = nd.dimshuffle [[l]]
// CHECK-NEXT:    nd.sub [[d]], [[k]]

// -----

/// dot of two vectors is a sum of products; with a matrix it stays.
func.func @dot(%x: tensor<?xf64>, %y: tensor<?xf64>, %w: tensor<?x3xf64>) -> (tensor<f64>, tensor<3xf64>) {
  %s = nd.dot %x, %y : (tensor<?xf64>, tensor<?xf64>) -> tensor<f64>
  %v = nd.dot %x, %w : (tensor<?xf64>, tensor<?x3xf64>) -> tensor<3xf64>
  func.return %s, %v : tensor<f64>, tensor<3xf64>
}
// CHECK-LABEL: @dot
// CHECK-NEXT:    [[p:%.+]] = nd.mul %x, %y
// CHECK-NEXT:    nd.sum [[p]] {axes = array<i64: 0>}
// CHECK-NEXT:    nd.dot %x, %w

// -----

/// The pseudo-inverse by singular values.
func.func @pinv(%x: tensor<?x3xf64>) -> tensor<3x?xf64> {
  %p = nd.host %x {function = "pinv", results = "f64[3, ?]", options = ""} : (tensor<?x3xf64>) -> tensor<3x?xf64>
  func.return %p : tensor<3x?xf64>
}
// CHECK-LABEL: @pinv
// CHECK-NEXT:    [[u:%.+]], [[s:%.+]], [[vt:%.+]] = nd.host %x {function = "svd"
// CHECK:         nd.gt [[s]],
// CHECK:         nd.dimshuffle [[vt]]
// CHECK:         nd.dimshuffle [[u]]
// CHECK:         nd.dot

// -----

/// The exponential: a check, the approximant by one system of equations, squarings.
func.func @expm(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %e = nd.host %x {function = "expm", results = "f32[?, ?]", options = ""} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  func.return %e : tensor<?x?xf32>
}
// CHECK-LABEL: @expm
// CHECK:         nd.require {{.*}} message = "expm: expected a square matrix, got one of {0} by {1}"
// CHECK:         [[x:%.+]] = nd.cast %x {dtype = "f64"}
// CHECK:         [[r:%.+]] = nd.host {{.*}} {function = "solve"
// CHECK:         [[e:%.+]] = nd.host [[r]], {{.*}} {function = "squared"
// CHECK-NEXT:    [[f:%.+]] = nd.cast [[e]] {dtype = "f32"}
// CHECK-NEXT:    func.return [[f]]

// -----
/// Reductions over no axes: the operand in the dtype of the result; the place of a scalar's maximum is 0.
func.func @scalars(%x: tensor<i8>) -> (tensor<i64>, tensor<i1>, tensor<i64>) {
  %s = nd.sum %x {axes = array<i64>} : (tensor<i8>) -> tensor<i64>
  %a = nd.any %x {axes = array<i64>} : (tensor<i8>) -> tensor<i1>
  %m = nd.argmax %x {axes = array<i64>} : (tensor<i8>) -> tensor<i64>
  func.return %s, %a, %m : tensor<i64>, tensor<i1>, tensor<i64>
}
// CHECK-LABEL: @scalars
// CHECK-NOT:     axes
// CHECK:         func.return
