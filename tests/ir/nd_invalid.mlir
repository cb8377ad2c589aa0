// RUN: phintys-opt %s --split-input-file --verify-diagnostics

func.func @result(%x: tensor<?x3xf64>) -> tensor<3xf64> {
  // expected-error@+1 {{nd.sum: result type is f64[3], expected tensor<f64>}}
  %s = nd.sum %x {axes = array<i64: 0, 1>} : (tensor<?x3xf64>) -> tensor<3xf64>
  func.return %s : tensor<3xf64>
}

// -----

func.func @marks(%x: tensor<?xf64>, %i: tensor<i64>) -> tensor<f64> {
  // expected-error@+1 {{subtensor: index '?' has 1 '?' for 2 index operands}}
  %y = nd.subtensor %x, %i, %i {index = "?"} : (tensor<?xf64>, tensor<i64>, tensor<i64>) -> tensor<f64>
  func.return %y : tensor<f64>
}

// -----

func.func @missing_mark(%x: tensor<?xf64>, %y: tensor<?xf64>) -> tensor<?xf64> {
  // expected-error@+1 {{set_subtensor: update of a subtensor: index '?:' has 1 '?' for 0 index operands}}
  %z = nd.set_subtensor %x, %y {index = "?:"} : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
  func.return %z : tensor<?xf64>
}

// -----

func.func @range(%n: tensor<i64>) -> tensor<?xcomplex<f64>> {
  // expected-error@+1 {{arange makes real numbers, not c128; cast its result}}
  %y = nd.arange %n, %n, %n {dtype = "c128"} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xcomplex<f64>>
  func.return %y : tensor<?xcomplex<f64>>
}

// -----

func.func @check(%n: tensor<i64>) {
  // expected-error@+1 {{nd.require takes a tensor<i1> and tensor<i64> values}}
  nd.require %n {exception = "ValueError", message = "no"} : (tensor<i64>) -> ()
  func.return
}

// -----

func.func @truth(%z: tensor<?xcomplex<f32>>) -> tensor<i1> {
  // expected-error@+1 {{any: complex numbers are neither true nor false: got c64[?]; compare them, as in x != 0}}
  %y = nd.any %z {axes = array<i64: 0>} : (tensor<?xcomplex<f32>>) -> tensor<i1>
  func.return %y : tensor<i1>
}
