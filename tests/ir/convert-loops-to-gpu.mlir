// RUN: phintys-opt %s -p convert-loops-to-gpu --split-input-file | filecheck %s

/// Loops one in another, all independent: a thread an iteration. A number of the caller's is an argument.
func.func @scale(%x: memref<?x3xf64> {nd.name = "x"}, %a: memref<f64> {nd.name = "a"}) -> memref<?x3xf64> {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %3 = arith.constant 3 : index
  %n = memref.dim %x, %0 : memref<?x3xf64>
  %k = memref.load %a[] : memref<f64>
  %y = memref.alloc(%n) : memref<?x3xf64>
  scf.for %i = %0 to %n step %1 {
    scf.for %j = %0 to %3 step %1 {
      %v = memref.load %x[%i, %j] : memref<?x3xf64>
      %m = arith.mulf %v, %k : f64
      memref.store %m, %y[%i, %j] : memref<?x3xf64>
    }
  }
  func.return %y : memref<?x3xf64>
}
// CHECK-LABEL: func.func @scale
// CHECK:      %k = memref.load %a[] : memref<f64>
// CHECK:      %[[X:.*]] = rt.to_device %x : memref<?x3xf64>
// CHECK:      gpu.launch_func @kernels::@scale_0 blocks in
// CHECK-NEXT: %[[Y:.*]] = rt.to_host %y : memref<?x3xf64>
// CHECK-NEXT: memref.dealloc %y
// CHECK-NEXT: func.return %[[Y]]
// CHECK:      gpu.func @scale_0({{.*}}%k: f64{{.*}}phi.mapping = "elements"
// CHECK:      scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step
// CHECK-NEXT: %{{.*}} = arith.remui %[[I]]
// CHECK-NEXT: %{{.*}} = arith.divui %[[I]]
// CHECK:      memref.store
// CHECK:      gpu.return

// -----

/// A reduction of each row: parts of few long rows, a warp a short row, else a block, in as many threads as the row has use for.
func.func @rows(%x: memref<?x?xf32> {nd.name = "x"}) -> memref<?xf32> {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %low = arith.constant 0xFF800000 : f32
  %n = memref.dim %x, %0 : memref<?x?xf32>
  %m = memref.dim %x, %1 : memref<?x?xf32>
  %y = memref.alloc(%n) : memref<?xf32>
  scf.for %i = %0 to %n step %1 {
    %s = scf.for %j = %0 to %m step %1 iter_args(%a = %low) -> (f32) {
      %v = memref.load %x[%i, %j] : memref<?x?xf32>
      %b = arith.maximumf %a, %v : f32
      scf.yield %b : f32
    }
    memref.store %s, %y[%i] : memref<?xf32>
  }
  func.return %y : memref<?xf32>
}
// CHECK-LABEL: func.func @rows
// CHECK:      scf.if
// CHECK:      gpu.launch_func @kernels::@rows_0
// CHECK:      gpu.launch_func @kernels::@rows_1
// CHECK:      scf.if
// CHECK:      gpu.launch_func @kernels::@rows_2
// CHECK:      gpu.launch_func @kernels::@rows_3
// CHECK:      gpu.func @rows_2({{.*}}phi.mapping = "rows"
// CHECK-NOT:  gpu.barrier
// CHECK:      gpu.func @rows_3({{.*}}phi.mapping = "rows"
// CHECK:      memref.alloca() : memref<32xf32, #gpu.address_space<workgroup>>
// CHECK:      scf.for
// CHECK:      scf.for
// CHECK:      arith.maximumf
// CHECK:      gpu.shuffle xor
// CHECK:      gpu.barrier
// CHECK:      gpu.shuffle xor
// CHECK:      scf.if
// CHECK-NEXT: memref.store %{{.*}} : memref<?xf32>

// -----

