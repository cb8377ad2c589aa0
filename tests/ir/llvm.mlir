// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --print-op-generic --print-debuginfo

/// Operations that complete the dialect for what comes out of the loops.
func.func @f(%a: f64, %i: i64, %p: !llvm.ptr) -> f64 {
  %n = llvm.fptosi %a : f64 to i64
  %u = llvm.uitofp %i : i64 to f64
  %m = llvm.intr.maximum(%a, %u) : (f64, f64) -> f64
  %q = llvm.getelementptr %p[%n] : (!llvm.ptr, i64) -> !llvm.ptr, f64
  %v = llvm.load %q : !llvm.ptr -> f64
  %s = llvm.fadd %v, %m : f64
  llvm.store %s, %q : f64, !llvm.ptr
  func.return %s : f64
}
// CHECK:      func.func @f(%a: f64, %i: i64, %p: !llvm.ptr) -> f64 {
// CHECK-NEXT: %n = llvm.fptosi %a : f64 to i64
// CHECK-NEXT: %u = llvm.uitofp %i : i64 to f64
// CHECK-NEXT: %m = llvm.intr.maximum(%a, %u) : (f64, f64) -> f64
// CHECK-NEXT: %q = llvm.getelementptr %p[%n] : (!llvm.ptr, i64) -> !llvm.ptr, f64
// CHECK-NEXT: %v = llvm.load %q : !llvm.ptr -> f64
// CHECK-NEXT: %s = llvm.fadd %v, %m : f64
// CHECK-NEXT: llvm.store %s, %q : f64, !llvm.ptr
// CHECK-NEXT: func.return %s : f64
// CHECK-NEXT: }
