// RUN: phintys-opt %s -p convert-loops-to-llvm --split-input-file | filecheck %s

/// A function of memrefs becomes the body of a native entry: context, pointers, dynamic sizes; a status is returned.
func.func @double(%x: memref<?xf64> {nd.name = "x"}) -> memref<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf64>
  %y = memref.alloc(%n) : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.load %x[%i] : memref<?xf64>
    %b = arith.addf %a, %a : f64
    memref.store %b, %y[%i] : memref<?xf64>
  }
  func.return %y : memref<?xf64>
}
// CHECK-LABEL: llvm.func @double
// CHECK-SAME:      %x: !llvm.ptr {llvm.noalias}, [[n:%.+]]: i64) -> i32
// CHECK-SAME:      phi.arguments = ["input f64[?] x"], phi.results = ["output f64[?]"]
// CHECK:         [[y:%.+]] = llvm.call @phi_output(
// CHECK:         llvm.cond_br
// CHECK:       ^[[header:bb[0-9]+]]([[i:%.+]]: i64):
// CHECK-NEXT:    [[more:%.+]] = llvm.icmp "slt" [[i]], [[n]]
// CHECK:         llvm.getelementptr inbounds %x[[[i]]]
// CHECK:         llvm.fadd
// CHECK:         llvm.getelementptr inbounds [[y]][[[i]]]
// CHECK:         llvm.br ^[[header]]

// -----

/// A temporary of unknown size comes from the heap; running out of memory is status -1. While it lives, a slot of the frame has
/// its address: what fails frees what is in the slots, in a block that all exits share.
func.func @temporary(%x: memref<?xf64> {nd.name = "x"}, %ok: memref<i1> {nd.name = "ok"}) -> memref<f64> {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xf64>
  %t = memref.alloc(%n) : memref<?xf64>
  %fine = memref.load %ok[] : memref<i1>
  rt.assert %fine, "ValueError", "size {0}" (%n : index)
  memref.dealloc %t : memref<?xf64>
  %r = memref.alloc() : memref<f64>
  func.return %r : memref<f64>
}
// CHECK-LABEL: llvm.func @temporary
// CHECK-SAME:      phi.checks = ["ValueError|{{.*}}|size {0}"]
// CHECK:         [[slots:%.+]] = llvm.alloca {{%.+}} x !llvm.ptr
// CHECK:         llvm.call_intrinsic "llvm.memset.p0.i64"([[slots]],
// CHECK:         [[t:%.+]] = llvm.call @phi_alloc_near(
// CHECK:         llvm.cond_br {{%.+}}, ^[[got:bb[0-9]+]], ^[[none:bb[0-9]+]]
// CHECK-NEXT:  ^[[none]]:
// CHECK-NEXT:    llvm.br ^[[leave:bb[0-9]+]]({{%.+}} : i32)
// CHECK-NEXT:  ^[[got]]:
// CHECK-NEXT:    llvm.store [[t]], [[slots]]
// CHECK:         llvm.cond_br {{%.+}}, ^[[fine:bb[0-9]+]], ^[[failed:bb[0-9]+]]
// CHECK-NEXT:  ^[[leave]]([[status:%.+]]: i32):
// CHECK-NEXT:    llvm.call @phi_free_all([[slots]],
// CHECK-NEXT:    llvm.return [[status]] : i32
// CHECK-NEXT:  ^[[failed]]:
// CHECK-NEXT:    llvm.store
// CHECK-NEXT:    llvm.br ^[[leave]]({{%.+}} : i32)
// CHECK-NEXT:  ^[[fine]]:
// CHECK-NEXT:    llvm.store {{%.+}}, [[slots]]
// CHECK-NEXT:    llvm.call @phi_free([[t]])

// -----

