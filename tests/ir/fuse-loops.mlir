// RUN: phintys-opt %s -p fuse-loops --split-input-file | filecheck %s

/// The second loop reads rows of %x and of %m that its own iteration has: one loop. The allocation it needs goes before both.
func.func @rows(%x: memref<?x?xf64>) -> memref<?x?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?x?xf64>
  %k = memref.dim %x, %c1 : memref<?x?xf64>
  %m = memref.alloc(%n) : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %s = scf.for %j = %c0 to %k step %c1 iter_args(%a = %zero) -> (f64) {
      %v = memref.load %x[%i, %j] : memref<?x?xf64>
      %b = arith.addf %a, %v : f64
      scf.yield %b : f64
    }
    memref.store %s, %m[%i] : memref<?xf64>
  }
  %y = memref.alloc(%n, %k) : memref<?x?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %s = memref.load %m[%i] : memref<?xf64>
    scf.for %j = %c0 to %k step %c1 {
      %v = memref.load %x[%i, %j] : memref<?x?xf64>
      %w = arith.subf %v, %s : f64
      memref.store %w, %y[%i, %j] : memref<?x?xf64>
    }
  }
  memref.dealloc %m : memref<?xf64>
  func.return %y : memref<?x?xf64>
}
// CHECK-LABEL: @rows
// CHECK:         %m = memref.alloc(%n)
// CHECK-NEXT:    %y = memref.alloc(%n, %k)
// CHECK-NEXT:    scf.for %i = %c0 to %n step %c1 {
// CHECK-NEXT:      %s = scf.for
// CHECK:           memref.store %s, %m[%i]
// CHECK-NEXT:      %s_1 = memref.load %m[%i]
// CHECK-NEXT:      scf.for
// CHECK-NOT:     scf.for %i
// CHECK:         func.return

// -----

/// An iteration that reads its neighbour's row has to wait for it.
func.func @neighbour(%x: memref<8x8xf64>, %y: memref<8x8xf64>) -> memref<8x8xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c7 = arith.constant 7 : index
  %m = memref.alloc() : memref<8x8xf64>
  scf.for %i = %c0 to %c7 step %c1 {
    scf.for %j = %c0 to %c7 step %c1 {
      %v = memref.load %x[%i, %j] : memref<8x8xf64>
      memref.store %v, %m[%i, %j] : memref<8x8xf64>
    }
  }
  scf.for %i = %c0 to %c7 step %c1 {
    %next = arith.addi %i, %c1 : index
    scf.for %j = %c0 to %c7 step %c1 {
      %u = memref.load %x[%i, %j] : memref<8x8xf64>
      %v = memref.load %m[%next, %j] : memref<8x8xf64>
      %w = arith.addf %u, %v : f64
      memref.store %w, %y[%i, %j] : memref<8x8xf64>
    }
  }
  func.return %m : memref<8x8xf64>
}
// CHECK-LABEL: @neighbour
// CHECK:         scf.for %i =
// CHECK:         scf.for %i_1 =

// -----

/// Columns of what was written as rows.
func.func @transposed(%x: memref<8x8xf64>, %y: memref<8x8xf64>) -> memref<8x8xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %m = memref.alloc() : memref<8x8xf64>
  scf.for %i = %c0 to %c8 step %c1 {
    scf.for %j = %c0 to %c8 step %c1 {
      %v = memref.load %x[%i, %j] : memref<8x8xf64>
      memref.store %v, %m[%i, %j] : memref<8x8xf64>
    }
  }
  scf.for %i = %c0 to %c8 step %c1 {
    scf.for %j = %c0 to %c8 step %c1 {
      %v = memref.load %m[%j, %i] : memref<8x8xf64>
      memref.store %v, %y[%i, %j] : memref<8x8xf64>
    }
  }
  func.return %m : memref<8x8xf64>
}
// CHECK-LABEL: @transposed
// CHECK:         scf.for %i =
// CHECK:         scf.for %i_1 =

// -----

/// Sizes of two arrays are one size once an assertion has compared them; before, they are two.
func.func @equal_sizes(%x: memref<?x8xf64>, %y: memref<?x8xf64>) -> memref<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %n = memref.dim %x, %c0 : memref<?x8xf64>
  %k = memref.dim %y, %c0 : memref<?x8xf64>
  %same = arith.cmpi eq, %n, %k : index
  rt.assert %same, "ValueError", "{0} is not {1}" (%n, %k : index, index)
  %m = memref.alloc(%n) : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %x[%i, %c0] : memref<?x8xf64>
    memref.store %v, %m[%i] : memref<?xf64>
  }
  scf.for %i = %c0 to %k step %c1 {
    %s = memref.load %m[%i] : memref<?xf64>
    scf.for %j = %c0 to %c8 step %c1 {
      memref.store %s, %y[%i, %j] : memref<?x8xf64>
    }
  }
  func.return %m : memref<?xf64>
}
// CHECK-LABEL: @equal_sizes
// CHECK:         scf.for %i =
// CHECK-NOT:     scf.for %i_
// CHECK:         func.return

