// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --print-op-generic --print-debuginfo

/// Loops that carry a value, a choice with results, and a loop with a condition.
func.func @scf(%n: index, %c: i1) -> f64 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %start = arith.constant 0.000000e+00 : f64
  %sum = scf.for %i = %zero to %n step %one iter_args(%a = %start) -> (f64) {
    %next = arith.addf %a, %a : f64
    scf.yield %next : f64
  }
  %r = scf.if %c -> (f64) {
    scf.yield %sum : f64
  } else {
    scf.yield %start : f64
  }
  %w = scf.while (%v = %r) : (f64) -> f64 {
    scf.condition(%c) %v : f64
  } do {
  ^bb0(%v_1: f64):
    scf.yield %v_1 : f64
  }
  func.return %w : f64
}
// CHECK:      func.func @scf(%n: index, %c: i1) -> f64 {
// CHECK-NEXT: %zero = arith.constant 0 : index
// CHECK-NEXT: %one = arith.constant 1 : index
// CHECK-NEXT: %start = arith.constant 0.000000e+00 : f64
// CHECK-NEXT: %sum = scf.for %i = %zero to %n step %one iter_args(%a = %start) -> (f64) {
// CHECK-NEXT: %next = arith.addf %a, %a : f64
// CHECK-NEXT: scf.yield %next : f64
// CHECK-NEXT: }
// CHECK-NEXT: %r = scf.if %c -> (f64) {
// CHECK-NEXT: scf.yield %sum : f64
// CHECK-NEXT: } else {
// CHECK-NEXT: scf.yield %start : f64
// CHECK-NEXT: }
// CHECK-NEXT: %w = scf.while (%v = %r) : (f64) -> f64 {
// CHECK-NEXT: scf.condition(%c) %v : f64
// CHECK-NEXT: } do {
// CHECK-NEXT: ^bb0(%v_1: f64):
// CHECK-NEXT: scf.yield %v_1 : f64
// CHECK-NEXT: }
// CHECK-NEXT: func.return %w : f64
// CHECK-NEXT: }
