// RUN: phintys-opt %s -p parallelize --split-input-file | filecheck %s
// RUN: phintys-opt %s -p parallelize,convert-loops-to-llvm --split-input-file | filecheck %s --check-prefix=LLVM

/// A map is cut into chunks whose size is known: elements cost the same.
func.func @map(%x: memref<?xf64>, %y: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.load %x[%i] : memref<?xf64>
    %b = arith.mulf %a, %a : f64
    memref.store %b, %y[%i] : memref<?xf64>
  }
  func.return
}
// CHECK-LABEL: func.func @map
// CHECK:       %[[N:.*]] = memref.dim
// CHECK:       %[[GRAIN:.*]] = arith.constant 21888 : index
// CHECK:       scf.for %[[C:.*]] = %{{.*}} to %[[N]] step %[[GRAIN]] {
// CHECK-NEXT:    %[[SUM:.*]] = arith.addi %[[C]], %[[GRAIN]] : index
// CHECK-NEXT:    %[[END:.*]] = arith.minsi %[[SUM]], %[[N]] : index
// CHECK-NEXT:    scf.for %{{.*}} = %[[C]] to %[[END]] step
// CHECK:       } {phi.parallel = 
/// The loop is a function of its bounds: called right away where there is little to do, else by the team.
// LLVM:        llvm.func @map(
// LLVM:        %[[F:.*]] = llvm.mlir.addressof @map.part0.call
// LLVM-NEXT:   llvm.call @phi_parallel(%[[F]],
// LLVM:        llvm.call @map.part0(
// LLVM:        llvm.func internal @map.part0({{.*}} !llvm.ptr {llvm.noalias}, {{.*}} !llvm.ptr {llvm.noalias}, {{.*}}) -> i32
// LLVM:        llvm.func internal @map.part0.call(

// -----

/// How many rows make a chunk depends on their length; a row that an iteration fills for itself is the chunk's.
func.func @rows(%x: memref<?x?xf64>, %y: memref<?x?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?x?xf64>
  %m = memref.dim %x, %c1 : memref<?x?xf64>
  %t = memref.alloc(%m) : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %m step %c1 {
      %a = memref.load %x[%i, %j] : memref<?x?xf64>
      memref.store %a, %t[%j] : memref<?xf64>
    }
    scf.for %j = %c0 to %m step %c1 {
      %a = memref.load %t[%j] : memref<?xf64>
      memref.store %a, %y[%i, %j] : memref<?x?xf64>
    }
  }
  memref.dealloc %t : memref<?xf64>
  func.return
}
// CHECK-LABEL: func.func @rows
// CHECK-NOT:   memref.alloc
// CHECK:       arith.divui
// CHECK:       scf.for
// CHECK:         memref.alloc
// CHECK:         memref.dealloc
// CHECK-NEXT:  } {phi.parallel = 2 : i64}

// -----

/// An iteration that reads what another one writes keeps its turn.
func.func @neighbours(%x: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf64>
  %last = arith.subi %n, %c1 : index
  scf.for %i = %c0 to %last step %c1 {
    %k = arith.addi %i, %c1 : index
    %a = memref.load %x[%k] : memref<?xf64>
    memref.store %a, %x[%i] : memref<?xf64>
  }
  func.return
}
// CHECK-LABEL: func.func @neighbours
// CHECK-NOT:   phi.parallel

// -----

/// A total that the loop says how to merge is computed in parts, which are merged in order.
func.func @total(%x: memref<?xf64>) -> memref<f64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %sum, %lost = scf.for %i = %c0 to %n step %c1 iter_args(%part = %zero, %error = %zero) -> (f64, f64) {
    %a = memref.load %x[%i] : memref<?xf64>
    %b = arith.addf %part, %a : f64
    scf.yield %b, %error : f64, f64
  } {phi.totals = ["sum add float64"]}
  %y = memref.alloc() : memref<f64>
  memref.store %sum, %y[] : memref<f64>
  func.return %y : memref<f64>
}
// CHECK-LABEL: func.func @total
// CHECK:       %[[COUNT:.*]], %[[SIZE:.*]] = scf.if
// CHECK:       %[[SUMS:.*]] = memref.alloc() : memref<128xf64>
// CHECK:       %[[ERRORS:.*]] = memref.alloc() : memref<128xf64>
// CHECK:       scf.for %[[K:.*]] = %{{.*}} to %[[COUNT]] step
// CHECK:         %[[SUM:.*]], %[[ERROR:.*]] = scf.for
// CHECK:         memref.store %[[SUM]], %[[SUMS]][%[[K]]]
// CHECK-NEXT:    memref.store %[[ERROR]], %[[ERRORS]][%[[K]]]
// CHECK-NEXT:  } {phi.parallel = 
// CHECK:       %[[TOTAL:.*]], %{{.*}} = scf.for %{{.*}} = %{{.*}} to %[[COUNT]] step
// CHECK-NEXT:    memref.load %[[SUMS]]
// CHECK-NEXT:    memref.load %[[ERRORS]]
// CHECK:       memref.store %[[TOTAL]], %{{.*}}[] : memref<f64>