// -----

func.func @unequal_sizes(%x: memref<?x8xf64>, %y: memref<?x8xf64>) -> memref<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %n = memref.dim %x, %c0 : memref<?x8xf64>
  %k = memref.dim %y, %c0 : memref<?x8xf64>
  %m = memref.alloc(%n) : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %x[%i, %c0] : memref<?x8xf64>
    memref.store %v, %m[%i] : memref<?xf64>
  }
  scf.for %i = %c0 to %k step %c1 {
    %s = memref.load %m[%i] : memref<?xf64>
    scf.for %j = %c0 to %c8 step %c1 {
      memref.store %s, %y[%i, %j] : memref<?x8xf64>
    }
  }
  func.return %m : memref<?xf64>
}
// CHECK-LABEL: @unequal_sizes
// CHECK:         scf.for %i =
// CHECK:         scf.for %i_1 =

// -----

/// An assertion after the first loop says nothing about the iterations of that loop.
func.func @compared_later(%x: memref<?x8xf64>, %y: memref<?x8xf64>) -> memref<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %n = memref.dim %x, %c0 : memref<?x8xf64>
  %k = memref.dim %y, %c0 : memref<?x8xf64>
  %m = memref.alloc(%n) : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %x[%i, %c0] : memref<?x8xf64>
    memref.store %v, %m[%i] : memref<?xf64>
  }
  %same = arith.cmpi eq, %n, %k : index
  rt.assert %same, "ValueError", "{0} is not {1}" (%n, %k : index, index)
  %z = memref.alloc(%n) : memref<?x8xf64>
  scf.for %i = %c0 to %k step %c1 {
    %s = memref.load %m[%i] : memref<?xf64>
    scf.for %j = %c0 to %c8 step %c1 {
      memref.store %s, %z[%i, %j] : memref<?x8xf64>
    }
  }
  func.return %m : memref<?xf64>
}
// CHECK-LABEL: @compared_later
// CHECK:         scf.for %i =
// CHECK:         scf.for %i_1 =

// -----

/// What a check may still stop is not written before it: %state belongs to the caller. The first loop goes down instead.
func.func @check_between(%x: memref<8x8xf64>, %state: memref<8x8xf64>, %ok: i1) -> memref<8xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %m = memref.alloc() : memref<8xf64>
  scf.for %i = %c0 to %c8 step %c1 {
    %v = memref.load %x[%i, %c0] : memref<8x8xf64>
    memref.store %v, %m[%i] : memref<8xf64>
  }
  rt.assert %ok, "ValueError", "no"
  scf.for %i = %c0 to %c8 step %c1 {
    %s = memref.load %m[%i] : memref<8xf64>
    scf.for %j = %c0 to %c8 step %c1 {
      memref.store %s, %state[%i, %j] : memref<8x8xf64>
    }
  }
  func.return %m : memref<8xf64>
}
// CHECK-LABEL: @check_between
// CHECK:         memref.alloc
// CHECK-NEXT:    rt.assert
// CHECK-NEXT:    scf.for
// CHECK-NOT:     scf.for %i_
// CHECK:         func.return

// -----

/// A value that the first loop leaves is needed between the loops: neither can move.
func.func @carried_between(%x: memref<8x8xf64>, %m: memref<8xf64>, %y: memref<8x8xf64>) -> memref<f64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f64
  %total = scf.for %i = %c0 to %c8 step %c1 iter_args(%a = %zero) -> (f64) {
    %v = memref.load %x[%i, %c0] : memref<8x8xf64>
    memref.store %v, %m[%i] : memref<8xf64>
    %b = arith.addf %a, %v : f64
    scf.yield %b : f64
  }
  %scaled = arith.mulf %total, %total : f64
  scf.for %i = %c0 to %c8 step %c1 {
    %s = memref.load %m[%i] : memref<8xf64>
    scf.for %j = %c0 to %c8 step %c1 {
      %t = arith.mulf %s, %scaled : f64
      memref.store %t, %y[%i, %j] : memref<8x8xf64>
    }
  }
  %r = memref.alloc() : memref<f64>
  memref.store %total, %r[] : memref<f64>
  func.return %r : memref<f64>
}
// CHECK-LABEL: @carried_between
// CHECK:         %total = scf.for
// CHECK:         scf.for %i_1

// -----

