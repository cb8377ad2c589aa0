// RUN: phintys-opt %s -p stabilize --split-input-file | filecheck %s

/// log(softmax(x)).
func.func @log_softmax(%x: tensor<?x4xf64>) -> tensor<?x4xf64> {
  %p = nd.softmax %x {axis = 1 : i64} : (tensor<?x4xf64>) -> tensor<?x4xf64>
  %l = nd.log %p : (tensor<?x4xf64>) -> tensor<?x4xf64>
  func.return %l : tensor<?x4xf64>
}
// CHECK-LABEL: @log_softmax
// CHECK-NEXT:    [[l:%.+]] = nd.log_softmax %x {axis = 1 : i64}
// CHECK-NEXT:    func.return [[l]]

// -----

/// log(softmax(x)[i, y]): the elements are taken afterwards.
func.func @log_of_some(%x: tensor<?x4xf64>, %i: tensor<?xi64>, %y: tensor<?xi32>) -> tensor<?xf64> {
  %p = nd.softmax %x {axis = 1 : i64} : (tensor<?x4xf64>) -> tensor<?x4xf64>
  %q = nd.gather %p, %i, %y : (tensor<?x4xf64>, tensor<?xi64>, tensor<?xi32>) -> tensor<?xf64>
  %l = nd.log %q : (tensor<?xf64>) -> tensor<?xf64>
  func.return %l : tensor<?xf64>
}
// CHECK-LABEL: @log_of_some
// CHECK-NEXT:    [[l:%.+]] = nd.log_softmax %x {axis = 1 : i64}
// CHECK-NEXT:    nd.gather [[l]], %i, %y

// -----

/// log(1 + exp(x)), with a constant on either side, broadcast or cast.
func.func @softplus(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %one = nd.constant {value = dense<1> : tensor<i8>} : () -> tensor<i8>
  %f = nd.cast %one {dtype = "f32"} : (tensor<i8>) -> tensor<f32>
  %ones = nd.alloc %f {sizes = array<i64: 2>} : (tensor<f32>) -> tensor<2xf32>
  %e = nd.exp %x : (tensor<2xf32>) -> tensor<2xf32>
  %a = nd.add %f, %e : (tensor<f32>, tensor<2xf32>) -> tensor<2xf32>
  %b = nd.add %e, %ones : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %la = nd.log %a : (tensor<2xf32>) -> tensor<2xf32>
  %lb = nd.log %b : (tensor<2xf32>) -> tensor<2xf32>
  func.return %la, %lb : tensor<2xf32>, tensor<2xf32>
}
// CHECK-LABEL: @softplus
// CHECK-NEXT:    nd.softplus %x
// CHECK-NEXT:    nd.softplus %x
// CHECK-NEXT:    func.return

// -----

/// The logistic function and both of its logarithms, written with exp.
func.func @logistic(%x: tensor<?xf64>) -> (tensor<?xf64>, tensor<?xf64>, tensor<?xf64>) {
  %one = nd.constant {value = dense<1.0> : tensor<f64>} : () -> tensor<f64>
  %n = nd.neg %x : (tensor<?xf64>) -> tensor<?xf64>
  %e = nd.exp %n : (tensor<?xf64>) -> tensor<?xf64>
  %s = nd.add %e, %one : (tensor<?xf64>, tensor<f64>) -> tensor<?xf64>
  %p = nd.div %one, %s : (tensor<f64>, tensor<?xf64>) -> tensor<?xf64>
  %q = nd.sub %one, %p : (tensor<f64>, tensor<?xf64>) -> tensor<?xf64>
  %lp = nd.log %p : (tensor<?xf64>) -> tensor<?xf64>
  %lq = nd.log %q : (tensor<?xf64>) -> tensor<?xf64>
  func.return %p, %lp, %lq : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
}
// CHECK-LABEL: @logistic
// CHECK-NEXT:    [[p:%.+]] = nd.sigmoid %x
// CHECK-NEXT:    [[n:%.+]] = nd.neg %x
// CHECK-NEXT:    [[a:%.+]] = nd.softplus [[n]]
// CHECK-NEXT:    [[lp:%.+]] = nd.neg [[a]]
// CHECK-NEXT:    [[b:%.+]] = nd.softplus %x
// CHECK-NEXT:    [[lq:%.+]] = nd.neg [[b]]
// CHECK-NEXT:    func.return [[p]], [[lp]], [[lq]]

// -----

