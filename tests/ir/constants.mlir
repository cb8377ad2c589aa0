// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --emit=graph | filecheck %s --check-prefix=GRAPH

/// Hexadecimal floats are bit patterns, in dense constants as elsewhere; infinities and NaNs print so.
func.func @special() -> (tensor<f32>, tensor<2xf64>, tensor<complex<f64>>) {
  %0 = nd.constant {value = dense<0xFF800000> : tensor<f32>} : () -> tensor<f32>
  %1 = nd.constant {value = dense<[0x7FF0000000000000, 0x7FF8000000000000]> : tensor<2xf64>} : () -> tensor<2xf64>
  %2 = nd.constant {value = dense<(1.0, -2.0)> : tensor<complex<f64>>} : () -> tensor<complex<f64>>
  func.return %0, %1, %2 : tensor<f32>, tensor<2xf64>, tensor<complex<f64>>
}
// CHECK: dense<{{0x[fF][fF]800000}}> : tensor<f32>
// CHECK: dense<{{.0x7[fF][fF]0000000000000, 0x7[fF][fF]8000000000000.}}> : tensor<2xf64>
// CHECK: dense<(1.{{0+e.00}},-2.{{0+e.00}})> : tensor<complex<f64>>
// GRAPH: return f32(-inf), f64([inf, nan]), c128(1.0-2.0j)