// -----

/// A loop that says it carries something else than it does keeps its turn.
func.func @mislabelled(%x: memref<?xf64>, %y: memref<f64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%part = %zero) -> (f64) {
    %a = memref.load %x[%i] : memref<?xf64>
    %b = arith.addf %part, %a : f64
    scf.yield %b : f64
  } {phi.totals = ["sum add float64"]}
  %other = scf.for %i = %c0 to %n step %c1 iter_args(%part = %sum) -> (f64) {
    %a = memref.load %x[%i] : memref<?xf64>
    %b = arith.addf %part, %a : f64
    scf.yield %b : f64
  } {phi.totals = ["plain add int32"]}
  memref.store %other, %y[] : memref<f64>
  func.return
}
// CHECK-LABEL: func.func @mislabelled
// CHECK-NOT:   phi.parallel

// -----

/// Blocks of columns: what a loop counts from the block's beginning to its end is the block's own.
func.func @blocks(%x: memref<?x?xf64>, %y: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c512 = arith.constant 512 : index
  %rows = memref.dim %x, %c0 : memref<?x?xf64>
  %n = memref.dim %x, %c1 : memref<?x?xf64>
  scf.for %start = %c0 to %n step %c512 {
    %next = arith.addi %start, %c512 : index
    %end = arith.minsi %next, %n : index
    scf.for %i = %c0 to %rows step %c1 {
      scf.for %j = %start to %end step %c1 {
        %a = memref.load %x[%i, %j] : memref<?x?xf64>
        memref.store %a, %y[%j] : memref<?xf64>
      }
    }
  }
  func.return
}
// CHECK-LABEL: func.func @blocks
// CHECK:       scf.for
// CHECK:         scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c512 {
// CHECK:       } {phi.parallel = 

// -----

/// Where any size is right, a chunk is a block.
func.func @any_blocks(%x: memref<?x?xf64>, %y: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c512 = arith.constant 512 : index
  %rows = memref.dim %x, %c0 : memref<?x?xf64>
  %n = memref.dim %x, %c1 : memref<?x?xf64>
  scf.for %start = %c0 to %n step %c512 {
    %next = arith.addi %start, %c512 : index
    %end = arith.minsi %next, %n : index
    scf.for %i = %c0 to %rows step %c1 {
      scf.for %j = %start to %end step %c1 {
        %a = memref.load %x[%i, %j] : memref<?x?xf64>
        memref.store %a, %y[%j] : memref<?xf64>
      }
    }
  } {phi.any_blocks = 4096 : i64}
  func.return
}
// CHECK-LABEL: func.func @any_blocks
// CHECK:       scf.for %[[START:.*]] = %{{.*}} to %{{.*}} step %[[SIZE:.*]] {
// CHECK-NEXT:    %[[NEXT:.*]] = arith.addi %[[START]], %[[SIZE]]
// CHECK-NEXT:    %[[END:.*]] = arith.minsi %[[NEXT]]
// CHECK-NEXT:    scf.for
// CHECK-NEXT:      scf.for %{{.*}} = %[[START]] to %[[END]] step
// CHECK:       } {phi.parallel = 2 : i64, phi.any_blocks = 4096 : i64}

// -----

