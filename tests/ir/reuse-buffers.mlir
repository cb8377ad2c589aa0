// RUN: phintys-opt %s -p reuse-buffers --allow-unregistered-dialect --split-input-file | filecheck %s

/// A buffer that is free serves the next allocation of its type and sizes.
func.func @reused(%n: index) {
  %a = memref.alloc(%n) : memref<?xf64>
  "test.use"(%a) : (memref<?xf64>) -> ()
  memref.dealloc %a : memref<?xf64>
  %b = memref.alloc(%n) : memref<?xf64>
  "test.use"(%b) : (memref<?xf64>) -> ()
  memref.dealloc %b : memref<?xf64>
  func.return
}
// CHECK-LABEL: @reused
// CHECK-NEXT:    %a = memref.alloc(%n)
// CHECK-NEXT:    "test.use"(%a)
// CHECK-NEXT:    "test.use"(%a)
// CHECK-NEXT:    memref.dealloc %a
// CHECK-NEXT:    func.return

// -----

/// Another size, another element type, or a buffer still in use: nothing is shared.
func.func @kept(%n: index, %m: index) {
  %a = memref.alloc(%n) : memref<?xf64>
  %b = memref.alloc(%n) : memref<?xf64>
  memref.dealloc %a : memref<?xf64>
  %c = memref.alloc(%m) : memref<?xf64>
  %d = memref.alloc(%n) : memref<?xf32>
  "test.use"(%b, %c, %d) : (memref<?xf64>, memref<?xf64>, memref<?xf32>) -> ()
  memref.dealloc %b : memref<?xf64>
  memref.dealloc %c : memref<?xf64>
  memref.dealloc %d : memref<?xf32>
  func.return
}
// CHECK-LABEL: @kept
// CHECK-NEXT:    %a = memref.alloc(%n)
// CHECK-NEXT:    %b = memref.alloc(%n)
// CHECK-NEXT:    memref.dealloc %a
// CHECK-NEXT:    %c = memref.alloc(%m)
// CHECK-NEXT:    %d = memref.alloc(%n)

// -----

/// A buffer that is returned belongs to the caller: it is always a new one.
func.func @returned(%n: index) -> memref<?xf64> {
  %a = memref.alloc(%n) : memref<?xf64>
  memref.dealloc %a : memref<?xf64>
  %b = memref.alloc(%n) : memref<?xf64>
  func.return %b : memref<?xf64>
}
// CHECK-LABEL: @returned
// CHECK-NEXT:    %a = memref.alloc(%n)
// CHECK-NEXT:    memref.dealloc %a
// CHECK-NEXT:    %b = memref.alloc(%n)
// CHECK-NEXT:    func.return %b
