// RUN: phintys-opt %s --split-input-file --verify-diagnostics -p convert-loops-to-llvm

func.func @types(%x: memref<?xf64> {nd.name = "x"}, %i: index) -> memref<?xf64> {
  // expected-error@+1 {{MemRef element type should match the Vector element type.}}
  %v = vector.load %x[%i] : memref<?xf64>, vector<2xf32>
  func.return %x : memref<?xf64>
}

// -----

func.func @matrix(%x: memref<?x2xf64> {nd.name = "x"}) -> memref<?x2xf64> {
  %i = arith.constant 0 : index
  // expected-error@+1 {{vector<2x2xf64> has no lowering; expected a vector of one fixed dimension}}
  %v = vector.load %x[%i, %i] : memref<?x2xf64>, vector<2x2xf64>
  func.return %x : memref<?x2xf64>
}

// -----

func.func @others(%x: memref<?xf64> {nd.name = "x"}) -> memref<?xf64> {
  %i = arith.constant 0 : index
  %v = vector.load %x[%i] : memref<?xf64>, vector<2xf64>
  // expected-error@+1 {{vector.fma has no row: it should have been lowered before}}
  %w = vector.fma %v, %v, %v : vector<2xf64>
  func.return %x : memref<?xf64>
}
