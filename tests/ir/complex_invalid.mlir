// RUN: phintys-opt %s --split-input-file --verify-diagnostics

func.func @parts(%a: f64, %b: f32) -> complex<f64> {
  // expected-error@+1 {{operand is used with type f64, but has been previously used or defined with type f32}}
  %z = complex.create %a, %b : complex<f64>
  func.return %z : complex<f64>
}

// -----

func.func @real(%a: f64) -> f64 {
  // expected-error@+1 {{f64 should be of base attribute complex}}
  %z = complex.re %a : f64
  func.return %z : f64
}
