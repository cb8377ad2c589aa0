// RUN: phintys-opt %s --split-input-file --verify-diagnostics

llvm.func @kind(%p: !llvm.ptr, %v: f64) {
  // expected-error@+1 {{llvm.atomicrmw: expected bin_op 1 (add) of integers or 11 (fadd) of floats, got f64}}
  %a = "llvm.atomicrmw"(%p, %v) <{bin_op = 1 : i64, ordering = 2 : i64}> : (!llvm.ptr, f64) -> f64
  llvm.return
}

// -----

llvm.func @address(%p: i64, %v: f64) {
  // expected-error@+1 {{llvm.atomicrmw: expected an address and a number, and gives a number of its type}}
  %a = "llvm.atomicrmw"(%p, %v) <{bin_op = 11 : i64, ordering = 2 : i64}> : (i64, f64) -> f64
  llvm.return
}

// -----

llvm.func @order(%p: !llvm.ptr, %v: i32) {
  // expected-error@+1 {{llvm.atomicrmw: expected ordering 2 (monotonic)}}
  %a = "llvm.atomicrmw"(%p, %v) <{bin_op = 1 : i64, ordering = 5 : i64}> : (!llvm.ptr, i32) -> i32
  llvm.return
}
