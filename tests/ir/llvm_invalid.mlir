// RUN: phintys-opt %s --split-input-file --verify-diagnostics

llvm.func @conversion(%n: i64) -> i64 {
  // expected-error@+1 {{llvm.fptosi: i64 is not a float}}
  %a = llvm.fptosi %n : i64 to i64
  llvm.return %a : i64
}

// -----

llvm.func @pointer(%n: i64) -> f64 {
  // expected-error@+1 {{operand 'ptr' at position 0 does not verify}}
  %a = llvm.load %n : i64 -> f64
  llvm.return %a : f64
}

// -----

llvm.func @name(%x: f64) -> f64 {
  // expected-error@below {{unknown operation 'llvm.fad'}}
  // expected-note@below {{did you mean 'llvm.fadd'?}}
  %y = llvm.fad %x, %x : f64
  llvm.return %y : f64
}
