public import MutantSwitchC

// What instrumented source calls: each function does what the source says, unless the mutant with its number is active. They are generic
// functions with one meaning each, because chains of `?:` in expressions take the type checker too long.

@inlinable @inline(__always) public func mutantIs(_ number: Int32) -> Bool { mutant_is_active(number) }

@inlinable @inline(__always) public func mutantRuns(_ number: Int32) -> Bool { !mutant_is_active(number) }

@inlinable @inline(__always) public func mutantTrue(_ number: Int32, _ value: Bool) -> Bool { mutant_is_active(number) || value }

@inlinable @inline(__always) public func mutantFalse(_ number: Int32, _ value: Bool) -> Bool { !mutant_is_active(number) && value }

@inlinable @inline(__always) public func mutantCondition(_ alwaysTrue: Int32, _ alwaysFalse: Int32, _ value: Bool) -> Bool {
  mutantFalse(alwaysFalse, mutantTrue(alwaysTrue, value))
}

@inlinable @inline(__always) public func mutantNot(_ number: Int32, _ value: Bool) -> Bool { mutant_is_active(number) != value }

@inlinable @inline(__always) public func mutantNil<Value>(_ number: Int32, _ value: Value?) -> Value? {
  mutant_is_active(number) ? nil : value
}

@inlinable @inline(__always) public func mutantLess<Value: Comparable>(_ number: Int32, _ a: Value, _ b: Value) -> Bool {
  mutant_is_active(number) ? a <= b : a < b
}

@inlinable @inline(__always) public func mutantLessEqual<Value: Comparable>(_ number: Int32, _ a: Value, _ b: Value) -> Bool {
  mutant_is_active(number) ? a < b : a <= b
}

@inlinable @inline(__always) public func mutantGreater<Value: Comparable>(_ number: Int32, _ a: Value, _ b: Value) -> Bool {
  mutant_is_active(number) ? a >= b : a > b
}

@inlinable @inline(__always) public func mutantGreaterEqual<Value: Comparable>(_ number: Int32, _ a: Value, _ b: Value) -> Bool {
  mutant_is_active(number) ? a > b : a >= b
}

@inlinable @inline(__always) public func mutantAdd<Value: AdditiveArithmetic>(_ number: Int32, _ a: Value, _ b: Value) -> Value {
  mutant_is_active(number) ? a - b : a + b
}

@inlinable @inline(__always)
public func mutantAdd<Value: RangeReplaceableCollection>(_ number: Int32, _ a: Value, _ b: some Sequence<Value.Element>) -> Value {
  mutant_is_active(number) ? a : a + b
}

@inlinable @inline(__always) public func mutantSubtract<Value: AdditiveArithmetic>(_ number: Int32, _ a: Value, _ b: Value) -> Value {
  mutant_is_active(number) ? a + b : a - b
}

@inlinable @inline(__always) public func mutantMin<Value: Comparable>(_ number: Int32, _ a: Value, _ b: Value) -> Value {
  mutant_is_active(number) ? max(a, b) : min(a, b)
}

@inlinable @inline(__always) public func mutantMax<Value: Comparable>(_ number: Int32, _ a: Value, _ b: Value) -> Value {
  mutant_is_active(number) ? min(a, b) : max(a, b)
}

@inlinable @inline(__always) public func mutantConstant<Value>(_ number: Int32, _ value: Value, _ other: Value) -> Value {
  mutant_is_active(number) ? other : value
}

@inlinable @inline(__always)
public func mutantPick<Value>(_ number: Int32, _ value: @autoclosure () -> Value, _ other: @autoclosure () -> Value) -> Value {
  mutant_is_active(number) ? other() : value()
}