/// A size that is known stands nowhere but where blocks end: what lowers the loop may choose another.
func.func @known_block(%x: memref<?x?xf64>, %y: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c8192 = arith.constant 8192 : index
  %n = memref.dim %x, %c1 : memref<?x?xf64>
  scf.for %start = %c0 to %n step %c8192 {
    %next = arith.addi %start, %c8192 : index
    %end = arith.minsi %next, %n : index
    scf.for %i = %c0 to %c4 step %c1 {
      scf.for %j = %start to %end step %c1 {
        %a = memref.load %x[%i, %j] : memref<?x?xf64>
        memref.store %a, %y[%j] : memref<?xf64>
      }
    }
  } {phi.any_blocks = 16384 : i64}
  func.return
}
// CHECK-LABEL: func.func @known_block
// CHECK:       %[[SIZE:[0-9]+]] = arith.constant 8192 : index
// CHECK-NEXT:  scf.for %[[START:.*]] = %{{.*}} to %{{.*}} step %[[SIZE]] {
// CHECK-NEXT:    arith.addi %[[START]], %[[SIZE]]
// CHECK:       } {phi.parallel = {{.*}}, phi.any_blocks = 16384 : i64}

// -----

/// Rows of a part of a matrix, whose stride is the sum of its own columns and others; a sum with less than no columns is refused.
func.func @part(%x: memref<?x?xf64>, %y: memref<?xf64>) -> memref<?x?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %minus = arith.constant -3 : index
  %n = memref.dim %x, %c0 : memref<?x?xf64>
  %m = memref.dim %x, %c1 : memref<?x?xf64>
  %k = memref.dim %y, %c0 : memref<?xf64>
  %wide = arith.addi %m, %k : index
  %narrow = arith.addi %m, %minus : index
  %z = memref.alloc(%n, %wide) : memref<?x?xf64>
  %part = memref.reinterpret_cast %z to offset: [%k], sizes: [%n, %m], strides: [%wide, 1] : memref<?x?xf64> to memref<?x?xf64, strided<[?, 1], offset: ?>>
  %over = memref.reinterpret_cast %z to offset: [0], sizes: [%n, %m], strides: [%narrow, 1] : memref<?x?xf64> to memref<?x?xf64, strided<[?, 1]>>
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %m step %c1 {
      %a = memref.load %x[%i, %j] : memref<?x?xf64>
      memref.store %a, %part[%i, %j] : memref<?x?xf64, strided<[?, 1], offset: ?>>
    }
  }
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %m step %c1 {
      %a = memref.load %x[%i, %j] : memref<?x?xf64>
      memref.store %a, %over[%i, %j] : memref<?x?xf64, strided<[?, 1]>>
    }
  }
  func.return %z : memref<?x?xf64>
}
// CHECK-LABEL: func.func @part
// CHECK:       phi.parallel
// CHECK-NOT:   phi.parallel

// -----

/// A loop that goes on beyond the block touches what is another iteration's.
func.func @beyond(%x: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c512 = arith.constant 512 : index
  %c513 = arith.constant 513 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  scf.for %start = %c0 to %n step %c512 {
    %next = arith.addi %start, %c513 : index
    %end = arith.minsi %next, %n : index
    scf.for %j = %start to %end step %c1 {
      memref.store %zero, %x[%j] : memref<?xf64>
    }
  }
  func.return
}
// CHECK-LABEL: func.func @beyond
// CHECK-NOT:   phi.parallel

// -----

/// One that adds to a total without saying so, in a register or in memory, or stops the program, keeps its turn.
func.func @totals(%x: memref<?xf64>, %s: memref<1xf64>, %t: memref<1xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%part = %zero) -> (f64) {
    %a = memref.load %x[%i] : memref<?xf64>
    %b = arith.addf %part, %a : f64
    scf.yield %b : f64
  }
  memref.store %sum, %s[%c0] : memref<1xf64>
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.load %x[%i] : memref<?xf64>
    %old = memref.load %t[%c0] : memref<1xf64>
    %b = arith.addf %old, %a : f64
    memref.store %b, %t[%c0] : memref<1xf64>
  }
  scf.for %i = %c0 to %n step %c1 {
    %small = arith.cmpi slt, %i, %c1 : index
    rt.assert %small, "ValueError", "{0} is too much" (%i : index)
  }
  func.return
}
// CHECK-LABEL: func.func @totals
// CHECK-NOT:   phi.parallel

// -----

