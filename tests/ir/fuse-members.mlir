// RUN: phintys-opt %s -p 'fuse{members=1}' | filecheck %s

/// One operation a region: what the tag "fusion", excluded from a mode, asks for.
func.func @apart(%x: tensor<?xf64>) -> tensor<?xf64> {
  %e = nd.exp %x : (tensor<?xf64>) -> tensor<?xf64>
  %y = nd.neg %e : (tensor<?xf64>) -> tensor<?xf64>
  func.return %y : tensor<?xf64>
}
// CHECK-LABEL: @apart
// CHECK:         %e = nd.fused %x
// CHECK-NEXT:    ^{{.*}}:
// CHECK-NEXT:      math.exp
// CHECK:         %y = nd.fused %e
