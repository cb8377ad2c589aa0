// RUN: phintys-opt %s --split-input-file --verify-diagnostics

func.func @types(%x: f64, %n: i64) -> f64 {
  // expected-error@+1 {{operand is used with type f64, but has been previously used or defined with type i64}}
  %y = arith.addf %x, %n : f64
  func.return %y : f64
}

// -----

func.func @float(%n: i64) -> i64 {
  // expected-error@+1 {{Unexpected attribute i64}}
  %y = arith.mulf %n, %n : i64
  func.return %y : i64
}

// -----

func.func @predicate(%n: i64) -> i1 {
  // expected-error@+1 {{Unknown comparison mnemonic: less}}
  %y = arith.cmpi less, %n, %n : i64
  func.return %y : i1
}
