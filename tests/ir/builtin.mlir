// RUN: phintys-opt %s | filecheck %s
// RUN: phintys-opt %s --print-op-generic --print-debuginfo

/// Modules hold modules; attributes of a module stay.
builtin.module @outer attributes {phi.note = "text"} {
  builtin.module @inner {
  }
  func.func @cast(%x: tensor<4xf64>) -> tensor<?xf64> {
    %y = builtin.unrealized_conversion_cast %x : tensor<4xf64> to tensor<?xf64>
    func.return %y : tensor<?xf64>
  }
}
// CHECK:      builtin.module @outer attributes {phi.note = "text"} {
// CHECK-NEXT: builtin.module @inner {
// CHECK-NEXT: }
// CHECK-NEXT: func.func @cast(%x: tensor<4xf64>) -> tensor<?xf64> {
// CHECK-NEXT: %y = builtin.unrealized_conversion_cast %x : tensor<4xf64> to tensor<?xf64>
// CHECK-NEXT: func.return %y : tensor<?xf64>
// CHECK-NEXT: }
// CHECK-NEXT: }
