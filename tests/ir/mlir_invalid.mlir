// RUN: not phintys-opt %s --split-input-file 2>&1 | filecheck %s

/// MLIR text that is none ends in the same kind of message as graph text.
func.func @syntax(%x: tensor<?xf64>) -> tensor<?xf64> {
  %y = nd.exp %x : tensor<?xf64>
  func.return %y : tensor<?xf64>
}
// CHECK:      mlir_invalid.mlir:5:{{[0-9]+}}: error:
// CHECK-NEXT:   5 |   %y = nd.exp %x : tensor<?xf64>

// -----

func.func @name(%x: tensor<?xf64>) -> tensor<?xf64> {
  %y = nd.expp %x : (tensor<?xf64>) -> tensor<?xf64>
  func.return %y : tensor<?xf64>
}
// CHECK:      mlir_invalid.mlir:14:8: error: unknown operation 'nd.expp'
// CHECK-NEXT:   14 |   %y = nd.expp %x
// CHECK-NEXT:      |        ^^^^^^^
// CHECK:      help: did you mean 'nd.exp'?

// -----

func.func @type(%x: tensor<?xf64>) -> tensor<?xf32> {
  %y = nd.exp %x : (tensor<?xf64>) -> tensor<?xf32>
  func.return %y : tensor<?xf32>
}
// CHECK:      mlir_invalid.mlir:25:3: error: nd.exp: result type is f32[?], expected tensor<?xf64>

// -----

func.func @undefined() -> tensor<f64> {
  func.return %y : tensor<f64>
}
// CHECK:      error: %y is used but not defined

// -----

func.func @attribute(%x: tensor<?xf64>) -> tensor<f64> {
  %y = nd.sum %x {axis = 0 : i64} : (tensor<?xf64>) -> tensor<f64>
  func.return %y : tensor<f64>
}
// CHECK:      error: sum has no attribute 'axis'; it has: axes

// -----

// CHECK: error: ')' expected
func.func @unfinished(%x: tensor<?xf64>
