// RUN: phintys-opt %s -p check-bounds --split-input-file | filecheck %s

/// Every index, known sizes or not.
func.func @access(%x: memref<?x3xf64>, %i: index, %j: index) {
  %v = memref.load %x[%i, %j] : memref<?x3xf64>
  memref.store %v, %x[%j, %i] : memref<?x3xf64>
  func.return
}
// CHECK-LABEL: func.func @access
// CHECK:         [[n:%.+]] = memref.dim %x, {{.*}}
// CHECK-NEXT:    [[fine:%.+]] = arith.cmpi ult, %i, [[n]] : index
// CHECK-NEXT:    rt.assert [[fine]], "IndexError", "memref.load: index {0} of a dimension of {1}" (%i, [[n]] : index, index)
// CHECK-NEXT:    arith.cmpi ult, %j, {{.*}} : index
// CHECK-NEXT:    rt.assert
// CHECK-NEXT:    %v = memref.load
// CHECK-COUNT-2: rt.assert {{.*}}"memref.store: index
// CHECK:         memref.store

// -----

/// The elements of a view have to lie in its buffer.
func.func @view(%x: memref<12xf64>, %n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %v = memref.reinterpret_cast %x to offset: [2], sizes: [%n], strides: [3] : memref<12xf64> to memref<?xf64, strided<[3], offset: 2>>
  %e = memref.load %v[%c0] : memref<?xf64, strided<[3], offset: 2>>
  func.return %e : f64
}
// CHECK-LABEL: func.func @view
// CHECK:         arith.cmpi sge, {{.*}} : index
// CHECK-NEXT:    arith.cmpi slt, {{.*}} : index
// CHECK:         rt.assert {{.*}}, "IndexError", "memref.reinterpret_cast: elements {0} to {1} of a buffer of {2}"
// CHECK-NEXT:    %v = memref.reinterpret_cast