/// A state that is returned itself has been written in place.
func.func @state(%s: memref<i64> {nd.name = "s", nd.state}) -> (memref<i64> {nd.update = 0 : i64}) {
  %a = memref.load %s[] : memref<i64>
  %b = arith.addi %a, %a : i64
  memref.store %b, %s[] : memref<i64>
  func.return %s : memref<i64>
}
// CHECK-LABEL: llvm.func @state
// CHECK-SAME:      phi.arguments = ["state i64[] s"], phi.results = ["inplace 0"]
// CHECK:         llvm.store {{.*}}, %s

// -----

/// A scalar function keeps its signature.
func.func private @square(%x: f64) -> f64 {
  %y = arith.mulf %x, %x : f64
  func.return %y : f64
}
// CHECK-LABEL: llvm.func internal @square({{%.+}}: f64) -> f64
// CHECK-NEXT:    [[y:%.+]] = llvm.fmul
// CHECK-NEXT:    llvm.return [[y]]

// -----

/// Equal elements of a constant may be written as one.
"memref.global"() <{sym_name = "c", type = memref<3xi1>, initial_value = dense<true> : tensor<3xi1>, sym_visibility = "private", constant}> : () -> ()
func.func @constant(%i: memref<i64> {nd.name = "i"}) -> memref<i1> {
  %c0 = arith.constant 0 : index
  %k = memref.get_global @c : memref<3xi1>
  %a = memref.load %k[%c0] : memref<3xi1>
  %y = memref.alloc() : memref<i1>
  memref.store %a, %y[] : memref<i1>
  func.return %y : memref<i1>
}
// CHECK-LABEL: llvm.mlir.global internal constant @c(dense<1> : tensor<3xi8>)
// CHECK:       llvm.func @constant

// -----

/// Positions keep their sign when they become wider.
func.func @signed(%i: memref<i32> {nd.name = "i"}, %x: memref<?xf64> {nd.name = "x"}) -> memref<f64> {
  %c0 = arith.constant 0 : index
  %k = memref.load %i[] : memref<i32>
  %p = arith.index_cast %k : i32 to index
  %n = memref.dim %x, %c0 : memref<?xf64>
  %at = arith.addi %p, %n : index
  %a = memref.load %x[%at] : memref<?xf64>
  %y = memref.alloc() : memref<f64>
  memref.store %a, %y[] : memref<f64>
  func.return %y : memref<f64>
}
// CHECK-LABEL: llvm.func @signed
// CHECK:       llvm.sext %{{.*}} : i32 to i64

// -----

/// A loop marked for it asks for its operand two pages ahead, in blocks of 256 elements of an array of more than a megabyte.
func.func @largest(%x: memref<?xf64> {nd.name = "x"}) -> memref<f64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %low = arith.constant -1.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %r = memref.alloc() : memref<f64>
  %best = scf.for %i = %c0 to %n step %c1 iter_args(%b = %low) -> (f64) {
    %a = memref.load %x[%i] : memref<?xf64>
    %m = arith.maximumf %b, %a : f64
    scf.yield %m : f64
  } {phi.ahead}
  memref.store %best, %r[] : memref<f64>
  func.return %r : memref<f64>
}
// CHECK-LABEL: llvm.func @largest
// CHECK-DAG:     [[megabyte:%.+]] = llvm.mlir.constant(1048576
// CHECK-DAG:     [[back:%.+]] = llvm.mlir.constant(-256
// CHECK-DAG:     [[block:%.+]] = llvm.mlir.constant(256)
// CHECK-DAG:     [[pages:%.+]] = llvm.mlir.constant(8192
// CHECK:         [[most:%.+]] = llvm.call_intrinsic "llvm.smax.i64"([[megabyte]],
// CHECK:         [[large:%.+]] = llvm.icmp "ne" [[most]], [[megabyte]]
// CHECK:         [[last:%.+]] = llvm.add {{.*}}, [[back]]
// CHECK:         [[limit:%.+]] = llvm.select [[large]], [[last]],
// CHECK:       ^[[blocks:bb[0-9]+]]([[begin:%.+]]: i64, [[best:%.+]]: f64):
// CHECK-NEXT:    llvm.icmp "sle" [[begin]], [[limit]]
// CHECK-NEXT:    llvm.cond_br {{%.+}}, ^{{bb[0-9]+}}, ^[[rest:bb[0-9]+]]
// CHECK:         [[here:%.+]] = llvm.getelementptr inbounds %x[[[begin]]]
// CHECK:         llvm.call_intrinsic "llvm.prefetch.p0"(
// CHECK:         [[end:%.+]] = llvm.add [[begin]], [[block]]
// CHECK:       ^[[inner:bb[0-9]+]]([[i:%[0-9]+]]: i64,
// CHECK-NEXT:    llvm.icmp "slt" [[i]], [[end]]
// CHECK:         llvm.br ^[[inner]]({{.*}}) {phi.loop = "nounroll"}
// CHECK:         llvm.br ^[[blocks]]([[end]],
// CHECK:       ^[[rest]]:
// CHECK-NEXT:    llvm.br ^{{bb[0-9]+}}([[begin]], [[best]] : i64, f64)

