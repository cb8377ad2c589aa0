// RUN: not phintys-opt %s -p convert-nd-to-loops --split-input-file 2>&1 | filecheck %s

/// What earlier passes should have removed is named, with the passes that do it.
func.func @softmax(%x: tensor<?x4xf64>) -> tensor<?x4xf64> {
  %y = nd.softmax %x {axis = 1 : i64} : (tensor<?x4xf64>) -> tensor<?x4xf64>
  func.return %y : tensor<?x4xf64>
}
// CHECK: {{.*}}:5:3: error: nd.softmax has no place in a module of level fused, which convert-nd-to-loops takes

// -----

/// Complex numbers stop here.
func.func @complex(%x: tensor<?xcomplex<f64>>) -> tensor<?xcomplex<f64>> {
  func.return %x : tensor<?xcomplex<f64>>
}
// CHECK: argument 0 is c128[?]: complex numbers have no native code yet
