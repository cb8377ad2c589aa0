// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --print-op-generic --print-debuginfo
// RUN: phintys-opt %s -p convert-loops-to-llvm | filecheck %s --check-prefix=LLVM

/// Neighbours in memory as one value. Truth values are bytes there.
func.func @vector(%x: memref<?xf64> {nd.name = "x"}, %m: memref<?xi1> {nd.name = "m"}) -> memref<?xf64> {
  %zero = arith.constant 0 : index
  %d = memref.dim %x, %zero : memref<?xf64>
  %y = memref.alloc(%d) : memref<?xf64>
  %v = vector.load %x[%zero] : memref<?xf64>, vector<2xf64>
  %t = vector.load %m[%zero] : memref<?xi1>, vector<2xi1>
  %a = vector.extract %v[1] : f64 from vector<2xf64>
  %c = vector.extract %t[0] : i1 from vector<2xi1>
  %b = arith.select %c, %a, %a : f64
  %w = vector.broadcast %a : f64 to vector<2xf64>
  %u = vector.insert %b, %w [1] : f64 into vector<2xf64>
  vector.store %u, %y[%zero] : memref<?xf64>, vector<2xf64>
  func.return %y : memref<?xf64>
}
// CHECK:      %v = vector.load %x[%zero] : memref<?xf64>, vector<2xf64>
// CHECK:      %a = vector.extract %v[1] : f64 from vector<2xf64>
// CHECK:      %w = vector.broadcast %a : f64 to vector<2xf64>
// CHECK-NEXT: %u = vector.insert %b, %w [1] : f64 into vector<2xf64>
// CHECK-NEXT: vector.store %u, %y[%zero] : memref<?xf64>, vector<2xf64>

// LLVM:      llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr -> vector<2xf64>
// LLVM:      llvm.load %{{.*}} {alignment = 2 : i64} : !llvm.ptr -> vector<2xi8>
// LLVM:      llvm.extractelement
// LLVM:      llvm.insertelement
// LLVM:      llvm.store %{{.*}} {alignment = 16 : i64} : vector<2xf64>, !llvm.ptr
