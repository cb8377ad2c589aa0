// RUN: phintys-opt %s --split-input-file --verify-diagnostics

func.func @yield(%n: index, %x: f64) -> f64 {
  // expected-error@+1 {{scf.yield expected 1 args, but got 0. The scf.for must yield its loop-carried variables.}}
  %s = scf.for %i = %n to %n step %n iter_args(%a = %x) -> (f64) {
    scf.yield
  }
  func.return %s : f64
}

// -----

func.func @bounds(%n: f64) {
  // expected-error@+1 {{operand is used with type index, but has been previously used or defined with type f64}}
  scf.for %i = %n to %n step %n {
    scf.yield
  }
  func.return
}

// -----

func.func @scope(%n: index) -> index {
  scf.for %i = %n to %n step %n {
    %j = arith.addi %i, %i : index
    scf.yield
  }
  // expected-error@+1 {{%j is used but not defined}}
  func.return %j : index
}