/// A temporary that is filled in some iterations only carries values from one to the next.
func.func @kept(%x: memref<?xf64>, %y: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf64>
  %t = memref.alloc() : memref<1xf64>
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.load %x[%i] : memref<?xf64>
    %first = arith.cmpi eq, %i, %c0 : index
    scf.if %first {
      memref.store %a, %t[%c0] : memref<1xf64>
    }
    %b = memref.load %t[%c0] : memref<1xf64>
    memref.store %b, %y[%i] : memref<?xf64>
  }
  memref.dealloc %t : memref<1xf64>
  func.return
}
// CHECK-LABEL: func.func @kept
// CHECK-NOT:   phi.parallel

// -----

/// Ten elements are not worth it.
func.func @few(%x: memref<10xf64>, %y: memref<10xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 10 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.load %x[%i] : memref<10xf64>
    memref.store %a, %y[%i] : memref<10xf64>
  }
  func.return
}
// CHECK-LABEL: func.func @few
// CHECK-NOT:   phi.parallel

// -----

/// Rows and columns of one buffer, and rows that overlap: iterations touch each other's data.
func.func @shared(%x: memref<?x?xf64>, %y: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %n = memref.dim %x, %c0 : memref<?x?xf64>
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %n step %c1 {
      %f = memref.load %x[%j, %i] : memref<?x?xf64>
      memref.store %f, %x[%i, %j] : memref<?x?xf64>
    }
  }
  %rows = memref.reinterpret_cast %y to offset: [0], sizes: [%n, 8], strides: [4, 1] : memref<?xf64> to memref<?x8xf64, strided<[4, 1]>>
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %c8 step %c1 {
      %f = memref.load %rows[%i, %j] : memref<?x8xf64, strided<[4, 1]>>
      %g = arith.addf %f, %f : f64
      memref.store %g, %rows[%i, %j] : memref<?x8xf64, strided<[4, 1]>>
    }
  }
  func.return
}
// CHECK-LABEL: @shared
// CHECK-NOT:     phi.parallel

// -----

/// Parts of a row side by side: no iteration touches another one's.
func.func @parts(%x: memref<?xf64>) -> memref<?x?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %u = memref.dim %x, %c0 : memref<?xf64>
  %w = arith.addi %u, %u : index
  %y = memref.alloc(%u, %w) : memref<?x?xf64>
  %left = memref.reinterpret_cast %y to offset: [0], sizes: [%u, %u], strides: [%w, 1] : memref<?x?xf64> to memref<?x?xf64, strided<[?, 1]>>
  %right = memref.reinterpret_cast %y to offset: [%u], sizes: [%u, %u], strides: [%w, 1] : memref<?x?xf64> to memref<?x?xf64, strided<[?, 1], offset: ?>>
  scf.for %i = %c0 to %u step %c1 {
    scf.for %j = %c0 to %u step %c1 {
      %f = memref.load %x[%j] : memref<?xf64>
      memref.store %f, %left[%i, %j] : memref<?x?xf64, strided<[?, 1]>>
      memref.store %f, %right[%i, %j] : memref<?x?xf64, strided<[?, 1], offset: ?>>
    }
  }
  func.return %y : memref<?x?xf64>
}
// CHECK-LABEL: @parts
// CHECK:         } {phi.parallel

// -----

/// The second part reaches into the next row's first.
func.func @parts_that_overlap(%x: memref<?xf64>) -> memref<?x4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %n = memref.dim %x, %c0 : memref<?xf64>
  %y = memref.alloc(%n) : memref<?x4xf64>
  %left = memref.reinterpret_cast %y to offset: [0], sizes: [%n, 2], strides: [4, 1] : memref<?x4xf64> to memref<?x2xf64, strided<[4, 1]>>
  %right = memref.reinterpret_cast %y to offset: [3], sizes: [%n, 2], strides: [4, 1] : memref<?x4xf64> to memref<?x2xf64, strided<[4, 1], offset: 3>>
  scf.for %i = %c0 to %n step %c1 {
    %f = memref.load %x[%i] : memref<?xf64>
    scf.for %j = %c0 to %c2 step %c1 {
      memref.store %f, %left[%i, %j] : memref<?x2xf64, strided<[4, 1]>>
      memref.store %f, %right[%i, %j] : memref<?x2xf64, strided<[4, 1], offset: 3>>
    }
  }
  func.return %y : memref<?x4xf64>
}
// CHECK-LABEL: @parts_that_overlap
// CHECK-NOT:     phi.parallel
