// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --print-op-generic --print-debuginfo

/// Functions with several results, private ones, declarations, calls.
func.func @caller(%x: f64) -> (f64, i64) {
  %a, %b = func.call @callee(%x) : (f64) -> (f64, i64)
  func.return %a, %b : f64, i64
}
func.func private @callee(%x: f64) -> (f64, i64) {
  %n = arith.constant 3 : i64
  func.return %x, %n : f64, i64
}
func.func private @outside(f64) -> f64
// CHECK:      func.func @caller(%x: f64) -> (f64, i64) {
// CHECK-NEXT: %a, %b = func.call @callee(%x) : (f64) -> (f64, i64)
// CHECK-NEXT: func.return %a, %b : f64, i64
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @callee(%x: f64) -> (f64, i64) {
// CHECK-NEXT: %n = arith.constant 3 : i64
// CHECK-NEXT: func.return %x, %n : f64, i64
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @outside(f64) -> f64
