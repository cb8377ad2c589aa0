// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --print-op-generic --print-debuginfo

/// Functions that `math` lacks, of either float type.
func.func @xmath(%a: f64, %b: f32) -> (f64, f32) {
  %s = xmath.softplus %a : f64
  %g = xmath.sign %s : f64
  %t = xmath.softplus %b : f32
  func.return %g, %t : f64, f32
}
// CHECK:      func.func @xmath(%a: f64, %b: f32) -> (f64, f32) {
// CHECK-NEXT: %s = xmath.softplus %a : f64
// CHECK-NEXT: %g = xmath.sign %s : f64
// CHECK-NEXT: %t = xmath.softplus %b : f32
// CHECK-NEXT: func.return %g, %t : f64, f32
// CHECK-NEXT: }
