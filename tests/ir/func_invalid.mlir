// RUN: phintys-opt %s --split-input-file --verify-diagnostics

/// What is returned is what the signature says.
func.func @type(%x: f64) -> f32 {
  // expected-error@+1 {{Expected arguments to have the same types as the function output types: expected [f32], got [f64]}}
  func.return %x : f64
}

// -----

func.func @count(%x: f64) -> (f64, f64) {
  // expected-error@+1 {{Expected arguments to have the same types as the function output types: expected [f64, f64], got [f64]}}
  func.return %x : f64
}

// -----

func.func @end(%x: f64) -> f64 {
  // expected-error@+1 {{Operation arith.addf terminates block in single-block region but is not a terminator}}
  %y = arith.addf %x, %x : f64
}