/// A reduction of each column: neighbouring threads are of neighbouring columns, and each column is taken apart.
func.func @columns(%x: memref<?x?xf32> {nd.name = "x"}) -> memref<?xf32> {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %x, %0 : memref<?x?xf32>
  %m = memref.dim %x, %1 : memref<?x?xf32>
  %y = memref.alloc(%m) : memref<?xf32>
  scf.for %j = %0 to %m step %1 {
    %s = scf.for %i = %0 to %n step %1 iter_args(%a = %zero) -> (f32) {
      %v = memref.load %x[%i, %j] : memref<?x?xf32>
      %b = arith.addf %a, %v : f32
      scf.yield %b : f32
    }
    memref.store %s, %y[%j] : memref<?xf32>
  }
  func.return %y : memref<?xf32>
}
// CHECK-LABEL: func.func @columns
// CHECK:      gpu.func @columns_0({{.*}}phi.mapping = "columns"
// CHECK:      scf.for
// CHECK:      scf.for
// CHECK:      vector.load %{{.*}} : memref<?x?xf32>, vector<4xf32>
// CHECK:      scf.for
// CHECK-NOT:  gpu.shuffle
// CHECK:      gpu.func @columns_1({{.*}}phi.mapping = "columns"
// CHECK:      gpu.shuffle
// CHECK:      gpu.func @columns_2({{.*}}phi.mapping = "columns"
// CHECK-NOT:  gpu.shuffle
// CHECK:      gpu.return

// -----

/// Totals: the parts of the blocks, then one block. What follows from a total is computed where it is needed, on the device.
func.func @total(%x: memref<?xf64> {nd.name = "x"}) -> (memref<f64>, memref<?xf64>) {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %0 : memref<?xf64>
  %s = scf.for %i = %0 to %n step %1 iter_args(%a = %zero) -> (f64) {
    %v = memref.load %x[%i] : memref<?xf64>
    %b = arith.addf %a, %v : f64
    scf.yield %b : f64
  }
  %q = math.sqrt %s : f64
  %y = memref.alloc(%n) : memref<?xf64>
  scf.for %i = %0 to %n step %1 {
    %v = memref.load %x[%i] : memref<?xf64>
    %b = arith.divf %v, %q : f64
    memref.store %b, %y[%i] : memref<?xf64>
  }
  %t = memref.alloc() : memref<f64>
  memref.store %q, %t[] : memref<f64>
  func.return %t, %y : memref<f64>, memref<?xf64>
}
// CHECK-LABEL: func.func @total
// CHECK-NOT:  math.sqrt
// CHECK:      gpu.launch_func @kernels::@total_0
// CHECK:      gpu.launch_func @kernels::@total_1 blocks in (%[[ONE:.*]], %[[ONE]], %[[ONE]])
// CHECK:      gpu.launch_func @kernels::@total_2
// CHECK:      gpu.launch_func @kernels::@total_3
// CHECK:      func.return
// CHECK:      gpu.func @total_0({{.*}}phi.mapping = "totals"
// CHECK:      gpu.func @total_1({{.*}}phi.mapping = "totals"
// CHECK:      gpu.func @total_2({{.*}}phi.mapping = "elements"
// CHECK:      math.sqrt
// CHECK:      gpu.func @total_3({{.*}}phi.mapping = "scalars"
// CHECK:      math.sqrt

// -----

/// Iterations that need their order: one thread.
func.func @ordered(%x: memref<?xf64> {nd.name = "x"}) -> memref<?xf64> {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %0 : memref<?xf64>
  %y = memref.alloc(%n) : memref<?xf64>
  %s = scf.for %i = %0 to %n step %1 iter_args(%a = %zero) -> (f64) {
    %v = memref.load %x[%i] : memref<?xf64>
    %b = arith.subf %v, %a : f64
    memref.store %b, %y[%i] : memref<?xf64>
    scf.yield %b : f64
  }
  func.return %y : memref<?xf64>
}
// CHECK-LABEL: func.func @ordered
// CHECK:      gpu.func @ordered_0({{.*}}phi.mapping = "one thread"

// -----

/// Each step reads the total so far: no reduction, although additions could be done in any order.
func.func @before(%x: memref<?xf64> {nd.name = "x"}) -> memref<?xf64> {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %0 : memref<?xf64>
  %y = memref.alloc(%n) : memref<?xf64>
  %s = scf.for %i = %0 to %n step %1 iter_args(%a = %zero) -> (f64) {
    %v = memref.load %x[%i] : memref<?xf64>
    memref.store %a, %y[%i] : memref<?xf64>
    %b = arith.addf %a, %v : f64
    scf.yield %b : f64
  }
  func.return %y : memref<?xf64>
}
// CHECK-LABEL: func.func @before
// CHECK:      gpu.func @before_0({{.*}}phi.mapping = "scan"

// -----

