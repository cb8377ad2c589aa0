// RUN: phintys-opt %s -p autodiff,canonicalize,cse --split-input-file | filecheck %s

/// The Jacobian of a product with a vector is the matrix: the identity that it starts from is never made.
func.func @linear(%w: tensor<3x?xf64>, %x: tensor<?xf64>) -> tensor<3x?xf64> {
  %y = nd.dot %w, %x : (tensor<3x?xf64>, tensor<?xf64>) -> tensor<3xf64>
  %j = nd.jacobian %y, %x : (tensor<3xf64>, tensor<?xf64>) -> tensor<3x?xf64>
  func.return %j : tensor<3x?xf64>
}
// CHECK-LABEL: @linear
// CHECK-NEXT:    func.return %w

// -----

/// Elementwise operations work on the diagonal; it is spread at the end.
func.func @chain(%x: tensor<?xf64>) -> tensor<?x?xf64> {
  %y = nd.sin %x : (tensor<?xf64>) -> tensor<?xf64>
  %z = nd.exp %y : (tensor<?xf64>) -> tensor<?xf64>
  %j = nd.jacobian %z, %x : (tensor<?xf64>, tensor<?xf64>) -> tensor<?x?xf64>
  func.return %j : tensor<?x?xf64>
}
// CHECK-LABEL: @chain
// CHECK:         [[d:%.+]] = nd.mul {{.*}} -> tensor<?xf64>
// CHECK:         [[own:%.+]] = nd.eq {{.*}} -> tensor<?x?xi1>
// CHECK:         [[j:%.+]] = nd.select [[own]], [[d]], {{.*}} -> tensor<?x?xf64>
// CHECK-NEXT:    func.return [[j]]

// -----

/// Two layers: one matrix product for all rows.
func.func @layers(%a: tensor<4x?xf64>, %w: tensor<3x4xf64>, %x: tensor<?xf64>) -> tensor<3x?xf64> {
  %h = nd.dot %a, %x : (tensor<4x?xf64>, tensor<?xf64>) -> tensor<4xf64>
  %t = nd.tanh %h : (tensor<4xf64>) -> tensor<4xf64>
  %y = nd.dot %w, %t : (tensor<3x4xf64>, tensor<4xf64>) -> tensor<3xf64>
  %j = nd.jacobian %y, %x : (tensor<3xf64>, tensor<?xf64>) -> tensor<3x?xf64>
  func.return %j : tensor<3x?xf64>
}
// CHECK-LABEL: @layers
// CHECK:         [[slope:%.+]] = nd.sub
// CHECK:         [[scaled:%.+]] = nd.mul %w, [[slope]] : (tensor<3x4xf64>, tensor<4xf64>) -> tensor<3x4xf64>
// CHECK-NEXT:    [[j:%.+]] = nd.dot [[scaled]], %a
// CHECK-NEXT:    func.return [[j]]

// -----

/// Slices move the diagonal: that of neighbours lies beside the main one.
func.func @neighbours(%x: tensor<?xf64>) -> tensor<?x?xf64> {
  %a = nd.subtensor %x {index = "1:"} : (tensor<?xf64>) -> tensor<?xf64>
  %j = nd.jacobian %a, %x : (tensor<?xf64>, tensor<?xf64>) -> tensor<?x?xf64>
  func.return %j : tensor<?x?xf64>
}
// CHECK-LABEL: @neighbours
// CHECK:         nd.constant {value = dense<-1> : tensor<i64>}
// CHECK:         nd.eq {{.*}} : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
// CHECK-NEXT:    nd.select

// -----

/// What does not depend on a value has a Jacobian of zeros.
func.func @unrelated(%x: tensor<3xf64>, %y: tensor<?xf64>) -> tensor<?x3xf64> {
  %j = nd.jacobian %y, %x : (tensor<?xf64>, tensor<3xf64>) -> tensor<?x3xf64>
  func.return %j : tensor<?x3xf64>
}
// CHECK-LABEL: @unrelated
// CHECK:         [[n:%.+]] = nd.dim %y
// CHECK:         [[zero:%.+]] = nd.constant {value = dense<0.000000e+00> : tensor<f64>}
// CHECK-NEXT:    [[j:%.+]] = nd.alloc [[zero]], [[n]]
// CHECK-NEXT:    func.return [[j]]

// -----

/// Python's part is called for each row; what all rows share is given as it is.
func.func @host(%m: tensor<2x2xf64>, %x: tensor<2xf64>) -> tensor<2x2xf64> {
  %y = nd.host %m, %x {function = "solve", results = "f64[2]", options = ""} : (tensor<2x2xf64>, tensor<2xf64>) -> tensor<2xf64>
  %j = nd.jacobian %y, %x : (tensor<2xf64>, tensor<2xf64>) -> tensor<2x2xf64>
  func.return %j : tensor<2x2xf64>
}
// CHECK-LABEL: @host
// CHECK:         nd.host {{.*}} {function = "each:solve", results = "f64[2, 2]", options = "{'batched': [1], {{.*}}"}
