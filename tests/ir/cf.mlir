// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --print-op-generic --print-debuginfo

/// A loop of blocks.
func.func @cf(%n: i64) -> i64 {
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  cf.br ^head(%zero : i64)
^head(%i: i64):
  %c = arith.cmpi slt, %i, %n : i64
  cf.cond_br %c, ^body, ^end
^body:
  %j = arith.addi %i, %one : i64
  cf.br ^head(%j : i64)
^end:
  func.return %i : i64
}
// CHECK:      func.func @cf(%n: i64) -> i64 {
// CHECK-NEXT: %zero = arith.constant 0 : i64
// CHECK-NEXT: %one = arith.constant 1 : i64
// CHECK-NEXT: cf.br ^head(%zero : i64)
// CHECK-NEXT: ^head(%i: i64):
// CHECK-NEXT: %c = arith.cmpi slt, %i, %n : i64
// CHECK-NEXT: cf.cond_br %c, ^body, ^end
// CHECK-NEXT: ^body:
// CHECK-NEXT: %j = arith.addi %i, %one : i64
// CHECK-NEXT: cf.br ^head(%j : i64)
// CHECK-NEXT: ^end:
// CHECK-NEXT: func.return %i : i64
// CHECK-NEXT: }
