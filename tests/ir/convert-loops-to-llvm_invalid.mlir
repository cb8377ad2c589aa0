// RUN: not phintys-opt %s -p convert-loops-to-llvm 2>&1 | filecheck %s

/// An operation without a row is an error that names it.
func.func @exp(%x: f64) -> f64 {
  %y = math.exp %x : f64
  func.return %y : f64
}
// CHECK: math.exp has no row: it should have been lowered before
