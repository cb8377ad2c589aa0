// RUN: phintys-opt %s -p convert-nd-to-loops | filecheck %s
// RUN: phintys-opt %s -p convert-nd-to-loops,expand-math,convert-loops-to-llvm | filecheck %s --check-prefix=LLVM

/// A stream's state moves on in its own memory, after the memory of the sample has been asked for.
func.func @uniform(%n: tensor<i64> {nd.name = "n"}, %s: tensor<628xui32> {nd.name = "s", nd.state}) -> (tensor<?xf64>, tensor<628xui32> {nd.update = 1 : i64}) {
  %t, %u = nd.random_uniform %s, %n {sizes = array<i64: -9223372036854775808>} : (tensor<628xui32>, tensor<i64>) -> (tensor<628xui32>, tensor<?xf64>)
  func.return %u, %t : tensor<?xf64>, tensor<628xui32>
}
// CHECK-LABEL: func.func @uniform
// CHECK:         [[out:%.+]] = memref.alloc(%{{.*}}) : memref<?xf64>
// CHECK:         memref.load %s[
// CHECK:         memref.store %{{.*}}, %s[
// CHECK:         func.return [[out]], %s
// LLVM-LABEL: llvm.func @uniform
// LLVM-SAME:      phi.results = ["output f64[?]", "inplace 1"]

/// Without an update the state is left alone: a copy moves on.
func.func @normal(%s: tensor<628xui32> {nd.name = "s", nd.state}) -> tensor<2x3xf64> {
  %t, %u = nd.random_normal %s {sizes = array<i64: 2, 3>} : (tensor<628xui32>) -> (tensor<628xui32>, tensor<2x3xf64>)
  func.return %u : tensor<2x3xf64>
}
// CHECK-LABEL: func.func @normal
// CHECK-NOT:     memref.store %{{.*}}, %s[
// CHECK:         scf.while
// CHECK:           scf.condition
// CHECK-NOT:     memref.store %{{.*}}, %s[
// CHECK:         func.return
// LLVM-LABEL: llvm.func @normal
// LLVM:         llvm.call @phi_log_f64
