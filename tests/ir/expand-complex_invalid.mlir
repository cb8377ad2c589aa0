// RUN: phintys-opt %s -p expand-complex --split-input-file --verify-diagnostics

/// What has no meaning for complex numbers is refused where it stands.
func.func @order(%x: tensor<?xcomplex<f64>>) -> tensor<?xcomplex<f64>> {
  // expected-error@+1 {{sort: complex operands are not ordered: got c128[?], expected a real dtype}}
  %y = nd.sort %x {axis = 0 : i64} : (tensor<?xcomplex<f64>>) -> tensor<?xcomplex<f64>>
  func.return %y : tensor<?xcomplex<f64>>
}

// -----

func.func @compare(%x: tensor<?xcomplex<f64>>) -> tensor<?xi1> {
  // expected-error@+1 {{lt: complex operands are not ordered: got c128[?], expected a real dtype}}
  %y = nd.lt %x, %x : (tensor<?xcomplex<f64>>, tensor<?xcomplex<f64>>) -> tensor<?xi1>
  func.return %y : tensor<?xi1>
}

// -----

/// Regions are of real scalars.
func.func @fused(%x: tensor<?xcomplex<f64>>) -> tensor<?xcomplex<f64>> {
  // expected-error@+1 {{nd.fused has no meaning for complex operands}}
  %y = nd.fused %x {combine = ["map"], axes = array<i64>} : (tensor<?xcomplex<f64>>) -> tensor<?xcomplex<f64>> {
  ^bb0(%a: complex<f64>):
    nd.yield %a : complex<f64>
  }
  func.return %y : tensor<?xcomplex<f64>>
}

// -----

/// Loops come too late.
func.func @loops(%x: memref<2xcomplex<f64>>, %i: index) -> complex<f64> {
  // expected-error@+1 {{memref.load has no place in a module of level nd, which expand-complex takes}}
  %y = memref.load %x[%i] : memref<2xcomplex<f64>>
  func.return %y : complex<f64>
}
