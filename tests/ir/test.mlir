// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --print-op-generic --print-debuginfo

/// Operations for tests of passes, with any operands, results, attributes and regions.
func.func @test(%x: f64) -> i32 {
  %y = "test.op"(%x) {key = "value"} : (f64) -> i32
  "test.op"() ({
    "test.termop"() : () -> ()
  }) : () -> ()
  func.return %y : i32
}
// CHECK:      func.func @test(%x: f64) -> i32 {
// CHECK-NEXT: %y = "test.op"(%x) {key = "value"} : (f64) -> i32
// CHECK-NEXT: "test.op"() ({
// CHECK-NEXT: "test.termop"() : () -> ()
// CHECK-NEXT: }) : () -> ()
// CHECK-NEXT: func.return %y : i32
// CHECK-NEXT: }
