// RUN: phintys-opt %s --split-input-file --verify-diagnostics

func.func @integer(%n: i64) -> i64 {
  // expected-error@+1 {{Unexpected attribute i64}}
  %y = math.exp %n : i64
  func.return %y : i64
}

// -----

func.func @name(%x: f64) -> f64 {
  // expected-error@below {{unknown operation 'math.expp'}}
  // expected-note@below {{did you mean 'math.exp'?}}
  %y = math.expp %x : f64
  func.return %y : f64
}
