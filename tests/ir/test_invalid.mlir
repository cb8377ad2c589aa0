// RUN: phintys-opt %s --split-input-file --verify-diagnostics

func.func @test(%x: f64) -> i32 {
  // expected-error@below {{unknown operation 'test.opp'}}
  %y = "test.opp"(%x) : (f64) -> i32
  func.return %y : i32
}
