// RUN: not phintys-opt %s --split-input-file 2>&1 | filecheck %s

func.func @exception(%ok: i1) {
  rt.assert %ok, "KeyError", "no"
  func.return
}
// CHECK:      rt_invalid.mlir:4:3: error: rt.assert: exception 'KeyError' is not one of ValueError, IndexError, TypeError, ZeroDivisionError
// CHECK-NEXT:    4 |   rt.assert %ok, "KeyError", "no"
// CHECK-NEXT:      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

// -----

func.func @places(%ok: i1) {
  rt.assert %ok, "ValueError", "size {0}"
  func.return
}
// CHECK: rt_invalid.mlir:14:3: error: rt.assert: message 'size {0}' with 0 values: its places must be {0}, {1}, ...

// -----

func.func @unknown(%ok: i1) {
  rt.asert %ok, "ValueError", "no"
  func.return
}
// CHECK:      rt_invalid.mlir:22:{{.*}}: error: unknown operation 'rt.asert'
// CHECK:      help: did you mean 'rt.assert'?

// -----

func.func @order(%a: f64) -> f64 {
  %x = arith.addf %y, %a : f64
  %y = arith.addf %a, %a : f64
  func.return %x : f64
}
// CHECK: rt_invalid.mlir:31:3: error: arith.addf: %y is used before it is defined
