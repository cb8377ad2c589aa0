// RUN: phintys-opt %s -p convert-nd-to-loops --split-input-file | filecheck %s

/// Two dimensions that all buffers walk through in order are one loop.
func.func @map(%x: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %y = nd.fused %x {combine = ["map"], axes = array<i64>} : (tensor<?x?xf64>) -> tensor<?x?xf64> {
  ^bb0(%a: f64):
    %0 = math.exp %a : f64
    nd.yield %0 : f64
  }
  func.return %y : tensor<?x?xf64>
}
// CHECK-LABEL: @map
// CHECK:         [[n:%.+]] = memref.dim %x, [[zero:%.+]] :
// CHECK-NEXT:    [[m:%.+]] = memref.dim %x, [[one:%.+]] :
// CHECK:         [[size:%.+]] = arith.muli [[n]], [[m]]
// CHECK-NEXT:    [[y:%.+]] = memref.alloc([[n]], [[m]])
// CHECK:         scf.for [[i:%.+]] = [[zero]] to [[size]] step [[one]] {
// CHECK-NEXT:      [[a:%.+]] = memref.load {{%.+}}[[[i]]]
// CHECK-NEXT:      [[b:%.+]] = math.exp [[a]]
// CHECK-NEXT:      memref.store [[b]], {{%.+}}[[[i]]]
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return [[y]] : memref<?x?xf64>

// -----

/// A row sum runs in registers, in blocks of 1024 terms; the total comes with what its additions lost.
func.func @rows(%x: tensor<?x?xf64>) -> tensor<?xf64> {
  %y = nd.fused %x {combine = ["add"], axes = array<i64: 1>} : (tensor<?x?xf64>) -> tensor<?xf64> {
  ^bb0(%a: f64):
    nd.yield %a : f64
  }
  func.return %y : tensor<?xf64>
}
// CHECK-LABEL: @rows
// CHECK:         [[block:%.+]] = arith.constant 1024 : index
// CHECK:         scf.for [[i:%.+]] =
// CHECK-NEXT:      [[total:%.+]], [[lost:%.+]] = scf.for [[j:%.+]] = {{.*}} step [[block]] iter_args
// CHECK:             scf.for [[k:%.+]] = [[j]] to
// CHECK-NEXT:          memref.load %x[[[i]], [[k]]]
// CHECK-NEXT:          arith.addf {{.*}} fastmath<reassoc,contract>
// CHECK:           [[sum:%.+]] = arith.addf [[total]], [[lost]] : f64
// CHECK:           [[finite:%.+]] = arith.select {{%.+}}, [[sum]], [[total]] : f64
// CHECK-NEXT:      memref.store [[finite]], {{%.+}}[[[i]]]

// -----

/// A column sum walks memory in order and keeps its sums in memory, where eight rows are added at once.
func.func @columns(%x: tensor<?x8xf64>) -> tensor<8xf64> {
  %y = nd.fused %x {combine = ["add"], axes = array<i64: 0>} : (tensor<?x8xf64>) -> tensor<8xf64> {
  ^bb0(%a: f64):
    nd.yield %a : f64
  }
  func.return %y : tensor<8xf64>
}
// CHECK-LABEL: @columns
// CHECK:         [[y:%.+]] = memref.alloc() : memref<8xf64>
// CHECK-NEXT:    scf.for [[j:%.+]] =
// CHECK-NEXT:      memref.store {{.*}}, [[y]][[[j]]]
// CHECK:         [[rest:%.+]] = arith.remui [[n:%.+]],
// CHECK-NEXT:    [[whole:%.+]] = arith.subi [[n]], [[rest]]
// CHECK-NEXT:    scf.for [[i:%.+]] = {{.*}} to [[whole]]
// CHECK:           scf.for [[k:%.+]] =
// CHECK-NEXT:        memref.load [[y]][[[k]]]
// CHECK-NEXT:        memref.load %x[[[i]], [[k]]]
// CHECK:             memref.store {{.*}}, [[y]][[[k]]]
// CHECK:         scf.for [[i:%.+]] = [[whole]] to [[n]]
// CHECK-NEXT:      scf.for [[k:%.+]] =
// CHECK-NEXT:        memref.load [[y]][[[k]]]
// CHECK-NEXT:        memref.load %x[[[i]], [[k]]]

