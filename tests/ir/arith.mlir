// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --print-op-generic --print-debuginfo

/// Constants of every kind, arithmetic with fast-math flags, comparisons, choices and conversions.
func.func @arith(%a: f64, %b: f64, %i: i64, %j: i64, %c: i1) -> f64 {
  %nan = arith.constant 0x7ff8000000000000 : f64
  %one = arith.constant 1 : i64
  %s = arith.addf %a, %b fastmath<reassoc,contract> : f64
  %n = arith.negf %s : f64
  %m = arith.maximumf %n, %nan : f64
  %k = arith.addi %i, %one : i64
  %q = arith.divsi %k, %j : i64
  %l = arith.cmpi slt, %q, %i : i64
  %o = arith.cmpf olt, %a, %b : f64
  %t = arith.andi %l, %o : i1
  %u = arith.select %t, %m, %a : f64
  %f = arith.sitofp %q : i64 to f64
  %x = arith.index_cast %q : i64 to index
  %r = arith.addf %u, %f : f64
  func.return %r : f64
}
// CHECK:      func.func @arith(%a: f64, %b: f64, %i: i64, %j: i64, %c: i1) -> f64 {
// CHECK-NEXT: %nan = arith.constant 0x7ff8000000000000 : f64
// CHECK-NEXT: %one = arith.constant 1 : i64
// CHECK-NEXT: %s = arith.addf %a, %b fastmath<reassoc,contract> : f64
// CHECK-NEXT: %n = arith.negf %s : f64
// CHECK-NEXT: %m = arith.maximumf %n, %nan : f64
// CHECK-NEXT: %k = arith.addi %i, %one : i64
// CHECK-NEXT: %q = arith.divsi %k, %j : i64
// CHECK-NEXT: %l = arith.cmpi slt, %q, %i : i64
// CHECK-NEXT: %o = arith.cmpf olt, %a, %b : f64
// CHECK-NEXT: %t = arith.andi %l, %o : i1
// CHECK-NEXT: %u = arith.select %t, %m, %a : f64
// CHECK-NEXT: %f = arith.sitofp %q : i64 to f64
// CHECK-NEXT: %x = arith.index_cast %q : i64 to index
// CHECK-NEXT: %r = arith.addf %u, %f : f64
// CHECK-NEXT: func.return %r : f64
// CHECK-NEXT: }
