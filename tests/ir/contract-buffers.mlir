// RUN: phintys-opt %s -p contract-buffers --split-input-file | filecheck %s

/// Rows of %a are used in one iteration only: it becomes a row. Elements of %m are: it becomes a register.
func.func @contracted(%x: memref<?x8xf64>, %y: memref<?x8xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %n = memref.dim %x, %c0 : memref<?x8xf64>
  %m = memref.alloc(%n) : memref<?xf64>
  %a = memref.alloc(%n) : memref<?x8xf64>
  scf.for %i = %c0 to %n step %c1 {
    %f = memref.load %x[%i, %c0] : memref<?x8xf64>
    memref.store %f, %m[%i] : memref<?xf64>
    scf.for %j = %c0 to %c8 step %c1 {
      %s = memref.load %m[%i] : memref<?xf64>
      memref.store %s, %a[%i, %j] : memref<?x8xf64>
    }
    scf.for %j = %c0 to %c8 step %c1 {
      %s = memref.load %a[%i, %j] : memref<?x8xf64>
      memref.store %s, %y[%i, %j] : memref<?x8xf64>
    }
  }
  memref.dealloc %m : memref<?xf64>
  memref.dealloc %a : memref<?x8xf64>
  func.return
}
// CHECK-LABEL: @contracted
// CHECK:         %0 = memref.alloc() : memref<8xf64>
// CHECK-NEXT:    scf.for %i = %c0 to %n step %c1 {
// CHECK-NEXT:      %f = memref.load %x[%i, %c0]
// CHECK-NEXT:      scf.for %j = %c0 to %c8 step %c1 {
// CHECK-NEXT:        memref.store %f, %0[%j] : memref<8xf64>
// CHECK-NEXT:      }
// CHECK-NEXT:      scf.for %j_1 = %c0 to %c8 step %c1 {
// CHECK-NEXT:        %s = memref.load %0[%j_1] : memref<8xf64>
// CHECK-NEXT:        memref.store %s, %y[%i, %j_1]
// CHECK:         memref.dealloc %0 : memref<8xf64>
// CHECK-NEXT:    func.return

// -----

/// Kept whole: what a second loop reads, what is returned, what is read at another place than its own.
func.func @kept(%x: memref<?x8xf64>) -> memref<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?x8xf64>
  %read = memref.alloc(%n) : memref<?xf64>
  %returned = memref.alloc(%n) : memref<?xf64>
  %other = memref.alloc(%n) : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %f = memref.load %x[%i, %c0] : memref<?x8xf64>
    memref.store %f, %read[%i] : memref<?xf64>
    memref.store %f, %returned[%i] : memref<?xf64>
    memref.store %f, %other[%i] : memref<?xf64>
    %g = memref.load %other[%c0] : memref<?xf64>
    memref.store %g, %x[%i, %c1] : memref<?x8xf64>
  }
  scf.for %i = %c0 to %n step %c1 {
    %f = memref.load %read[%i] : memref<?xf64>
    memref.store %f, %x[%i, %c0] : memref<?x8xf64>
  }
  memref.dealloc %read : memref<?xf64>
  memref.dealloc %other : memref<?xf64>
  func.return %returned : memref<?xf64>
}
// CHECK-LABEL: @kept
// CHECK:         %read = memref.alloc(%n)
// CHECK:         %returned = memref.alloc(%n)
// CHECK:         %other = memref.alloc(%n)

// -----

/// An accumulator in memory is stored more than once: it stays in memory.
func.func @accumulated(%x: memref<?x8xf64>, %y: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?x8xf64>
  %m = memref.alloc(%n) : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    memref.store %zero, %m[%i] : memref<?xf64>
    scf.for %j = %c0 to %c8 step %c1 {
      %s = memref.load %m[%i] : memref<?xf64>
      %v = memref.load %x[%i, %j] : memref<?x8xf64>
      %t = arith.addf %s, %v : f64
      memref.store %t, %m[%i] : memref<?xf64>
    }
    %r = memref.load %m[%i] : memref<?xf64>
    memref.store %r, %y[%i] : memref<?xf64>
  }
  memref.dealloc %m : memref<?xf64>
  func.return
}
// CHECK-LABEL: @accumulated
// CHECK:         %m = memref.alloc(%n)

// -----

/// The same row through a view of the whole buffer.
func.func @view(%x: memref<?x?xf64>, %y: memref<?x?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?x?xf64>
  %k = memref.dim %x, %c1 : memref<?x?xf64>
  %a = memref.alloc(%n, %k) : memref<?x?xf64>
  %v = memref.reinterpret_cast %a to offset: [0], sizes: [%n, %k], strides: [%k, 1] : memref<?x?xf64> to memref<?x?xf64, strided<[?, 1]>>
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %k step %c1 {
      %s = memref.load %x[%i, %j] : memref<?x?xf64>
      memref.store %s, %a[%i, %j] : memref<?x?xf64>
    }
    scf.for %j = %c0 to %k step %c1 {
      %s = memref.load %v[%i, %j] : memref<?x?xf64, strided<[?, 1]>>
      memref.store %s, %y[%i, %j] : memref<?x?xf64>
    }
  }
  memref.dealloc %a : memref<?x?xf64>
  func.return
}
// CHECK-LABEL: @view
// CHECK:         %0 = memref.alloc(%k) : memref<?xf64>
// CHECK-NOT:     reinterpret_cast
// CHECK:         memref.store %s, %0[%j]
// CHECK:         memref.load %0[%j_1]
// CHECK:         memref.dealloc %0

// -----

/// A row that another iteration reads, and a column: the buffer stays whole.
func.func @other_rows(%x: memref<8x8xf64>, %y: memref<8x8xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %first = memref.alloc() : memref<8x8xf64>
  %turned = memref.alloc() : memref<8x8xf64>
  scf.for %i = %c0 to %c8 step %c1 {
    scf.for %j = %c0 to %c8 step %c1 {
      %f = memref.load %x[%i, %j] : memref<8x8xf64>
      memref.store %f, %first[%i, %j] : memref<8x8xf64>
      memref.store %f, %turned[%i, %j] : memref<8x8xf64>
    }
    scf.for %j = %c0 to %c8 step %c1 {
      %g = memref.load %first[%c0, %j] : memref<8x8xf64>
      %h = memref.load %turned[%j, %i] : memref<8x8xf64>
      %s = arith.addf %g, %h : f64
      memref.store %s, %y[%i, %j] : memref<8x8xf64>
    }
  }
  memref.dealloc %first : memref<8x8xf64>
  memref.dealloc %turned : memref<8x8xf64>
  func.return
}
// CHECK-LABEL: @other_rows
// CHECK:         %first = memref.alloc() : memref<8x8xf64>
// CHECK-NEXT:    %turned = memref.alloc() : memref<8x8xf64>
