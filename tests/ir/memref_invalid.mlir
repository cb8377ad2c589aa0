// RUN: phintys-opt %s --split-input-file --verify-diagnostics

func.func @indices(%x: memref<?x4xf64>, %n: index) -> f64 {
  // expected-error@+1 {{expected an index for each dimension}}
  %v = memref.load %x[%n] : memref<?x4xf64>
  func.return %v : f64
}

// -----

func.func @sizes() {
  // expected-error@+1 {{op dimension operand count does not equal memref dynamic dimension count.}}
  %b = memref.alloc() : memref<?xf64>
  func.return
}

// -----

func.func @element(%x: memref<4xf64>, %v: f32, %n: index) {
  // expected-error@+1 {{operand is used with type f64, but has been previously used or defined with type f32}}
  memref.store %v, %x[%n] : memref<4xf64>
  func.return
}
