// RUN: not phintys-opt %s --split-input-file 2>&1 | filecheck %s

/// A value of one branch is not defined in the other, nor after the if.
func.func @branches(%c: i1) -> index {
  scf.if %c {
    %a = arith.constant 1 : index
    scf.yield
  } else {
    %b = arith.addi %a, %a : index
    scf.yield
  }
  %r = arith.constant 0 : index
  func.return %r : index
}
// CHECK: dominance_invalid.mlir:9:21: error: %a is used but not defined

// -----

/// A block that one predecessor reaches without the definition.
func.func @blocks(%c: i1, %x: i64) -> i64 {
  cf.cond_br %c, ^one, ^two
^one:
  %a = arith.addi %x, %x : i64
  cf.br ^two
^two:
  func.return %a : i64
}
// CHECK: dominance_invalid.mlir:26:3: error: func.return: %a is used before it is defined