// -----

/// One operand is contiguous along rows, the other along columns: they are walked through in tiles.
func.func @tiles(%x: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %t = nd.dimshuffle %x {order = array<i64: 1, 0>} : (tensor<?x?xf64>) -> tensor<?x?xf64>
  %y = nd.fused %x, %t {combine = ["map"], axes = array<i64>} : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64> {
  ^bb0(%a: f64, %b: f64):
    %c = arith.addf %a, %b : f64
    nd.yield %c : f64
  }
  func.return %y : tensor<?x?xf64>
}
// CHECK-LABEL: @tiles
// CHECK:         scf.for [[p:%.+]] = {{.*}} step [[tile:%.+]] {
// CHECK-NEXT:      scf.for [[q:%.+]] = {{.*}} step [[tile]] {
// CHECK:             scf.for [[i:%.+]] = [[p]] to
// CHECK-NEXT:          scf.for [[j:%.+]] = [[q]] to
// CHECK-NEXT:            memref.load %x[[[i]], [[j]]]

// -----

/// The place of the largest element is looked for in a block only that has one larger than all blocks before. While the
/// blocks are compared, what they read is fetched ahead.
func.func @place(%x: tensor<?xf64>) -> tensor<i64> {
  %y = nd.fused %x {combine = ["argmax"], axes = array<i64: 0>} : (tensor<?xf64>) -> tensor<i64> {
  ^bb0(%a: f64):
    nd.yield %a : f64
  }
  func.return %y : tensor<i64>
}
// CHECK-LABEL: @place
// CHECK:         scf.for {{.*}} iter_args([[best:%.+]] = {{.*}}, [[place:%.+]] = {{.*}}) -> (f64, i64) {
// CHECK:           scf.for {{.*}} -> (f64, i1) {
// CHECK:             arith.maxnumf {{.*}} fastmath<nnan,nsz>
// CHECK:           } {phi.ahead}
// CHECK:           scf.if {{.*}} -> (f64, i64) {
// CHECK:             arith.cmpf uno
// CHECK:             scf.if {{.*}} -> (i64) {
// CHECK:               scf.for {{.*}} -> (index) {
// CHECK:                 arith.cmpf uno
// CHECK:                 arith.minsi
// CHECK:             arith.cmpf ord
// CHECK:             scf.if {{.*}} -> (i64) {
// CHECK:               scf.for {{.*}} -> (index) {
// CHECK:                 arith.cmpf oeq
// CHECK:                 arith.minsi
// CHECK:           scf.yield [[best]], [[place]]

// -----

/// A state that is read only where it is written is updated in its own buffer.
func.func @in_place(%w: tensor<?xf64> {nd.name = "w", nd.state}, %g: tensor<f64> {nd.name = "g"}) -> (tensor<?xf64> {nd.update = 0 : i64}) {
  %y = nd.fused %w, %g {combine = ["map"], axes = array<i64>} : (tensor<?xf64>, tensor<f64>) -> tensor<?xf64> {
  ^bb0(%a: f64, %b: f64):
    %0 = arith.subf %a, %b : f64
    nd.yield %0 : f64
  }
  func.return %y : tensor<?xf64>
}
// CHECK-LABEL: @in_place
// CHECK-NOT:     memref.alloc
// CHECK:         memref.store {{.*}}, %w
// CHECK:         func.return %w

// -----

