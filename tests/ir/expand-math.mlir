// RUN: phintys-opt %s -p expand-math --split-input-file | filecheck %s

// A function with a row becomes a call of a private function that is always inlined; its body has no branch.
func.func @rows(%x: f64) -> f64 {
  %y = math.exp %x : f64
  func.return %y : f64
}
// CHECK-LABEL: func.func @rows
// CHECK-NEXT:    %y = func.call @phi_exp_f64(%x) : (f64) -> f64
// CHECK-NEXT:    func.return %y : f64
// CHECK-NEXT:  }
// CHECK-NEXT:  func.func private @phi_exp_f64(%x: f64) -> f64 attributes {phi.inline = "always"} {
// CHECK-NOT:     math.exp
// CHECK:         math.fma
// CHECK:         func.return

// -----

// One function is made for each type, however many calls there are, also inside of regions.
func.func @types(%x: f64, %y: f32, %c: i1) -> (f64, f32) {
  %0 = xmath.sigmoid %x : f64
  %1 = scf.if %c -> (f64) {
    %3 = xmath.sigmoid %0 : f64
    scf.yield %3 : f64
  } else {
    scf.yield %0 : f64
  }
  %2 = xmath.sigmoid %y : f32
  func.return %1, %2 : f64, f32
}
// CHECK-LABEL: func.func @types
// CHECK-COUNT-2: func.call @phi_sigmoid_f64
// CHECK:         func.call @phi_sigmoid_f32
// CHECK:       func.func private @phi_sigmoid_f64(%x: f64) -> f64
// CHECK:       func.func private @phi_sigmoid_f32(%x: f32) -> f32
// CHECK-NOT:   func.func

// -----

// A function without a row becomes a call of libm's: `cbrt` for f64, `fmodf` for f32.
func.func @libm(%x: f64, %y: f32) -> (f64, f32) {
  %0 = math.cbrt %x : f64
  %1 = xmath.fmod %y, %y : f32
  func.return %0, %1 : f64, f32
}
// CHECK-LABEL: func.func @libm
// CHECK-NEXT:    func.call @cbrt(%x) : (f64) -> f64
// CHECK-NEXT:    func.call @fmodf(%y, %y) : (f32, f32) -> f32
// CHECK:       func.func private @cbrt(f64) -> f64
// CHECK-NEXT:  func.func private @fmodf(f32, f32) -> f32

// -----

// Two arguments.
func.func @power(%x: f32, %y: f32) -> f32 {
  %0 = math.powf %x, %y : f32
  func.return %0 : f32
}
// CHECK-LABEL: func.func @power
// CHECK-NEXT:    func.call @phi_powf_f32(%x, %y) : (f32, f32) -> f32
// CHECK:       func.func private @phi_powf_f32(%x: f32, %y: f32) -> f32 attributes {phi.inline = "always"} {

// -----

// Some rows compute f32 in f64.
func.func @wide(%x: f32) -> f32 {
  %0 = math.tan %x : f32
  func.return %0 : f32
}
// CHECK-LABEL: func.func @wide
// CHECK:       func.func private @phi_tan_f32
// CHECK:         arith.extf
// CHECK:         arith.truncf

// -----

// Arguments far out are left to libm: a call that the code generator defines, once for all functions of the name.
func.func @far(%x: f64, %y: f32) -> (f64, f32) {
  %0 = xmath.gamma %x : f64
  %1 = xmath.gamma %y : f32
  func.return %0, %1 : f64, f32
}
// CHECK-LABEL: func.func @far
// CHECK:       func.func private @phi_gamma_f64
// CHECK:         func.call @phi_rare_tgamma(%{{.*}}, %x, %{{.*}}) : (i1, f64, f64) -> f64
// CHECK:       func.func private @phi_rare_tgamma(i1, f64, f64) -> f64
// CHECK:       func.func private @phi_gamma_f32
// CHECK:         func.call @phi_rare_tgamma
// CHECK-NOT:   func.func private @phi_rare_tgamma

// -----

// Operations that are machine instructions stay.
func.func @kept(%x: f64, %n: i64) -> (f64, i64) {
  %0 = math.sqrt %x : f64
  %1 = math.copysign %0, %x : f64
  %2 = math.ctpop %n : i64
  func.return %1, %2 : f64, i64
}
// CHECK-LABEL: func.func @kept
// CHECK-NEXT:    math.sqrt
// CHECK-NEXT:    math.copysign
// CHECK-NEXT:    math.ctpop
// CHECK-NEXT:    func.return
// CHECK-NEXT:  }
// CHECK-NOT:   func.func

// -----

// What the pass made before is used again.
func.func @again(%x: f64) -> f64 {
  %0 = xmath.sign %x : f64
  func.return %0 : f64
}
func.func private @phi_sign_f64(%x: f64) -> f64 {
  func.return %x : f64
}
// CHECK-LABEL: func.func @again
// CHECK-NEXT:    func.call @phi_sign_f64(%x)
// CHECK:       func.func private @phi_sign_f64
// CHECK-NEXT:    func.return %x
// CHECK-NOT:   func.func

// -----

/// Kernels call functions of their own module, and no C library's: what is left to it elsewhere is written out.
gpu.module @kernels {
  gpu.func @angle(%x: memref<?xf64>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %t = gpu.thread_id x
    %v = memref.load %x[%t] : memref<?xf64>
    %s = math.sin %v : f64
    %r = xmath.fmod %s, %v : f64
    memref.store %r, %x[%t] : memref<?xf64>
    gpu.return
  }
}
// CHECK:       gpu.module @kernels {
// CHECK:         func.call @phi_sin_f64
// CHECK:         func.call @phi_fmod_f64
// CHECK:         func.func private @phi_sin_f64(%x: f64) -> f64 attributes {phi.inline = "always"} {
// CHECK:         func.func private @phi_rare_sinl(%x: i1, %y: f64, %z: f64) -> f64 {
// CHECK-NEXT:      scf.if %x -> (f64) {
// CHECK:         func.func private @phi_fmod_f64(%x: f64, %y: f64) -> f64

// -----

/// What was expanded for the CPU before it came to a kernel gets bodies, too.
gpu.module @kernels {
  func.func private @fmodf(f32, f32) -> f32
  func.func private @elsewhere(f64) -> f64
  gpu.func @rest(%x: memref<f32>) kernel {
    %v = memref.load %x[] : memref<f32>
    %r = func.call @fmodf(%v, %v) : (f32, f32) -> f32
    memref.store %r, %x[] : memref<f32>
    gpu.return
  }
}
// CHECK:       gpu.module @kernels {
// CHECK-NEXT:    func.func private @elsewhere(f64) -> f64
// CHECK:         func.call @fmodf
// CHECK:         func.func private @fmodf(%x: f32, %y: f32) -> f32 {
// CHECK:           scf.while
