// RUN: phintys-opt %s --split-input-file --verify-diagnostics

func.func @integer(%n: i64) -> i64 {
  // expected-error@+1 {{xmath.softplus is from f32 to f32 or f64 to f64, not i64 to i64}}
  %y = xmath.softplus %n : i64
  func.return %y : i64
}

// -----

func.func @name(%x: f64) -> f64 {
  // expected-error@below {{unknown operation 'xmath.softpls'}}
  // expected-note@below {{did you mean 'xmath.softplus'?}}
  %y = xmath.softpls %x : f64
  func.return %y : f64
}