// -----

/// Totals of columns, two rows at a time: a block asks for what the next two rows have in its place.
func.func @columns(%x: memref<?x?xf64> {nd.name = "x"}, %y: memref<?xf64> {nd.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %n = memref.dim %x, %c0 : memref<?x?xf64>
  %m = memref.dim %x, %c1 : memref<?x?xf64>
  scf.for %i = %c0 to %n step %c2 {
    %k = arith.addi %i, %c1 : index
    scf.for %j = %c0 to %m step %c1 {
      %t = memref.load %y[%j] : memref<?xf64>
      %a = memref.load %x[%i, %j] : memref<?x?xf64>
      %b = memref.load %x[%k, %j] : memref<?x?xf64>
      %u = arith.maximumf %t, %a : f64
      %v = arith.maximumf %u, %b : f64
      memref.store %v, %y[%j] : memref<?xf64>
    } {phi.ahead_rows}
  }
  func.return
}
// CHECK-LABEL: llvm.func @columns
// CHECK-DAG:     [[two:%.+]] = llvm.mlir.constant(2)
// CHECK-DAG:     [[least:%.+]] = llvm.mlir.constant(4194304)
// CHECK-DAG:     [[line:%.+]] = llvm.mlir.constant(64)
// CHECK-DAG:     [[eight:%.+]] = llvm.mlir.constant(8)
// CHECK:         [[ahead:%.+]] = llvm.mul {{.*}}, [[two]]
// CHECK:         [[large:%.+]] = llvm.icmp "ne" {{.*}}, [[least]]
// CHECK:         [[size:%.+]] = llvm.select [[large]], [[eight]],
// CHECK:       ^[[blocks:bb[0-9]+]]([[begin:%.+]]: i64):
// CHECK:         [[distance:%.+]] = llvm.mul [[ahead]], [[eight]]
// CHECK-NEXT:    llvm.getelementptr {{%.+}}[[[distance]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK:         [[bytes:%.+]] = llvm.select [[large]], [[line]],
// CHECK:         llvm.icmp "slt" {{.*}}, [[bytes]]
// CHECK-COUNT-2: llvm.call_intrinsic "llvm.prefetch.p0"(
// CHECK-NOT:     llvm.prefetch
// CHECK:         [[next:%.+]] = llvm.add [[begin]], [[size]]
// CHECK:         [[end:%.+]] = llvm.call_intrinsic "llvm.smin.i64"([[next]],
// CHECK:         llvm.icmp "slt" {{.*}}, [[end]]
// CHECK:         llvm.br ^[[blocks]]([[end]]

// -----

/// Blocks of any size: a function that is called for more than one of them takes those that are best for one thread.
func.func @wider(%x: memref<?xf64>, %y: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %size = memref.dim %y, %c0 : memref<?xf64>
  %n = memref.dim %x, %c0 : memref<?xf64>
  scf.for %start = %c0 to %n step %size {
    %next = arith.addi %start, %size : index
    %end = arith.minsi %next, %n : index
    scf.for %k = %c0 to %c1 step %c1 {
      scf.for %i = %start to %end step %c1 {
        %a = memref.load %x[%i] : memref<?xf64>
        %b = arith.addf %a, %a : f64
        memref.store %b, %x[%i] : memref<?xf64>
      }
    }
  } {phi.parallel = 2 : i64, phi.any_blocks = 4096 : i64}
  func.return
}
// CHECK-LABEL: llvm.func internal @wider.part0(
// CHECK-SAME:    [[size:%.+]]: i64, {{%.+}}: i64, {{%.+}}: !llvm.ptr {llvm.noalias}, [[first:%.+]]: i64, [[last:%.+]]: i64)
// CHECK-DAG:     [[best:%.+]] = llvm.mlir.constant(4096)
// CHECK:         [[span:%.+]] = llvm.sub [[last]], [[first]]
// CHECK-NEXT:    [[several:%.+]] = llvm.icmp "sgt" [[span]], [[size]]
// CHECK-NEXT:    [[wide:%.+]] = llvm.call_intrinsic "llvm.smax.i64"([[size]], [[best]])
// CHECK-NEXT:    [[step:%.+]] = llvm.select [[several]], [[wide]], [[size]]
// CHECK:         llvm.add {{%.+}}, [[step]]

// -----

/// In a function with loops for threads, other loops become kernels as well: equal ones one, what they carry in memory; a loop that
/// may stop the program stays.
func.func @kernels(%x: memref<?xf64>, %y: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %m = memref.dim %y, %c0 : memref<?xf64>
  scf.for %i = %c0 to %n step %c8 {
  } {phi.parallel = 12 : i64}
  %s = scf.for %i = %c0 to %n step %c1 iter_args(%t = %zero) -> (f64) {
    %a = memref.load %x[%i] : memref<?xf64>
    %b = arith.addf %t, %a : f64
    scf.yield %b : f64
  }
  %u = scf.for %i = %c0 to %m step %c1 iter_args(%t = %zero) -> (f64) {
    %a = memref.load %y[%i] : memref<?xf64>
    %b = arith.addf %t, %a : f64
    scf.yield %b : f64
  }
  scf.for %i = %c0 to %m step %c1 {
    %a = memref.load %y[%i] : memref<?xf64>
    %fine = arith.cmpf olt, %s, %u : f64
    rt.assert %fine, "ValueError", "too large"
  }
  func.return
}
// CHECK-LABEL: llvm.func @kernels(
// CHECK-NOT:     llvm.fadd
// CHECK:         llvm.call @kernels.part1(%x, {{%[0-9]+}}, [[out:%[0-9]+]], {{%[0-9]+}}, {{%[0-9]+}}) : (!llvm.ptr, i64, !llvm.ptr, i64, i64) -> i32
// CHECK-NEXT:    [[s:%.+]] = llvm.load [[out]] : !llvm.ptr -> f64
// CHECK-NEXT:    llvm.call @kernels.part1(%y,
// CHECK-NEXT:    [[u:%.+]] = llvm.load {{.*}} -> f64
// CHECK:         llvm.fcmp "olt" [[s]], [[u]]
// CHECK-LABEL: llvm.func internal @kernels.part1({{%.+}}: !llvm.ptr {llvm.noalias}, {{%.+}}: i64, {{%.+}}: !llvm.ptr {llvm.noalias}
// CHECK:         llvm.fadd
// CHECK:         llvm.store {{%.+}}, {{%.+}} : f64, !llvm.ptr
// CHECK-NOT:   @kernels.part1.call
// CHECK-NOT:   @kernels.part2

// -----

/// Chunks that are nothing but parts of a loop become the loop, from the first bound that is asked for to the last one; here its
/// iterations read what lies apart.
func.func @parts(%x: memref<?x?xf64>, %y: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %n = memref.dim %x, %c0 : memref<?x?xf64>
  scf.for %c = %c0 to %n step %c64 {
    %after = arith.addi %c, %c64 : index
    %end = arith.minsi %after, %n : index
    scf.for %i = %c to %end step %c1 {
      %a = memref.load %x[%i, %c0] : memref<?x?xf64>
      memref.store %a, %y[%i] : memref<?xf64>
    }
  } {phi.parallel = 12 : i64}
  func.return
}
// CHECK-LABEL: llvm.func @parts(
// CHECK-NOT:     phi.strided
// CHECK-LABEL: llvm.func internal @parts.part0(
// CHECK-SAME:    [[begin:%[0-9]+]]: i64, [[end:%[0-9]+]]: i64) -> i32 attributes {phi.inline = "never", phi.strided} {
// CHECK:         llvm.br ^[[head:bb[0-9]+]]([[begin]] : i64)
// CHECK-NEXT:  ^[[head]]([[i:%.+]]: i64):
// CHECK-NEXT:    llvm.icmp "slt" [[i]], [[end]] : i64
// CHECK-NOT:     llvm.icmp
// CHECK-LABEL: llvm.func internal @parts.part0.call(

// -----

/// These are more: two iterations apart, up to another end, with a value of their own.
func.func @more(%x: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  scf.for %c = %c0 to %n step %c64 {
    %after = arith.addi %c, %c64 : index
    %end = arith.minsi %after, %n : index
    scf.for %i = %c to %end step %c2 {
      memref.store %zero, %x[%i] : memref<?xf64>
    }
  } {phi.parallel = 12 : i64}
  scf.for %c = %c0 to %n step %c64 {
    %after = arith.addi %c, %c2 : index
    %end = arith.minsi %after, %n : index
    scf.for %i = %c to %end step %c1 {
      memref.store %zero, %x[%i] : memref<?xf64>
    }
  } {phi.parallel = 12 : i64}
  scf.for %c = %c0 to %n step %c64 {
    %after = arith.addi %c, %c64 : index
    %end = arith.minsi %after, %n : index
    scf.for %i = %c to %end step %c1 {
      memref.store %zero, %x[%c] : memref<?xf64>
    }
  } {phi.parallel = 12 : i64}
  func.return
}
// CHECK-LABEL: llvm.func internal @more.part0(
// CHECK:         llvm.icmp "slt"
// CHECK:         llvm.icmp "slt"
// CHECK-LABEL: llvm.func internal @more.part1(
// CHECK:         llvm.icmp "slt"
// CHECK:         llvm.icmp "slt"
// CHECK-LABEL: llvm.func internal @more.part2(
// CHECK:         llvm.icmp "slt"
// CHECK:         llvm.icmp "slt"

// -----

/// A loop that LLVM is to leave alone stays beside the kernels, too: what it computes is in no other function.
func.func @merged(%x: memref<?xf64>, %y: memref<f64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  scf.for %i = %c0 to %n step %c8 {
  } {phi.parallel = 12 : i64}
  %s = scf.for %i = %c0 to %n step %c1 iter_args(%t = %zero) -> (f64) {
    %a = memref.load %x[%i] : memref<?xf64>
    %b = arith.mulf %t, %a : f64
    scf.yield %b : f64
  } {phi.loop = "novectorize,nounroll"}
  memref.store %s, %y[] : memref<f64>
  func.return
}
// CHECK-LABEL: llvm.func @merged(
// CHECK-SAME:    phi.plain
// CHECK:         llvm.fmul
// CHECK:         llvm.br {{.*}} {phi.loop = "novectorize,nounroll"}
// CHECK-NOT:     llvm.fmul
