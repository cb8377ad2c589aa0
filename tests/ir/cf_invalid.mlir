// RUN: phintys-opt %s --split-input-file --verify-diagnostics

func.func @arguments(%x: i64) {
  // expected-error@+1 {{cf.br: hands over (i64), the block takes ()}}
  cf.br ^next(%x : i64)
^next:
  func.return
}

// -----

func.func @condition(%x: i64) {
  // expected-error@+1 {{operand is used with type i1, but has been previously used or defined with type i64}}
  cf.cond_br %x, ^next, ^next
^next:
  func.return
}

// -----

func.func @block(%x: i64) {
  cf.br ^nowhere
}
// expected-error@+1 {{region ends with missing block declarations for block(s) nowhere}}
