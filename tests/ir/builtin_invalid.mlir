// RUN: phintys-opt %s --split-input-file --verify-diagnostics

builtin.module {
  // expected-error@below {{unknown operation 'builtin.modul'}}
  builtin.modul {
  }
}

// -----

// expected-error@+1 {{type expected}}
func.func @type(%x: tensr<4xf64>) {
  func.return
}
