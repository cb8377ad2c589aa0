// RUN: phintys-opt %s -p canonicalize --split-input-file | filecheck %s

/// Constants are folded, and neutral elements go.
func.func @fold(%x: tensor<?xf64>) -> tensor<?xf64> {
  %two = nd.constant {value = dense<2> : tensor<i64>} : () -> tensor<i64>
  %one = nd.constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %n = nd.sub %two, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %f = nd.cast %n {dtype = "f64"} : (tensor<i64>) -> tensor<f64>
  %y = nd.pow %x, %f : (tensor<?xf64>, tensor<f64>) -> tensor<?xf64>
  %z = nd.mul %f, %y : (tensor<f64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %z : tensor<?xf64>
}
// CHECK-LABEL: @fold
// CHECK-NEXT:    func.return %x

// -----

/// x + 0.0 is not x where x is -0.0, x * 0.0 is not 0.0 where x is NaN; both stay for floats and go for ints.
func.func @zero(%x: tensor<f64>, %n: tensor<i64>) -> (tensor<f64>, tensor<f64>, tensor<i64>, tensor<i64>) {
  %0 = nd.constant {value = dense<0.0> : tensor<f64>} : () -> tensor<f64>
  %1 = nd.constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %a = nd.add %x, %0 : (tensor<f64>, tensor<f64>) -> tensor<f64>
  %b = nd.mul %x, %0 : (tensor<f64>, tensor<f64>) -> tensor<f64>
  %c = nd.add %n, %1 : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %d = nd.mul %n, %1 : (tensor<i64>, tensor<i64>) -> tensor<i64>
  func.return %a, %b, %c, %d : tensor<f64>, tensor<f64>, tensor<i64>, tensor<i64>
}
// CHECK-LABEL: @zero
// CHECK:         [[a:%.+]] = nd.add %x,
// CHECK-NEXT:    [[b:%.+]] = nd.mul %x,
// CHECK-NEXT:    [[d:%.+]] = nd.constant {value = dense<0> : tensor<i64>}
// CHECK-NEXT:    func.return [[a]], [[b]], %n, [[d]]

// -----

/// A neutral element that broadcasts the other operand does something.
func.func @shape(%x: tensor<f64>) -> tensor<3xf64> {
  %one = nd.constant {value = dense<1.0> : tensor<3xf64>} : () -> tensor<3xf64>
  %y = nd.mul %x, %one : (tensor<f64>, tensor<3xf64>) -> tensor<3xf64>
  func.return %y : tensor<3xf64>
}
// CHECK-LABEL: @shape
// CHECK:         nd.mul %x

// -----

/// Signs move out of products and meet.
func.func @signs(%x: tensor<?xf64>, %y: tensor<?xf64>, %z: tensor<?xf64>) -> tensor<?xf64> {
  %a = nd.neg %x : (tensor<?xf64>) -> tensor<?xf64>
  %b = nd.mul %a, %y : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  %c = nd.sub %z, %b : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %c : tensor<?xf64>
}
// CHECK-LABEL: @signs
// CHECK-NEXT:    [[p:%.+]] = nd.mul %x, %y
// CHECK-NEXT:    nd.add %z, [[p]]

// -----

/// Dividing by a power of two is multiplying by its reciprocal; by 3 it is not.
func.func @reciprocal(%x: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
  %four = nd.constant {value = dense<4.0> : tensor<f64>} : () -> tensor<f64>
  %three = nd.constant {value = dense<3.0> : tensor<f64>} : () -> tensor<f64>
  %a = nd.div %x, %four : (tensor<f64>, tensor<f64>) -> tensor<f64>
  %b = nd.div %x, %three : (tensor<f64>, tensor<f64>) -> tensor<f64>
  func.return %a, %b : tensor<f64>, tensor<f64>
}
// CHECK-LABEL: @reciprocal
// CHECK:         [[q:%.+]] = nd.constant {value = dense<2.500000e-01> : tensor<f64>}
// CHECK-NEXT:    nd.mul %x, [[q]]
// CHECK-NEXT:    nd.div %x,

// -----

/// A cast back to where a value came from, through a dtype that holds it.
func.func @casts(%x: tensor<f32>, %n: tensor<i64>) -> (tensor<f32>, tensor<i64>) {
  %a = nd.cast %x {dtype = "f64"} : (tensor<f32>) -> tensor<f64>
  %b = nd.cast %a {dtype = "f32"} : (tensor<f64>) -> tensor<f32>
  %c = nd.cast %n {dtype = "f64"} : (tensor<i64>) -> tensor<f64>
  %d = nd.cast %c {dtype = "i64"} : (tensor<f64>) -> tensor<i64>
  func.return %b, %d : tensor<f32>, tensor<i64>
}
// CHECK-LABEL: @casts
// CHECK-NEXT:    [[c:%.+]] = nd.cast %n
// CHECK-NEXT:    [[d:%.+]] = nd.cast [[c]]
// CHECK-NEXT:    func.return %x, [[d]]

// -----

/// The size of a result is known without the result.
func.func @dim(%x: tensor<?x4xf64>, %w: tensor<4x?xf64>) -> (tensor<i64>, tensor<i64>) {
  %y = nd.dot %x, %w : (tensor<?x4xf64>, tensor<4x?xf64>) -> tensor<?x?xf64>
  %e = nd.exp %y : (tensor<?x?xf64>) -> tensor<?x?xf64>
  %s = nd.sum %e {axes = array<i64: 0>} : (tensor<?x?xf64>) -> tensor<?xf64>
  %n = nd.dim %s {axis = 0 : i64} : (tensor<?xf64>) -> tensor<i64>
  %m = nd.dim %w {axis = 0 : i64} : (tensor<4x?xf64>) -> tensor<i64>
  func.return %n, %m : tensor<i64>, tensor<i64>
}
// CHECK-LABEL: @dim
// CHECK-NEXT:    [[n:%.+]] = nd.dim %w {axis = 1 : i64}
// CHECK-NEXT:    [[m:%.+]] = nd.constant {value = dense<4> : tensor<i64>}
// CHECK-NEXT:    func.return [[n]], [[m]]

// -----

/// An element of the shape is a size.
func.func @shape_element(%x: tensor<?x?xf64>) -> tensor<i64> {
  %n = nd.dim %x {axis = 0 : i64} : (tensor<?x?xf64>) -> tensor<i64>
  %m = nd.dim %x {axis = 1 : i64} : (tensor<?x?xf64>) -> tensor<i64>
  %s = nd.make_vector %n, %m : (tensor<i64>, tensor<i64>) -> tensor<2xi64>
  %one = nd.constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %r = nd.subtensor %s, %one {index = "?"} : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  func.return %r : tensor<i64>
}
// CHECK-LABEL: @shape_element
// CHECK-NEXT:    [[m:%.+]] = nd.dim %x {axis = 1 : i64}
// CHECK-NEXT:    func.return [[m]]

// -----

/// A broadcast that the operation does anyway is not written; zeros from a gradient add nothing.
func.func @broadcast(%x: tensor<?xf64>, %s: tensor<f64>) -> tensor<?xf64> {
  %zero = nd.constant {value = dense<0.0> : tensor<f64>} : () -> tensor<f64>
  %n = nd.dim %x {axis = 0 : i64} : (tensor<?xf64>) -> tensor<i64>
  %a = nd.alloc %s, %n {sizes = array<i64: -9223372036854775808>} : (tensor<f64>, tensor<i64>) -> tensor<?xf64>
  %z = nd.alloc %zero, %n {sizes = array<i64: -9223372036854775808>} : (tensor<f64>, tensor<i64>) -> tensor<?xf64>
  %b = nd.mul %x, %a : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  %c = nd.add %b, %z : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %c : tensor<?xf64>
}
// CHECK-LABEL: @broadcast
// CHECK-NEXT:    [[b:%.+]] = nd.mul %x, %s
// CHECK-NEXT:    func.return [[b]]

// -----

/// Permutations compose; what is left of this one is nothing.
func.func @shuffles(%x: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %t = nd.dimshuffle %x {order = array<i64: 1, 0>} : (tensor<?x?xf64>) -> tensor<?x?xf64>
  %u = nd.dimshuffle %t {order = array<i64: 1, 0>} : (tensor<?x?xf64>) -> tensor<?x?xf64>
  func.return %u : tensor<?x?xf64>
}
// CHECK-LABEL: @shuffles
// CHECK-NEXT:    func.return %x

// -----

/// A transpose between elementwise operations moves to their operands; what a product of matrices reads stays.
func.func @transposes(%u: tensor<?xf64>, %v: tensor<?xf64>, %w: tensor<?x?xf64>) -> (tensor<?x?xf64>, tensor<?xf64>) {
  %c = nd.dimshuffle %u {order = array<i64: 0, -1>} : (tensor<?xf64>) -> tensor<?x1xf64>
  %r = nd.dimshuffle %v {order = array<i64: -1, 0>} : (tensor<?xf64>) -> tensor<1x?xf64>
  %o = nd.mul %c, %r : (tensor<?x1xf64>, tensor<1x?xf64>) -> tensor<?x?xf64>
  %t = nd.dimshuffle %o {order = array<i64: 1, 0>} : (tensor<?x?xf64>) -> tensor<?x?xf64>
  %a = nd.add %w, %t : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64>
  %e = nd.exp %w : (tensor<?x?xf64>) -> tensor<?x?xf64>
  %f = nd.dimshuffle %e {order = array<i64: 1, 0>} : (tensor<?x?xf64>) -> tensor<?x?xf64>
  %d = nd.dot %f, %u : (tensor<?x?xf64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %a, %d : tensor<?x?xf64>, tensor<?xf64>
}
// CHECK-LABEL: @transposes
// CHECK-NEXT:    [[r:%.+]] = nd.dimshuffle %u {order = array<i64: -1, 0>}
// CHECK-NEXT:    [[c:%.+]] = nd.dimshuffle %v {order = array<i64: 0, -1>}
// CHECK-NEXT:    [[o:%.+]] = nd.mul [[r]], [[c]]
// CHECK-NEXT:    [[a:%.+]] = nd.add %w, [[o]]
// CHECK-NEXT:    [[e:%.+]] = nd.exp %w
// CHECK-NEXT:    [[f:%.+]] = nd.dimshuffle [[e]]
// CHECK-NEXT:    nd.dot [[f]], %u

// -----

/// Only the element that is taken is computed.
func.func @take(%x: tensor<?xf64>) -> tensor<f64> {
  %e = nd.exp %x : (tensor<?xf64>) -> tensor<?xf64>
  %t = nd.subtensor %e {index = "0"} : (tensor<?xf64>) -> tensor<f64>
  func.return %t : tensor<f64>
}
// CHECK-LABEL: @take
// CHECK-NEXT:    [[t:%.+]] = nd.subtensor %x {index = "0"}
// CHECK-NEXT:    nd.exp [[t]]

// -----

/// One number is added at many places as it is.
func.func @scatter(%x: tensor<?xf64>, %s: tensor<f64>, %i: tensor<?xi64>) -> tensor<?xf64> {
  %n = nd.dim %i {axis = 0 : i64} : (tensor<?xi64>) -> tensor<i64>
  %u = nd.alloc %s, %n {sizes = array<i64: -9223372036854775808>} : (tensor<f64>, tensor<i64>) -> tensor<?xf64>
  %r = nd.scatter_add %x, %u, %i : (tensor<?xf64>, tensor<?xf64>, tensor<?xi64>) -> tensor<?xf64>
  func.return %r : tensor<?xf64>
}
// CHECK-LABEL: @scatter
// CHECK-NEXT:    nd.scatter_add %x, %s, %i

// -----

/// Sizes and bounds that are constants become part of the type.
func.func @sizes(%x: tensor<?x6xf64>) -> tensor<f64> {
  %one = nd.constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %four = nd.constant {value = dense<4> : tensor<i64>} : () -> tensor<i64>
  %s = nd.subtensor %x, %one, %four {index = ":, ?:?"} : (tensor<?x6xf64>, tensor<i64>, tensor<i64>) -> tensor<?x?xf64>
  %e = nd.exp %s : (tensor<?x?xf64>) -> tensor<?x?xf64>
  %c = nd.sum %e {axes = array<i64: 0, 1>} : (tensor<?x?xf64>) -> tensor<f64>
  func.return %c : tensor<f64>
}
// CHECK-LABEL: @sizes
// CHECK-NEXT:    [[s:%.+]] = nd.subtensor %x {index = ":, 1:4"} : (tensor<?x6xf64>) -> tensor<?x3xf64>
// CHECK-NEXT:    [[e:%.+]] = nd.exp [[s]] : (tensor<?x3xf64>) -> tensor<?x3xf64>
// CHECK-NEXT:    nd.sum [[e]]

// -----

/// An addition into zeros that is added goes straight to where it belongs.
func.func @increment(%g: tensor<?xf64>, %y: tensor<f64>) -> tensor<?xf64> {
  %zero = nd.constant {value = dense<0.0> : tensor<f64>} : () -> tensor<f64>
  %n = nd.dim %g {axis = 0 : i64} : (tensor<?xf64>) -> tensor<i64>
  %z = nd.alloc %zero, %n {sizes = array<i64: -9223372036854775808>} : (tensor<f64>, tensor<i64>) -> tensor<?xf64>
  %i = nd.inc_subtensor %z, %y {index = "0"} : (tensor<?xf64>, tensor<f64>) -> tensor<?xf64>
  %r = nd.add %i, %g : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %r : tensor<?xf64>
}
// CHECK-LABEL: @increment
// CHECK-NEXT:    nd.inc_subtensor %g, %y {index = "0"}

// -----

/// Choices that are made already.
func.func @select(%c: tensor<?xi1>, %x: tensor<?xf64>, %y: tensor<?xf64>) -> (tensor<?xf64>, tensor<?xf64>, tensor<?xf64>) {
  %true = nd.constant {value = dense<true> : tensor<i1>} : () -> tensor<i1>
  %not = nd.invert %c : (tensor<?xi1>) -> tensor<?xi1>
  %a = nd.select %true, %x, %y : (tensor<i1>, tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  %b = nd.select %c, %x, %x : (tensor<?xi1>, tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  %d = nd.select %not, %x, %y : (tensor<?xi1>, tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %a, %b, %d : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
}
// CHECK-LABEL: @select
// CHECK-NEXT:    [[d:%.+]] = nd.select %c, %y, %x
// CHECK-NEXT:    func.return %x, %x, [[d]]

// -----

/// The type that a function shows stays, though more is known.
func.func @signature(%x: tensor<f64>) -> tensor<?xf64> {
  %four = nd.constant {value = dense<4> : tensor<i64>} : () -> tensor<i64>
  %a = nd.alloc %x, %four {sizes = array<i64: -9223372036854775808>} : (tensor<f64>, tensor<i64>) -> tensor<?xf64>
  func.return %a : tensor<?xf64>
}
// CHECK-LABEL: @signature
// CHECK:         nd.alloc %x, %four

// -----

/// Of an elementwise operation only the part that is taken is computed.
func.func @take_before_computing(%x: tensor<?xf64>, %n: tensor<i64>) -> tensor<?xi32> {
  %a = nd.cast %x {dtype = "i32"} : (tensor<?xf64>) -> tensor<?xi32>
  %b = nd.subtensor %a, %n {index = ":?"} : (tensor<?xi32>, tensor<i64>) -> tensor<?xi32>
  func.return %b : tensor<?xi32>
}
// CHECK-LABEL: @take_before_computing
// CHECK-NEXT:    [[a:%.+]] = nd.subtensor %x, %n {index = ":?"}
// CHECK-NEXT:    nd.cast [[a]] {dtype = "i32"}

// -----

/// A part of a broadcast is one; the other operand has the sizes.
func.func @parts(%x: tensor<?xf64>) -> (tensor<?xf64>, tensor<?xf64>) {
  %one = nd.constant {value = dense<1.0> : tensor<f64>} : () -> tensor<f64>
  %two = nd.constant {value = dense<2.0> : tensor<f64>} : () -> tensor<f64>
  %n = nd.dim %x {axis = 0 : i64} : (tensor<?xf64>) -> tensor<i64>
  %a = nd.alloc %one, %n {sizes = array<i64: -9223372036854775808>} : (tensor<f64>, tensor<i64>) -> tensor<?xf64>
  %p = nd.subtensor %a {index = ":-1"} : (tensor<?xf64>) -> tensor<?xf64>
  %y = nd.subtensor %x {index = "1:"} : (tensor<?xf64>) -> tensor<?xf64>
  %z = nd.mul %p, %y : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  %q = nd.add %p, %two : (tensor<?xf64>, tensor<f64>) -> tensor<?xf64>
  func.return %z, %q : tensor<?xf64>, tensor<?xf64>
}
// CHECK-LABEL: @parts
// CHECK:         [[three:%.+]] = nd.constant {value = dense<3.000000e+00>
// CHECK:         [[a:%.+]] = nd.alloc [[three]],
// CHECK-NEXT:    [[q:%.+]] = nd.subtensor [[a]] {index = ":-1"}
// CHECK:         func.return %y, [[q]]
