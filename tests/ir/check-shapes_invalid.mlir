// RUN: phintys-opt %s -p check-shapes --split-input-file --verify-diagnostics

/// Sizes that are known to differ are no matter of run time.
func.func @known(%x: tensor<2x3xf64>, %y: tensor<2x4xf64>) -> tensor<2x3xf64> {
  // expected-error@+1 {{add: dimension 1 has sizes 3 and 4, which do not broadcast together}}
  %z = nd.add %x, %y : (tensor<2x3xf64>, tensor<2x4xf64>) -> tensor<2x3xf64>
  func.return %z : tensor<2x3xf64>
}

// -----

/// Nor is it known what an operation of no table needs.
func.func @unknown(%x: tensor<?xf64>) -> tensor<?xf64> {
  // expected-error@+1 {{test.op has no place in a module of level nd, which check-shapes takes}}
  %y = "test.op"(%x) : (tensor<?xf64>) -> tensor<?xf64>
  func.return %y : tensor<?xf64>
}

// -----

// expected-error@unknown {{expected a tensor of bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, c64, c128 elements, got tensor<4xf16>}}
func.func @half(%x: tensor<4xf16>) -> tensor<4xf16> {
  func.return %x : tensor<4xf16>
}
