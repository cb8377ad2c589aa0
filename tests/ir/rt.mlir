// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --print-op-generic --print-debuginfo | filecheck %s --check-prefix=GENERIC

/// A check shows the numbers it was given.
func.func @check(%ok: i1, %a: index, %b: index) {
  rt.assert %ok, "ValueError", "dot: x has {0} columns but y has {1} rows" (%a, %b : index, index)
  rt.assert %ok, "IndexError", "never"
  func.return
}
// CHECK:      rt.assert %ok, "ValueError", "dot: x has {0} columns but y has {1} rows" (%a, %b : index, index)
// CHECK-NEXT: rt.assert %ok, "IndexError", "never"
// GENERIC:      "rt.assert"(%ok, %a, %b) {exception = "ValueError", message = "dot: x has {0} columns but y has {1} rows"}
// GENERIC-SAME: loc("{{.*}}rt.mlir":6:3)
