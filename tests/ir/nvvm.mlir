// RUN: phintys-opt %s --split-input-file | filecheck %s

gpu.module @kernels {
  llvm.func @k(%x: !llvm.ptr) attributes {nvvm.kernel, nvvm.maxntid = array<i32: 64, 1, 1>} {
    %all = llvm.mlir.constant(-1 : i32) : i32
    %last = llvm.mlir.constant(31 : i32) : i32
    %t = nvvm.read.ptx.sreg.tid.x : i32
    %b = nvvm.read.ptx.sreg.ctaid.x : i32
    %n = nvvm.read.ptx.sreg.ntid.x : i32
    %m = nvvm.read.ptx.sreg.nctaid.x : i32
    %l = nvvm.read.ptx.sreg.laneid : i32
    %v = nvvm.shfl.sync bfly %all, %l, %t, %last : i32 -> i32
    nvvm.barrier0
    llvm.return
  }
}
// CHECK:      %t = nvvm.read.ptx.sreg.tid.x : i32
// CHECK-NEXT: %b = nvvm.read.ptx.sreg.ctaid.x : i32
// CHECK-NEXT: %n = nvvm.read.ptx.sreg.ntid.x : i32
// CHECK-NEXT: %m = nvvm.read.ptx.sreg.nctaid.x : i32
// CHECK-NEXT: %l = nvvm.read.ptx.sreg.laneid : i32
// CHECK-NEXT: %v = nvvm.shfl.sync bfly %all, %l, %t, %last : i32 -> i32
// CHECK-NEXT: nvvm.barrier0