/// exp(-dot - b) needs no sign of its own.
func.func @two_terms(%d: tensor<?xf64>, %b: tensor<f64>) -> tensor<?xf64> {
  %one = nd.constant {value = dense<1.0> : tensor<f64>} : () -> tensor<f64>
  %n = nd.neg %d : (tensor<?xf64>) -> tensor<?xf64>
  %m = nd.sub %n, %b : (tensor<?xf64>, tensor<f64>) -> tensor<?xf64>
  %e = nd.exp %m : (tensor<?xf64>) -> tensor<?xf64>
  %s = nd.add %one, %e : (tensor<f64>, tensor<?xf64>) -> tensor<?xf64>
  %p = nd.div %one, %s : (tensor<f64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %p : tensor<?xf64>
}
// CHECK-LABEL: @two_terms
// CHECK-NEXT:    [[a:%.+]] = nd.add %d, %b
// CHECK-NEXT:    nd.sigmoid [[a]]

// -----

/// log1p and expm1.
func.func @small(%x: tensor<?xf64>) -> (tensor<?xf64>, tensor<?xf64>) {
  %one = nd.constant {value = dense<1.0> : tensor<f64>} : () -> tensor<f64>
  %a = nd.add %one, %x : (tensor<f64>, tensor<?xf64>) -> tensor<?xf64>
  %l = nd.log %a : (tensor<?xf64>) -> tensor<?xf64>
  %e = nd.exp %x : (tensor<?xf64>) -> tensor<?xf64>
  %m = nd.sub %e, %one : (tensor<?xf64>, tensor<f64>) -> tensor<?xf64>
  func.return %l, %m : tensor<?xf64>, tensor<?xf64>
}
// CHECK-LABEL: @small
// CHECK-NEXT:    [[l:%.+]] = nd.log1p %x
// CHECK-NEXT:    [[m:%.+]] = nd.expm1 %x
// CHECK-NEXT:    func.return [[l]], [[m]]

// -----

/// The logarithm of a sum of exponentials is shifted by its maximum, once.
func.func @log_sum(%x: tensor<?x?xf64>) -> tensor<?xf64> {
  %e = nd.exp %x : (tensor<?x?xf64>) -> tensor<?x?xf64>
  %s = nd.sum %e {axes = array<i64: 1>} : (tensor<?x?xf64>) -> tensor<?xf64>
  %l = nd.log %s : (tensor<?xf64>) -> tensor<?xf64>
  func.return %l : tensor<?xf64>
}
// CHECK-LABEL: @log_sum
// CHECK-NEXT:    [[m:%.+]] = nd.max %x {axes = array<i64: 1>, nd.may_be_empty}
// CHECK-NEXT:    [[f:%.+]] = nd.floor [[m]]
// CHECK:         [[s:%.+]] = nd.select
// CHECK:         [[d:%.+]] = nd.sub %x,
// CHECK-NEXT:    [[e:%.+]] = nd.exp [[d]]
// CHECK-NEXT:    [[t:%.+]] = nd.sum [[e]] {axes = array<i64: 1>}
// CHECK-NEXT:    [[l:%.+]] = nd.log [[t]]
// CHECK-NEXT:    nd.add [[l]], [[s]]
// CHECK-NOT:     nd.max

// -----

/// softmax written by hand.
func.func @softmax(%x: tensor<?x4xf64>) -> tensor<?x4xf64> {
  %e = nd.exp %x : (tensor<?x4xf64>) -> tensor<?x4xf64>
  %s = nd.sum %e {axes = array<i64: 1>} : (tensor<?x4xf64>) -> tensor<?xf64>
  %k = nd.dimshuffle %s {order = array<i64: 0, -1>} : (tensor<?xf64>) -> tensor<?x1xf64>
  %p = nd.div %e, %k : (tensor<?x4xf64>, tensor<?x1xf64>) -> tensor<?x4xf64>
  func.return %p : tensor<?x4xf64>
}
// CHECK-LABEL: @softmax
// CHECK-NEXT:    nd.softmax %x {axis = 1 : i64}

// -----

/// The derivative with respect to %a needs the logarithm of 1 + %a as it is written.
func.func @kept(%x: tensor<f64>) -> tensor<f64> {
  %one = nd.constant {value = dense<1.0> : tensor<f64>} : () -> tensor<f64>
  %a = nd.exp %x : (tensor<f64>) -> tensor<f64>
  %b = nd.add %one, %a : (tensor<f64>, tensor<f64>) -> tensor<f64>
  %c = nd.log %b : (tensor<f64>) -> tensor<f64>
  %g = nd.grad %c, %a : (tensor<f64>, tensor<f64>) -> tensor<f64>
  func.return %g : tensor<f64>
}
// CHECK-LABEL: @kept
// CHECK:         [[a:%.+]] = nd.exp %x
// CHECK-NEXT:    [[c:%.+]] = nd.log1p [[a]]
// CHECK-NEXT:    nd.grad [[c]], [[a]]

// -----

/// What the derivative of a log-softmax asks for.
func.func @exp_of_log_softmax(%x: tensor<?x4xf64>) -> tensor<?x4xf64> {
  %l = nd.log_softmax %x {axis = 1 : i64} : (tensor<?x4xf64>) -> tensor<?x4xf64>
  %p = nd.exp %l : (tensor<?x4xf64>) -> tensor<?x4xf64>
  func.return %p : tensor<?x4xf64>
}
// CHECK-LABEL: @exp_of_log_softmax
// CHECK-NEXT:    %p = nd.softmax %x {axis = 1 : i64}

// -----

/// A determinant soon overflows, its logarithm does not; of a negative one it is NaN.
func.func @log_det(%x: tensor<?x?xf64>) -> (tensor<f64>, tensor<f64>) {
  %d = nd.host %x {function = "det", results = "f64[]", options = ""} : (tensor<?x?xf64>) -> tensor<f64>
  %l = nd.log %d : (tensor<f64>) -> tensor<f64>
  %a = nd.abs %d : (tensor<f64>) -> tensor<f64>
  %m = nd.log %a : (tensor<f64>) -> tensor<f64>
  func.return %l, %m : tensor<f64>, tensor<f64>
}
// CHECK-LABEL: @log_det
// CHECK-NEXT:    [[s:%.+]], [[l:%.+]] = nd.host %x {function = "slogdet", results = "f64[], f64[]"
// CHECK:         [[n:%.+]] = nd.lt [[s]],
// CHECK-NEXT:    [[nan:%.+]] = nd.log [[s]]
// CHECK-NEXT:    [[r:%.+]] = nd.select [[n]], [[nan]], [[l]]
// CHECK-NEXT:    [[_:%.+]], [[m:%.+]] = nd.host %x {function = "slogdet"
// CHECK-NEXT:    func.return [[r]], [[m]]
