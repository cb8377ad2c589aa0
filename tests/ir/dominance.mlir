// RUN: phintys-opt %s | filecheck %s

/// A loop in blocks: the header dominates the body and what follows, in whatever order the blocks stand.
func.func @loop(%n: i64) -> i64 {
  %zero = arith.constant 0 : i64
  cf.br ^head(%zero : i64)
^done:
  func.return %i : i64
^head(%i: i64):
  %more = arith.cmpi slt, %i, %n : i64
  cf.cond_br %more, ^body, ^done
^body:
  %next = arith.addi %i, %i : i64
  cf.br ^head(%next : i64)
}
// CHECK: func.func @loop
