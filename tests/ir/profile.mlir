// RUN: phintys-opt %s -p profile | filecheck %s
// RUN: phintys-opt %s -p profile,convert-loops-to-llvm | filecheck %s --check-prefix=LLVM
// RUN: phintys-opt %s -p profile --run --input x=arange:3 | filecheck %s --check-prefix=RAN

/// Two loops and the whole function are timed, an argument, a temporary and a result are measured.
func.func @double(%x: memref<?xf64> {nd.name = "x"}) -> memref<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf64>
  %t = memref.alloc(%n) : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %x[%i] : memref<?xf64>
    %w = arith.addf %v, %v : f64
    memref.store %w, %t[%i] : memref<?xf64>
  }
  %y = memref.alloc(%n) : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %t[%i] : memref<?xf64>
    memref.store %v, %y[%i] : memref<?xf64>
  }
  memref.dealloc %t : memref<?xf64>
  func.return %y : memref<?xf64>
}
// CHECK:      func.func @double
// CHECK-SAME: phi.profile = ["buffer|argument 0|memref<?xf64>|0||", "buffer|temporary|memref<?xf64>|0|1|{{.*}}:10:3",
// CHECK-SAME: "kernel|loop|{{.*}}:12:5|16 {{.*}}:13:5|32 {{.*}}:14:5", "buffer|result 0|memref<?xf64>|1||{{.*}}:16:3",
// CHECK-SAME: "kernel|loop|{{.*}}:18:5|32 {{.*}}:19:5", "kernel|all"]
// CHECK:        [[begin:%.+]] = rt.clock : i64
// CHECK:        rt.record {{.*}} {slot = 0 : i64}
// CHECK:        rt.record {{.*}} {slot = 1 : i64}
// CHECK-NEXT:   [[before:%.+]] = rt.clock : i64
// CHECK-NEXT:   scf.for
// CHECK:        [[after:%.+]] = rt.clock : i64
// CHECK-NEXT:   [[time:%.+]] = arith.subi [[after]], [[before]] : i64
// CHECK-NEXT:   rt.record [[time]] {slot = 2 : i64}
// CHECK:        rt.record {{.*}} {slot = 3 : i64}
// CHECK:        rt.record {{.*}} {slot = 4 : i64}
// CHECK-NEXT:   memref.dealloc %t
// CHECK-NEXT:   [[end:%.+]] = rt.clock : i64
// CHECK-NEXT:   [[all:%.+]] = arith.subi [[end]], [[begin]] : i64
// CHECK-NEXT:   rt.record [[all]] {slot = 5 : i64}
// CHECK-NEXT:   func.return

// LLVM: llvm.func @phi_clock() -> i64
// LLVM: llvm.func @phi_record(!llvm.ptr, i64)
// LLVM: llvm.mlir.global external @phi_profile(dense<0> : tensor<18xi64>){{.*}} : !llvm.array<18 x i64>

// RAN: output: f64[3] = [0., 2., 4.]
