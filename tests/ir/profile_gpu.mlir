// RUN: phintys-opt %s -p profile | filecheck %s

/// Launches and transfers of a GPU. The work of a kernel is where its operations come from.
builtin.module attributes {gpu.container_module} {
  func.func @on_gpu(%x: memref<?xf64> {nd.name = "x"}) -> memref<?xf64> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %t = arith.constant 64 : index
    %n = memref.dim %x, %c0 : memref<?xf64>
    %d = rt.to_device %x : memref<?xf64>
    %y = memref.alloc(%n) : memref<?xf64>
    gpu.launch_func @kernels::@negate blocks in (%c1, %c1, %c1) threads in (%t, %c1, %c1) args(%d : memref<?xf64>, %y : memref<?xf64>)
    %h = rt.to_host %y : memref<?xf64>
    memref.dealloc %y : memref<?xf64>
    func.return %h : memref<?xf64>
  }
  gpu.module @kernels {
    gpu.func @negate(%x: memref<?xf64>, %y: memref<?xf64>) kernel attributes {phi.mapping = "elements"} {
      %i = gpu.thread_id x
      %v = memref.load %x[%i] : memref<?xf64>
      %w = arith.negf %v : f64
      memref.store %w, %y[%i] : memref<?xf64>
      gpu.return
    }
  }
}
// CHECK:      func.func @on_gpu
// CHECK-SAME: phi.profile = ["buffer|argument 0|memref<?xf64>|0||", "kernel|to device|1 {{.*}}:10:5",
// CHECK-SAME: "buffer|result 0|memref<?xf64>|1||{{.*}}:11:5", "kernel|kernel: elements|{{.*}}:19:7|2 {{.*}}:20:7|{{.*}}:23:7",
// CHECK-SAME: "kernel|to host|1 {{.*}}:11:5", "kernel|all"]
// CHECK:        rt.record {{.*}} {slot = 2 : i64}
// CHECK-NEXT:   [[a:%.+]] = rt.clock : i64
// CHECK-NEXT:   gpu.launch_func
// CHECK:        [[b:%.+]] = rt.clock : i64
// CHECK-NEXT:   [[t:%.+]] = arith.subi [[b]], [[a]] : i64
// CHECK-NEXT:   rt.record [[t]] {slot = 3 : i64}