/// A value that the first loop leaves, needed only after both, is carried through the joined loop.
func.func @carried(%x: memref<8x8xf64>, %m: memref<8xf64>, %y: memref<8x8xf64>) -> memref<f64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f64
  %total = scf.for %i = %c0 to %c8 step %c1 iter_args(%a = %zero) -> (f64) {
    %v = memref.load %x[%i, %c0] : memref<8x8xf64>
    memref.store %v, %m[%i] : memref<8xf64>
    %b = arith.addf %a, %v : f64
    scf.yield %b : f64
  }
  scf.for %i = %c0 to %c8 step %c1 {
    %s = memref.load %m[%i] : memref<8xf64>
    scf.for %j = %c0 to %c8 step %c1 {
      memref.store %s, %y[%i, %j] : memref<8x8xf64>
    }
  }
  %r = memref.alloc() : memref<f64>
  memref.store %total, %r[] : memref<f64>
  func.return %r : memref<f64>
}
// CHECK-LABEL: @carried(
// CHECK:         %total = scf.for %i = %c0 to %c8 step %c1 iter_args(%a = %zero) -> (f64) {
// CHECK:           scf.for %j
// CHECK:           scf.yield %b : f64
// CHECK:         memref.store %total, %r[]

// -----

/// Flat loops are left to fusion of tensors, which knows how long a body may be.
func.func @flat(%x: memref<8xf64>, %y: memref<8xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %c8 step %c1 {
    %v = memref.load %x[%i] : memref<8xf64>
    memref.store %v, %y[%i] : memref<8xf64>
  }
  scf.for %i = %c0 to %c8 step %c1 {
    %v = memref.load %y[%i] : memref<8xf64>
    memref.store %v, %x[%i] : memref<8xf64>
  }
  func.return
}
// CHECK-LABEL: @flat
// CHECK:         scf.for %i =
// CHECK:         scf.for %i_1 =

// -----

/// Two flat loops: the first hands %t to the second.
func.func @handed_on(%n: index, %x: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = memref.alloc(%n) : memref<?xindex>
  scf.for %i = %c0 to %n step %c1 {
    memref.store %i, %t[%i] : memref<?xindex>
  }
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %t[%i] : memref<?xindex>
    %u = arith.index_cast %v : index to i64
    %w = arith.sitofp %u : i64 to f64
    memref.store %w, %x[%i] : memref<?xf64>
  }
  memref.dealloc %t : memref<?xindex>
  func.return
}
// CHECK-LABEL: @handed_on
// CHECK:         scf.for
// CHECK-NEXT:      memref.store
// CHECK-NEXT:      memref.load
// CHECK-NOT:     scf.for
// CHECK:         func.return

// -----

/// Two flat loops that have nothing but an argument in common stay two.
func.func @both_read(%n: index, %x: memref<?xf64>, %y: memref<?xf64>, %z: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %x[%i] : memref<?xf64>
    memref.store %v, %y[%i] : memref<?xf64>
  }
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %x[%i] : memref<?xf64>
    memref.store %v, %z[%i] : memref<?xf64>
  }
  func.return
}
// CHECK-LABEL: @both_read
// CHECK-COUNT-2: scf.for

// -----

/// Two parts of each row are written by one loop; the loop that reads both parts stays behind it.
func.func @parts(%x: memref<?xf64>, %y: memref<?x2xf64>, %z: memref<?x2xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf64>
  %a = memref.reinterpret_cast %y to offset: [0], sizes: [%n], strides: [2] : memref<?x2xf64> to memref<?xf64, strided<[2]>>
  %b = memref.reinterpret_cast %y to offset: [1], sizes: [%n], strides: [2] : memref<?x2xf64> to memref<?xf64, strided<[2], offset: 1>>
  %r = memref.reinterpret_cast %y to offset: [0], sizes: [%n], strides: [1] : memref<?x2xf64> to memref<?xf64, strided<[1]>>
  scf.for %i = %c0 to %n step %c1 {
    %f = memref.load %x[%i] : memref<?xf64>
    memref.store %f, %a[%i] : memref<?xf64, strided<[2]>>
  }
  scf.for %i = %c0 to %n step %c1 {
    %f = memref.load %x[%i] : memref<?xf64>
    %g = arith.negf %f : f64
    memref.store %g, %b[%i] : memref<?xf64, strided<[2], offset: 1>>
  }
  scf.for %i = %c0 to %n step %c1 {
    %f = memref.load %x[%i] : memref<?xf64>
    memref.store %f, %r[%i] : memref<?xf64, strided<[1]>>
  }
  func.return
}
// CHECK-LABEL: @parts
// CHECK:         scf.for
// CHECK:           memref.store
// CHECK:           memref.store
// CHECK:         scf.for
// CHECK:           memref.store
// CHECK-NOT:     scf.for
