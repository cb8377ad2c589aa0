// RUN: not phintys-opt %s --split-input-file 2>&1 | filecheck %s

func.func @mode(%i: i32) {
  %v = nvvm.shfl.sync sideways %i, %i, %i, %i : i32 -> i32
  func.return
}
// CHECK: nvvm_invalid.mlir:4:23: error: Expected `bfly`, `up`, `down`, or `idx`.

// -----

func.func @wide(%i: i32, %x: f64) {
  %v = nvvm.shfl.sync bfly %i, %x, %i, %i : f64 -> f64
  func.return
}
// CHECK: nvvm_invalid.mlir:12:3: error: nvvm.shfl.sync: expected an i32 mask, a value of i32 or f32, an i32 offset and an i32 clamp

// -----

func.func @register() {
  %t = nvvm.read.ptx.sreg.tid.x : i64
  func.return
}
// CHECK: nvvm_invalid.mlir:20:3: error: nvvm.read.ptx.sreg.tid.x: gives an i32
