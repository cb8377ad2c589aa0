// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --print-op-generic --print-debuginfo

/// Pairs of floats as scalars.
func.func @complex(%a: f64, %b: f64) -> (f64, complex<f64>) {
  %z = complex.create %a, %b : complex<f64>
  %p = complex.mul %z, %z : complex<f64>
  %r = complex.re %p : complex<f64>
  func.return %r, %p : f64, complex<f64>
}
// CHECK:      func.func @complex(%a: f64, %b: f64) -> (f64, complex<f64>) {
// CHECK-NEXT: %z = complex.create %a, %b : complex<f64>
// CHECK-NEXT: %p = complex.mul %z, %z : complex<f64>
// CHECK-NEXT: %r = complex.re %p : complex<f64>
// CHECK-NEXT: func.return %r, %p : f64, complex<f64>
// CHECK-NEXT: }
