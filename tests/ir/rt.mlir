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

/// A Python callable; `takes` and `gives` tell signed from unsigned elements.
func.func @text(%x: memref<?xf64> {nd.name = "x"}, %n: memref<i64> {nd.name = "n"}) -> memref<f64> {
  %r = memref.alloc() : memref<f64>
  %s, %k = rt.host "split" (%x, %n) {gives = "f64[?], bool[]", takes = "f64[?], u64[]"} : (memref<?xf64>, memref<i64>) -> (memref<?xf64>, memref<i1>)
  func.return %r : memref<f64>
}
// CHECK: %s, %k = rt.host "split" (%x, %n) {gives = "f64[?], bool[]", takes = "f64[?], u64[]"} : (memref<?xf64>, memref<i64>) -> (memref<?xf64>, memref<i1>)
