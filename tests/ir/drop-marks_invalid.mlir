// RUN: phintys-opt %s -p drop-marks --split-input-file --verify-diagnostics

/// A mark has the type of what it marks.
func.func @type(%x: tensor<?xf64>) -> tensor<?xf32> {
  // expected-error@+1 {{nd.zero_grad: result type is f32[?], expected tensor<?xf64>}}
  %0 = nd.zero_grad %x : (tensor<?xf64>) -> tensor<?xf32>
  func.return %0 : tensor<?xf32>
}

// -----

func.func @llvm(%x: f64) -> f64 {
  // expected-error@+1 {{llvm.fmul has no place in a module of level nd, which drop-marks takes}}
  %0 = llvm.fmul %x, %x : f64
  func.return %0 : f64
}
