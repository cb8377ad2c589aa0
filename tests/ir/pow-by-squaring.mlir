// RUN: phintys-opt %s -p pow-by-squaring --split-input-file | filecheck %s

/// The tenth power takes four multiplications.
func.func @ten(%x: tensor<?xf64>) -> tensor<?xf64> {
  %n = nd.constant {value = dense<10.0> : tensor<f64>} : () -> tensor<f64>
  %y = nd.pow %x, %n : (tensor<?xf64>, tensor<f64>) -> tensor<?xf64>
  func.return %y : tensor<?xf64>
}
// CHECK-LABEL: @ten
// CHECK-NEXT:    [[x2:%.+]] = nd.mul %x, %x
// CHECK-NEXT:    [[x3:%.+]] = nd.mul [[x2]], %x
// CHECK-NEXT:    [[x5:%.+]] = nd.mul [[x3]], [[x2]]
// CHECK-NEXT:    [[x10:%.+]] = nd.mul [[x5]], [[x5]]
// CHECK-NEXT:    func.return [[x10]]

// -----

/// Negative exponents end in a reciprocal.
func.func @inverse(%x: tensor<?xf64>) -> tensor<?xf64> {
  %n = nd.constant {value = dense<-2.0> : tensor<f64>} : () -> tensor<f64>
  %y = nd.pow %x, %n : (tensor<?xf64>, tensor<f64>) -> tensor<?xf64>
  func.return %y : tensor<?xf64>
}
// CHECK-LABEL: @inverse
// CHECK-NEXT:    [[x2:%.+]] = nd.mul %x, %x
// CHECK-NEXT:    [[one:%.+]] = nd.constant {value = dense<1.000000e+00> : tensor<f64>}
// CHECK-NEXT:    nd.div [[one]], [[x2]]

// -----

/// Halves take a square root; the exponent may be a whole tensor of one number.
func.func @half(%x: tensor<3xf32>) -> tensor<3xf32> {
  %n = nd.constant {value = dense<2.5> : tensor<3xf32>} : () -> tensor<3xf32>
  %y = nd.pow %x, %n : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  func.return %y : tensor<3xf32>
}
// CHECK-LABEL: @half
// CHECK-NEXT:    [[r:%.+]] = nd.sqrt %x
// CHECK-NEXT:    [[x2:%.+]] = nd.mul %x, %x
// CHECK-NEXT:    nd.mul [[x2]], [[r]]

// -----

/// Ints have powers too; a negative exponent is left to be refused when it runs.
func.func @ints(%x: tensor<?xi32>) -> (tensor<?xi32>, tensor<?xi32>) {
  %n = nd.constant {value = dense<3> : tensor<i32>} : () -> tensor<i32>
  %m = nd.constant {value = dense<-1> : tensor<i32>} : () -> tensor<i32>
  %y = nd.pow %x, %n : (tensor<?xi32>, tensor<i32>) -> tensor<?xi32>
  %z = nd.pow %x, %m : (tensor<?xi32>, tensor<i32>) -> tensor<?xi32>
  func.return %y, %z : tensor<?xi32>, tensor<?xi32>
}
// CHECK-LABEL: @ints
// CHECK:         [[x2:%.+]] = nd.mul %x, %x
// CHECK-NEXT:    [[x3:%.+]] = nd.mul [[x2]], %x
// CHECK-NEXT:    [[z:%.+]] = nd.pow %x, %m
// CHECK-NEXT:    func.return [[x3]], [[z]]

// -----

/// What is not a half of an integer, too large, or not known stays.
func.func @stays(%x: tensor<f64>, %n: tensor<f64>) -> (tensor<f64>, tensor<f64>, tensor<f64>) {
  %third = nd.constant {value = dense<0.3> : tensor<f64>} : () -> tensor<f64>
  %large = nd.constant {value = dense<1000.0> : tensor<f64>} : () -> tensor<f64>
  %a = nd.pow %x, %third : (tensor<f64>, tensor<f64>) -> tensor<f64>
  %b = nd.pow %x, %large : (tensor<f64>, tensor<f64>) -> tensor<f64>
  %c = nd.pow %x, %n : (tensor<f64>, tensor<f64>) -> tensor<f64>
  func.return %a, %b, %c : tensor<f64>, tensor<f64>, tensor<f64>
}
// CHECK-LABEL: @stays
// CHECK:         nd.pow %x, %third
// CHECK:         nd.pow %x, %large
// CHECK:         nd.pow %x, %n