/// A check of numbers that only the device has comes before a state is written.
func.func @checked(%w: memref<?xf64> {nd.name = "w", nd.state}, %x: memref<?xf64> {nd.name = "x"}, %at: memref<?xi64> {nd.name = "at"}) -> (memref<?xf64> {nd.update = 0 : i64}, memref<?xf64>) {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %n = memref.dim %x, %0 : memref<?xf64>
  %k = memref.dim %at, %0 : memref<?xi64>
  %m = memref.dim %w, %0 : memref<?xf64>
  %y = memref.alloc(%k) : memref<?xf64>
  scf.for %i = %0 to %k step %1 {
    %p = memref.load %at[%i] : memref<?xi64>
    %q = arith.index_cast %p : i64 to index
    %in = arith.cmpi ult, %q, %n : index
    rt.assert %in, "IndexError", "index {0}" (%q : index)
    %v = memref.load %x[%q] : memref<?xf64>
    memref.store %v, %y[%i] : memref<?xf64>
  }
  scf.for %i = %0 to %m step %1 {
    %v = memref.load %w[%i] : memref<?xf64>
    %d = arith.addf %v, %v : f64
    memref.store %d, %w[%i] : memref<?xf64>
  }
  func.return %w, %y : memref<?xf64>, memref<?xf64>
}
// CHECK-LABEL: func.func @checked
// CHECK:      rt.assert {{.*}} "index {0}"
// CHECK:      gpu.launch_func @kernels::@checked_3 {{.*}}%w : memref<?xf64>)
// CHECK:      rt.to_host %y

// -----

/// Threads of a block read what others have written: they wait, and once more before the next row is written. Of few long rows,
/// several blocks do parts of each loop: then the second loop is another kernel, and the rows' temporaries are in one buffer.
func.func @turned(%x: memref<?x?xf64> {nd.name = "x"}) -> memref<?x?xf64> {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %n = memref.dim %x, %0 : memref<?x?xf64>
  %m = memref.dim %x, %1 : memref<?x?xf64>
  %last = arith.subi %m, %1 : index
  %row = memref.alloc(%m) : memref<?xf64>
  %y = memref.alloc(%n, %m) : memref<?x?xf64>
  scf.for %i = %0 to %n step %1 {
    scf.for %j = %0 to %m step %1 {
      %v = memref.load %x[%i, %j] : memref<?x?xf64>
      %e = math.absf %v : f64
      memref.store %e, %row[%j] : memref<?xf64>
    }
    scf.for %j = %0 to %m step %1 {
      %k = arith.subi %last, %j : index
      %e = memref.load %row[%k] : memref<?xf64>
      memref.store %e, %y[%i, %j] : memref<?x?xf64>
    }
  }
  memref.dealloc %row : memref<?xf64>
  func.return %y : memref<?x?xf64>
}
// CHECK-LABEL: func.func @turned
// CHECK:      scf.if
// CHECK:        %[[ALL:.*]] = memref.alloc(%n, %m) : memref<?x?xf64>
// CHECK:        gpu.launch_func @kernels::@turned_0 {{.*}}%[[ALL]] : memref<?x?xf64>
// CHECK:        gpu.launch_func @kernels::@turned_1 {{.*}}%[[ALL]] : memref<?x?xf64>
// CHECK-NEXT:   memref.dealloc %[[ALL]]
// CHECK-LABEL: gpu.func @turned_0
// CHECK:      memref.store {{.*}}strided
// CHECK:      gpu.return
// CHECK-LABEL: gpu.func @turned_3
// CHECK:      memref.store {{.*}}workgroup
// CHECK:      gpu.barrier
// CHECK:      memref.store {{.*}}%y[
// CHECK:      gpu.barrier
// CHECK-LABEL: gpu.func @turned_4

// -----

/// A row is read that another step writes: one thread.
func.func @mirrored(%x: memref<?xf64> {nd.name = "x", nd.state}) -> (memref<?xf64> {nd.update = 0 : i64}) {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %n = memref.dim %x, %0 : memref<?xf64>
  %last = arith.subi %n, %1 : index
  %back = memref.reinterpret_cast %x to offset: [%last], sizes: [%n], strides: [-1] : memref<?xf64> to memref<?xf64, strided<[-1], offset: ?>>
  scf.for %i = %0 to %n step %1 {
    %v = memref.load %back[%i] : memref<?xf64, strided<[-1], offset: ?>>
    %w = arith.addf %v, %v : f64
    memref.store %w, %x[%i] : memref<?xf64>
  }
  func.return %x : memref<?xf64>
}
// CHECK-LABEL: func.func @mirrored
// CHECK:      gpu.func @mirrored_0({{.*}}phi.mapping = "one thread"

// -----

