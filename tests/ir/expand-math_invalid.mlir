// RUN: not phintys-opt %s -p expand-math --split-input-file 2>&1 | filecheck %s

// An operation in neither table is named.
func.func @unknown(%x: i64) -> i64 {
  %y = math.ipowi %x, %x : i64
  func.return %y : i64
}
// CHECK: error: math.ipowi has no row and no libm function

// -----

// The level has scalars only.
func.func @vector(%x: vector<4xf64>) -> vector<4xf64> {
  %y = math.exp %x : vector<4xf64>
  func.return %y : vector<4xf64>
}
// CHECK: error: math.exp has the type vector<4xf64>; expected a scalar f32 or f64

// -----

// There are no rows for half precision.
func.func @half(%x: f16) -> f16 {
  %y = math.tanh %x : f16
  func.return %y : f16
}
// CHECK: error: math.tanh has the type f16; expected a scalar f32 or f64

// -----

// A public function may not have the name of a function that is called.
func.func @cbrt(%x: f64) -> f64 {
  %y = math.cbrt %x : f64
  func.return %y : f64
}
// CHECK: error: math.cbrt becomes a call of @cbrt, but that is a public function of this module

// -----

// The functions of xmath take a float.
func.func @float(%x: i64) -> i64 {
  %y = xmath.sign %x : i64
  func.return %y : i64
}
// CHECK: expand-math_invalid.mlir:41:3: error: xmath.sign is from f32 to f32 or f64 to f64, not i64 to i64