/// A state that is read backwards while it is written needs a buffer for its new value.
func.func @not_in_place(%w: tensor<8xf64> {nd.name = "w", nd.state}) -> (tensor<8xf64> {nd.update = 0 : i64}) {
  %r = nd.subtensor %w {index = "::-1"} : (tensor<8xf64>) -> tensor<8xf64>
  %y = nd.fused %w, %r {combine = ["map"], axes = array<i64>} : (tensor<8xf64>, tensor<8xf64>) -> tensor<8xf64> {
  ^bb0(%a: f64, %b: f64):
    %0 = arith.subf %a, %b : f64
    nd.yield %0 : f64
  }
  func.return %y : tensor<8xf64>
}
// CHECK-LABEL: @not_in_place
// CHECK:         [[y:%.+]] = memref.alloc() : memref<8xf64>
// CHECK-NEXT:    memref.reinterpret_cast %w to offset: [7], sizes: [8], strides: [-1]
// CHECK:         func.return [[y]]

// -----

/// A transpose costs nothing: the product reads it through its strides.
func.func @transposed(%x: tensor<?x4xf64>, %v: tensor<?xf64>) -> tensor<4xf64> {
  %t = nd.dimshuffle %x {order = array<i64: 1, 0>} : (tensor<?x4xf64>) -> tensor<4x?xf64>
  %y = nd.dot %t, %v : (tensor<4x?xf64>, tensor<?xf64>) -> tensor<4xf64>
  func.return %y : tensor<4xf64>
}
// CHECK-LABEL: @transposed
// CHECK:         [[t:%.+]] = memref.reinterpret_cast %x to offset: [0], sizes: [4, {{%.+}}], strides: [1, 4]
// CHECK-NEXT:    blas.gemv {{%.+}}, [[t]], %v,

// -----

/// Checks and the arithmetic of sizes stand at the entry, before memory is asked for.
func.func @checked(%n: tensor<i64>, %m: tensor<i64>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %same = nd.eq %n, %m : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %y = nd.fused %x {combine = ["map"], axes = array<i64>} : (tensor<?xf64>) -> tensor<?xf64> {
  ^bb0(%a: f64):
    %0 = arith.addf %a, %a : f64
    nd.yield %0 : f64
  }
  nd.require %same, %n, %m {exception = "ValueError", message = "{0} is not {1}"} : (tensor<i1>, tensor<i64>, tensor<i64>) -> ()
  func.return %y : tensor<?xf64>
}
// CHECK-LABEL: @checked
// CHECK:         [[n:%.+]] = memref.load %n[]
// CHECK-NEXT:    [[m:%.+]] = memref.load %m[]
// CHECK:         [[same:%.+]] = arith.cmpi eq, [[n]], [[m]]
// CHECK-NEXT:    rt.assert [[same]], "ValueError", "{0} is not {1}" ([[n]], [[m]] : i64, i64)
// CHECK-NEXT:    memref.alloc

// -----

/// Every index of a gather is counted from the end where negative, and checked.
func.func @gather(%x: tensor<?xf64>, %i: tensor<?xi32>) -> tensor<?xf64> {
  %y = nd.gather %x, %i : (tensor<?xf64>, tensor<?xi32>) -> tensor<?xf64>
  func.return %y : tensor<?xf64>
}
// CHECK-LABEL: @gather
// CHECK:         scf.for
// CHECK:           [[j:%.+]] = arith.select
// CHECK-NEXT:      [[fine:%.+]] = arith.cmpi ult, [[j]],
// CHECK-NEXT:      rt.assert [[fine]], "IndexError", "index {0} is out of bounds for dimension 0 of size {1}"
// CHECK-NEXT:      memref.load %x[[[j]]]

// -----

