// RUN: phintys-opt %s -p convert-loops-to-llvm --split-input-file --verify-diagnostics

func.func @multiply(%x: memref<?xf64> {nd.name = "x"}) -> memref<?xf64> {
  %i = arith.constant 0 : index
  %a = arith.constant 2.0 : f64
  // expected-error@+1 {{memref.atomic_rmw of kind 8 has no lowering; 0 (addf) and 1 (addi) have}}
  %b = "memref.atomic_rmw"(%a, %x, %i) <{kind = 8 : i64}> : (f64, memref<?xf64>, index) -> f64
  func.return %x : memref<?xf64>
}
