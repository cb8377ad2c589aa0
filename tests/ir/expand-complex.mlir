// RUN: phintys-opt %s -p expand-complex --split-input-file | filecheck %s

/// An argument in memory is pairs of numbers; what is computed of it is computed of its parts.
func.func @product(%z: tensor<?xcomplex<f64>> {nd.name = "z"}) -> tensor<?xcomplex<f64>> {
  %p = nd.mul %z, %z : (tensor<?xcomplex<f64>>, tensor<?xcomplex<f64>>) -> tensor<?xcomplex<f64>>
  func.return %p : tensor<?xcomplex<f64>>
}
// CHECK-LABEL: @product
// CHECK-SAME:    tensor<?x2xf64> {nd.name = "z", nd.dtype = "c128"}
// CHECK-SAME:    (tensor<?x2xf64> {nd.dtype = "c128"})
// CHECK-NEXT:    [[a:%.+]] = nd.subtensor %z {index = ":, 0"}
// CHECK-NEXT:    [[b:%.+]] = nd.subtensor %z {index = ":, 1"}
// CHECK-NEXT:    [[aa:%.+]] = nd.mul [[a]], [[a]]
// CHECK-NEXT:    [[bb:%.+]] = nd.mul [[b]], [[b]]
// CHECK-NEXT:    [[re:%.+]] = nd.sub [[aa]], [[bb]]
// CHECK-NEXT:    [[ab:%.+]] = nd.mul [[a]], [[b]]
// CHECK-NEXT:    [[ba:%.+]] = nd.mul [[b]], [[a]]
// CHECK-NEXT:    [[im:%.+]] = nd.add [[ab]], [[ba]]
// CHECK-NEXT:    nd.dimshuffle [[re]] {order = array<i64: 0, -1>}
// CHECK-NEXT:    nd.dimshuffle [[im]] {order = array<i64: 0, -1>}
// CHECK-NEXT:    nd.concatenate

// -----

/// Functions of real numbers stay as they are.
func.func @real(%x: tensor<?xf64>) -> tensor<?xf64> {
  %y = nd.exp %x : (tensor<?xf64>) -> tensor<?xf64>
  func.return %y : tensor<?xf64>
}
// CHECK-LABEL: @real(%x: tensor<?xf64>) -> tensor<?xf64>
// CHECK-NEXT:    nd.exp %x
// CHECK-NEXT:    func.return
