// RUN: phintys-opt %s -p convert-nd-to-loops,convert-loops-to-llvm | filecheck %s --check-prefix=LLVM
// RUN: phintys-opt %s -p convert-nd-to-loops | filecheck %s

/// A Python callable gets buffers without gaps; the sizes of its results come back with them. It may fail: the state is not
/// written in place before it.
func.func @host(%x: tensor<?x3xf64> {nd.name = "x"}, %s: tensor<?xf64> {nd.name = "s", nd.state}) -> (tensor<?xui32>, tensor<?xf64> {nd.update = 1 : i64}) {
  %t = nd.dimshuffle %x {order = array<i64: 1, 0>} : (tensor<?x3xf64>) -> tensor<3x?xf64>
  %u = nd.fused %s {combine = ["map"], axes = array<i64>} : (tensor<?xf64>) -> tensor<?xf64> {
  ^bb0(%a: f64):
    %0 = arith.addf %a, %a : f64
    nd.yield %0 : f64
  }
  %c, %m = nd.host %t {function = "g", results = "f64[], u32[?]", options = "{'axis': 1}"} : (tensor<3x?xf64>) -> (tensor<f64>, tensor<?xui32>)
  func.return %m, %u : tensor<?xui32>, tensor<?xf64>
}
// CHECK-LABEL: func.func @host
// CHECK:         [[new:%.+]] = memref.alloc(%{{.*}}) : memref<?xf64>
// CHECK:         memref.store %{{.*}}, [[new]]
// CHECK:         [[dense:%.+]] = memref.alloc(%{{.*}}) : memref<3x?xf64>
// CHECK:         [[c:%.+]], [[m:%.+]] = rt.host "g" ([[dense]]) {takes = "f64[3, ?]", gives = "f64[], u32[?]", options = "{'axis': 1}"} : (memref<3x?xf64>) -> (memref<f64>, memref<?xi32>)
// CHECK-NEXT:    memref.dealloc [[dense]]
// CHECK:         [[n:%.+]] = memref.dim [[m]]
// CHECK:         [[out:%.+]] = memref.alloc([[n]]) : memref<?xi32>
// CHECK:         func.return [[out]], [[new]]
// LLVM-LABEL: llvm.func @host
// LLVM-SAME:      phi.hosts = ["g|f64[], u32[?]|host.mlir:13:3|{'axis': 1}"]
// LLVM:       ^[[leave:bb[0-9]+]]({{%.+}}: i32):
// LLVM-NEXT:    llvm.call @phi_free_all(
// LLVM:         [[status:%.+]] = llvm.call @phi_host(
// LLVM-NEXT:    [[fine:%.+]] = llvm.icmp "eq" [[status]]
// LLVM-NEXT:    llvm.cond_br [[fine]], ^[[go:bb[0-9]+]], ^[[failed:bb[0-9]+]]
// LLVM-NEXT:  ^[[failed]]:
// LLVM-NEXT:    llvm.br ^[[leave]](
// LLVM-NEXT:  ^[[go]]:

