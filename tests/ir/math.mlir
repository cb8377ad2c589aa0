// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --print-op-generic --print-debuginfo

/// Functions of floats and of integers.
func.func @math(%a: f64, %b: f64, %i: i64) -> (f64, i64) {
  %e = math.exp %a : f64
  %l = math.log %e : f64
  %p = math.powf %l, %b : f64
  %s = math.copysign %p, %a : f64
  %f = math.fma %s, %a, %b : f64
  %c = math.ctlz %i : i64
  func.return %f, %c : f64, i64
}
// CHECK:      func.func @math(%a: f64, %b: f64, %i: i64) -> (f64, i64) {
// CHECK-NEXT: %e = math.exp %a : f64
// CHECK-NEXT: %l = math.log %e : f64
// CHECK-NEXT: %p = math.powf %l, %b : f64
// CHECK-NEXT: %s = math.copysign %p, %a : f64
// CHECK-NEXT: %f = math.fma %s, %a, %b : f64
// CHECK-NEXT: %c = math.ctlz %i : i64
// CHECK-NEXT: func.return %f, %c : f64, i64
// CHECK-NEXT: }
