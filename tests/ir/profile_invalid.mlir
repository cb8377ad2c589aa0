// RUN: not phintys-opt %s -p profile,convert-loops-to-llvm --split-input-file 2>&1 | filecheck %s

/// A slot that no function has would be memory of somebody else's.
func.func @record(%n: i64) -> i64 {
  rt.record %n {slot = 3 : i64}
  func.return %n : i64
}
// CHECK: profile_invalid.mlir: error: pass convert-loops-to-llvm: rt.record: slot 3 is not among the function's phi.profile

// -----

func.func @nameless(%n: i64) -> i64 {
  rt.record %n
  func.return %n : i64
}
// CHECK: profile_invalid.mlir:13:3: error: rt.record: needs a slot, as in {slot = 0 : i64}

// -----

func.func @float(%x: f64) -> f64 {
  rt.record %x {slot = 0 : i64}
  func.return %x : f64
}
// CHECK: profile_invalid.mlir:21:{{.*}}: error: {{.*}}i64