/// What is computed for a concatenation only is written into it; an argument is copied.
func.func @concatenation(%x: tensor<?xf64>, %y: tensor<?xf64>) -> tensor<?xf64> {
  %a, %b = nd.fused %x {combine = ["map", "map"], axes = array<i64>} : (tensor<?xf64>) -> (tensor<?xf64>, tensor<?xf64>) {
  ^bb0(%f: f64):
    %g = arith.addf %f, %f : f64
    %h = arith.mulf %f, %f : f64
    nd.yield %g, %h : f64, f64
  }
  %z = nd.concatenate %a, %y, %b {axis = 0 : i64} : (tensor<?xf64>, tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %z : tensor<?xf64>
}
// CHECK-LABEL: @concatenation
// CHECK:         %[[Z:.*]] = memref.alloc
// CHECK-NOT:     memref.alloc
// CHECK:         %[[A:.*]] = memref.reinterpret_cast %[[Z]] to offset: [0]
// CHECK:         %[[B:.*]] = memref.reinterpret_cast %[[Z]] to offset: [%
// CHECK:         scf.for
// CHECK:           memref.store %{{.*}}, %[[A]]
// CHECK:           memref.store %{{.*}}, %[[B]]
// CHECK:         scf.for
// CHECK:           memref.load %y
// CHECK:         func.return %[[Z]]

// -----

/// A reshaped temporary is allocated in the shape of the result.
func.func @reshaped(%x: tensor<?x6xf64>, %n: tensor<i64>) -> (tensor<?xf64>, tensor<?x2x3xf64>) {
  %a = nd.fused %x {combine = ["map"], axes = array<i64>} : (tensor<?x6xf64>) -> tensor<?x6xf64> {
  ^bb0(%f: f64):
    %g = arith.mulf %f, %f : f64
    nd.yield %g : f64
  }
  %y = nd.reshape %a, %n {sizes = array<i64: -9223372036854775808>} : (tensor<?x6xf64>, tensor<i64>) -> tensor<?xf64>
  %b = nd.fused %x {combine = ["map"], axes = array<i64>} : (tensor<?x6xf64>) -> tensor<?x6xf64> {
  ^bb0(%f: f64):
    %g = arith.addf %f, %f : f64
    nd.yield %g : f64
  }
  %k = nd.dim %x {axis = 0 : i64} : (tensor<?x6xf64>) -> tensor<i64>
  %z = nd.reshape %b, %k {sizes = array<i64: -9223372036854775808, 2, 3>} : (tensor<?x6xf64>, tensor<i64>) -> tensor<?x2x3xf64>
  func.return %y, %z : tensor<?xf64>, tensor<?x2x3xf64>
}
// CHECK-LABEL: @reshaped
// CHECK:         memref.alloc(%{{.*}}) : memref<?xf64>
// CHECK:         memref.alloc(%{{.*}}) : memref<?x2x3xf64>
// CHECK-NOT:     memref.alloc

// -----

/// The first row is not all of the memory, nor is a column, or the matrix in this order.
func.func @row(%x: tensor<4x2xf64>) -> tensor<1x2xf64> {
  %s = nd.sort %x {axis = 0 : i64} : (tensor<4x2xf64>) -> tensor<4x2xf64>
  %r = nd.subtensor %s {index = "0:1"} : (tensor<4x2xf64>) -> tensor<1x2xf64>
  func.return %r : tensor<1x2xf64>
}
// CHECK-LABEL: @row
// CHECK:         memref.alloc() : memref<4x2xf64>
// CHECK:         memref.alloc() : memref<1x2xf64>

func.func @part(%x: tensor<?x2xf64>) -> (tensor<?x1xf64>, tensor<2x?xf64>) {
  %a = nd.fused %x {combine = ["map"], axes = array<i64>} : (tensor<?x2xf64>) -> tensor<?x2xf64> {
  ^bb0(%f: f64):
    %g = arith.mulf %f, %f : f64
    nd.yield %g : f64
  }
  %c = nd.subtensor %a {index = ":, 0:1"} : (tensor<?x2xf64>) -> tensor<?x1xf64>
  %t = nd.dimshuffle %a {order = array<i64: 1, 0>} : (tensor<?x2xf64>) -> tensor<2x?xf64>
  func.return %c, %t : tensor<?x1xf64>, tensor<2x?xf64>
}
// CHECK-LABEL: @part
// CHECK:         memref.alloc(%{{.*}}) : memref<?x2xf64>
// CHECK:         memref.alloc(%{{.*}}) : memref<?x1xf64>
// CHECK:         memref.alloc(%{{.*}}) : memref<2x?xf64>