/// A check on data: a flag of the device's, which the host looks at before it gives results.
func.func @take(%x: memref<?xf64> {nd.name = "x"}, %at: memref<?xi64> {nd.name = "at"}) -> memref<?xf64> {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %n = memref.dim %x, %0 : memref<?xf64>
  %m = memref.dim %at, %0 : memref<?xi64>
  %y = memref.alloc(%m) : memref<?xf64>
  scf.for %i = %0 to %m step %1 {
    %k = memref.load %at[%i] : memref<?xi64>
    %p = arith.index_cast %k : i64 to index
    %ok = arith.cmpi ult, %p, %n : index
    rt.assert %ok, "IndexError", "index {0} of {1}" (%p, %n : index, index)
    %v = memref.load %x[%p] : memref<?xf64>
    memref.store %v, %y[%i] : memref<?xf64>
  }
  func.return %y : memref<?xf64>
}
// CHECK-LABEL: func.func @take
// CHECK:      %[[RECORD:.*]] = memref.alloc() : memref<10xi64>
// CHECK:      gpu.launch_func @kernels::@take_1 {{.*}}%[[RECORD]] : memref<10xi64>)
// CHECK:      rt.to_host %[[RECORD]]
// CHECK:      scf.if
// CHECK:      gpu.launch_func @kernels::@take_2
// CHECK:      rt.assert %{{.*}}, "IndexError", "index {0} of {1}"
// CHECK:      gpu.func @take_1({{.*}}phi.mapping = "elements"
// CHECK:      arith.cmpi ult
// CHECK-NEXT: scf.if
// CHECK:      memref.store
// CHECK:      } else {
// CHECK-NEXT: memref.store
// CHECK:      gpu.func @take_2({{.*}}phi.mapping = "explanation"

// -----

/// States are on the device and stay there; the new value of one is not moved.
func.func @step(%w: memref<4xf64> {nd.name = "w", nd.state}) -> (memref<4xf64> {nd.update = 0 : i64}) {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %4 = arith.constant 4 : index
  scf.for %i = %0 to %4 step %1 {
    %v = memref.load %w[%i] : memref<4xf64>
    %b = arith.addf %v, %v : f64
    memref.store %b, %w[%i] : memref<4xf64>
  }
  func.return %w : memref<4xf64>
}
// CHECK-LABEL: func.func @step
// CHECK-NOT:  rt.to_
// CHECK:      func.return %w

// -----

/// Places that may come twice: the first iteration that has a place does the work of all that have it, in order.
func.func @scatter(%t: memref<?xf64> {nd.name = "t", nd.state}, %at: memref<?xi64> {nd.name = "at"}, %x: memref<?xf64> {nd.name = "x"}) -> (memref<?xf64> {nd.update = 0 : i64}) {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %m = memref.dim %at, %0 : memref<?xi64>
  scf.for %i = %0 to %m step %1 {
    %k = memref.load %at[%i] : memref<?xi64>
    %p = arith.index_cast %k : i64 to index
    %v = memref.load %x[%i] : memref<?xf64>
    %o = memref.load %t[%p] : memref<?xf64>
    %s = arith.addf %o, %v : f64
    memref.store %s, %t[%p] : memref<?xf64>
  }
  func.return %t : memref<?xf64>
}
// CHECK-LABEL: func.func @scatter
// CHECK:      gpu.func @scatter_0({{.*}}phi.mapping = "scatter"
// CHECK:      scf.for %[[ME:[0-9a-z_]+]] = %{{.*}} to
// CHECK:      %{{.*}} = scf.for %{{.*}} = %{{.*}} to %[[ME]] step %{{.*}} iter_args
// CHECK:      scf.for %{{[0-9a-z_]+}} = %[[ME]] to
// CHECK:      arith.cmpi eq
// CHECK-NEXT: scf.if
// CHECK:      memref.store

// -----

