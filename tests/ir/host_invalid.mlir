// RUN: not phintys-opt %s --split-input-file 2>&1 | filecheck %s

func.func @dtype(%x: memref<?xf64>) {
  %s = rt.host "sort" (%x) {gives = "f64[?]", takes = "f32[?]"} : (memref<?xf64>) -> memref<?xf64>
  func.return
}
// CHECK: host_invalid.mlir:4:3: error: rt.host: memref<?xf64> does not hold a f32[?], among the operands

// -----

func.func @count(%x: memref<?xf64>) {
  %s = rt.host "sort" (%x) {gives = "f64[?], f64[]", takes = "f64[?]"} : (memref<?xf64>) -> memref<?xf64>
  func.return
}
// CHECK: host_invalid.mlir:12:3: error: rt.host: 2 types for 1 results

// -----

func.func @options(%x: memref<?xf64>) {
  %s = rt.host "sort" (%x) {gives = "f64[?]", takes = "f64[?]", options = "axis=1"} : (memref<?xf64>) -> memref<?xf64>
  func.return
}
// CHECK: host_invalid.mlir:20:3: error: rt.host: options are a dict of literals such as {'axis': 0}, got 'axis=1'

// -----

func.func @types(%x: tensor<?xf64>) {
  %s = nd.host %x {function = "sort", results = "f64[?"} : (tensor<?xf64>) -> tensor<?xf64>
  func.return
}
// CHECK: host_invalid.mlir:28:3: error: host: 'f64[?' does not begin with a type such as f64[?, 3]