/// Neighbours together where buffers are at multiples of 16 bytes, the rest one by one.
func.func @twice(%x: memref<?xf32> {nd.name = "x"}) -> memref<?xf32> {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %n = memref.dim %x, %0 : memref<?xf32>
  %y = memref.alloc(%n) : memref<?xf32>
  scf.for %i = %0 to %n step %1 {
    %v = memref.load %x[%i] : memref<?xf32>
    %s = arith.addf %v, %v : f32
    memref.store %s, %y[%i] : memref<?xf32>
  }
  func.return %y : memref<?xf32>
}
// CHECK-LABEL: gpu.func @twice_0
// CHECK-DAG:  %[[A:.*]] = "memref.extract_aligned_pointer_as_index"(%{{.*}}) : (memref<?xf32>) -> index
// CHECK-DAG:  %[[B:.*]] = "memref.extract_aligned_pointer_as_index"(%{{.*}}) : (memref<?xf32>) -> index
// CHECK:      %[[CHUNKS:.*]] = arith.select
// CHECK:      scf.for %{{.*}} = %{{.*}} to %[[CHUNKS]] step
// CHECK:      %[[V:.*]] = vector.load %{{.*}} : memref<?xf32>, vector<4xf32>
// CHECK:      vector.extract %[[V]][3] : f32 from vector<4xf32>
// CHECK:      vector.store %{{.*}} : memref<?xf32>, vector<4xf32>
// CHECK:      arith.muli %[[CHUNKS]]
// CHECK:      scf.for
// CHECK-NEXT: memref.load

// -----

/// What is read across its rows goes through a tile that the block shares.
func.func @transpose(%x: memref<?x?xf32> {nd.name = "x"}) -> memref<?x?xf32> {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %n = memref.dim %x, %0 : memref<?x?xf32>
  %m = memref.dim %x, %1 : memref<?x?xf32>
  %y = memref.alloc(%m, %n) : memref<?x?xf32>
  scf.for %i = %0 to %m step %1 {
    scf.for %j = %0 to %n step %1 {
      %v = memref.load %x[%j, %i] : memref<?x?xf32>
      memref.store %v, %y[%i, %j] : memref<?x?xf32>
    }
  }
  func.return %y : memref<?x?xf32>
}
// CHECK-LABEL: gpu.func @transpose_0
// CHECK-SAME: phi.mapping = "tiles"
// CHECK:      %[[T:.*]] = memref.alloca() : memref<1056xf32, #gpu.address_space<workgroup>>
// CHECK:      scf.for
// CHECK:      memref.load %{{.*}} : memref<?x?xf32>
// CHECK:      memref.store %{{.*}}, %[[T]]
// CHECK:      gpu.barrier
// CHECK:      scf.if
// CHECK-NEXT: memref.load %[[T]]
// CHECK:      gpu.barrier

// -----

/// A running product: pieces are reduced, their totals gone over, then each piece from where it begins.
func.func @running(%x: memref<5000xf32> {nd.name = "x"}) -> memref<5000xf32> {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %n = arith.constant 5000 : index
  %one = arith.constant 1.0 : f32
  %y = memref.alloc() : memref<5000xf32>
  %t = scf.for %i = %0 to %n step %1 iter_args(%a = %one) -> (f32) {
    %v = memref.load %x[%i] : memref<5000xf32>
    %b = arith.mulf %a, %v : f32
    memref.store %b, %y[%i] : memref<5000xf32>
    scf.yield %b : f32
  }
  func.return %y : memref<5000xf32>
}
// CHECK-LABEL: gpu.func @running_0
// CHECK-SAME: phi.mapping = "scan"
// CHECK:      gpu.shuffle xor
// CHECK-LABEL: gpu.func @running_1
// CHECK:      gpu.shuffle up
// CHECK-LABEL: gpu.func @running_2
// CHECK:      gpu.shuffle up
// CHECK:      gpu.barrier
// CHECK:      scf.if
// CHECK-NEXT: memref.store %{{.*}} : memref<5000xf32>

// -----

/// Two stores of an iteration may write what another iteration writes: in order.
func.func @meeting(%x: memref<5000xf64> {nd.name = "x"}) -> memref<5001xf64> {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %n = arith.constant 5000 : index
  %zero = arith.constant 0.0 : f64
  %y = memref.alloc() : memref<5001xf64>
  %z = memref.reinterpret_cast %y to offset: [1], sizes: [5000], strides: [1] : memref<5001xf64> to memref<5000xf64, strided<[1], offset: 1>>
  %t = scf.for %i = %0 to %n step %1 iter_args(%a = %zero) -> (f64) {
    %v = memref.load %x[%i] : memref<5000xf64>
    %b = arith.addf %a, %v : f64
    memref.store %b, %y[%i] : memref<5001xf64>
    memref.store %v, %z[%i] : memref<5000xf64, strided<[1], offset: 1>>
    scf.yield %b : f64
  }
  func.return %y : memref<5001xf64>
}
// CHECK-LABEL: gpu.func @meeting_0
// CHECK-SAME: phi.mapping = "one thread"
