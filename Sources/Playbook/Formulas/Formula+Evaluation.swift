import EventModel

extension Formula {
  /// The formula's value under SEMANTICS "Numbers", "Null" and "Settled details".
  ///
  /// Never fails: a missing operand, kinds that do not match, overflow and division by zero give `.null`. Time is
  /// linear in the size of the formula; depth is bounded by `ExpressionLimits`.
  package func evaluate(in context: some FormulaContext) -> Value {
    switch self {
    case .literal(let value): value
    case .metric(let index): context.metric(index)
    case .tag(let index): context.tag(index)
    case .field(let name): context.field(name) ?? .null
    case .negate(let operand): negated(operand.evaluate(in: context))
    case .arithmetic(let sign, let left, let right):
      computed(sign, left.evaluate(in: context), right.evaluate(in: context))
    case .compare(let sign, let left, let right):
      compared(sign, left.evaluate(in: context), right.evaluate(in: context))
    case .elapsed(let sign, let time, let span):
      elapsedCompared(sign, time.evaluate(in: context), span.evaluate(in: context), now: context.now)
    case .elapsedUnits(let time, let unit): wholeUnits(time.evaluate(in: context), unit, now: context.now)
    case .not(let operand): inverted(operand.evaluate(in: context))
    case .and(let left, let right): .bool(left.holds(in: context) && right.holds(in: context))
    case .or(let left, let right): .bool(left.holds(in: context) || right.holds(in: context))
    case .isIn(let operand, let values): isMember(operand.evaluate(in: context), of: values)
    case .between(let operand, let low, let high):
      isBetween(operand.evaluate(in: context), low.evaluate(in: context), high.evaluate(in: context))
    case .exists(let operand): .bool(!operand.evaluate(in: context).isNull)
    case .coalesce(let operands): firstPresent(operands, in: context)
    case .least(let operands): extreme(operands, in: context, keeps: .less)
    case .greatest(let operands): extreme(operands, in: context, keeps: .greater)
    case .absolute(let operand): magnitude(operand.evaluate(in: context))
    case .round(let operand, let places): rounded(operand.evaluate(in: context), places: places)
    case .lower(let operand): lowered(operand.evaluate(in: context))
    case .contains(let whole, let part): holdsPart(whole.evaluate(in: context), part.evaluate(in: context))
    case .startsWith(let whole, let part): beginsWith(whole.evaluate(in: context), part.evaluate(in: context))
    case .length(let operand): measured(operand.evaluate(in: context))
    }
  }

  /// Whether the formula ends true as a condition: null, and anything but a boolean, is false.
  package func holds(in context: some FormulaContext) -> Bool { evaluate(in: context) == .bool(true) }
}

private func firstPresent(_ operands: [Formula], in context: some FormulaContext) -> Value {
  for operand in operands {
    let value = operand.evaluate(in: context)
    if !value.isNull { return value }
  }
  return .null
}

private func extreme(
  _ operands: [Formula],
  in context: some FormulaContext,
  keeps sign: ComparisonOperator
) -> Value {
  var best: Value?
  for operand in operands {
    let value = operand.evaluate(in: context)
    if value.isNull { return .null }
    guard let kept = best else {
      best = value
      continue
    }
    guard let order = ordering(value, kept) else { return .null }
    if sign.accepts(order) { best = value }
  }
  return best ?? .null
}

// MARK: - Arithmetic

private func negated(_ value: Value) -> Value {
  switch value {
  case .number(let number): .number(number.negated)
  case .span(let span): optionalSpan(Int128(span.milliseconds) * -1)
  default: .null
  }
}

private func computed(_ sign: ArithmeticOperator, _ left: Value, _ right: Value) -> Value {
  switch (left, right) {
  case (.number(let left), .number(let right)):
    switch sign {
    case .add: optionalNumber(left.adding(right))
    case .subtract: optionalNumber(left.subtracting(right))
    case .multiply: optionalNumber(left.multiplied(by: right))
    case .divide: optionalNumber(left.divided(by: right))
    }
  case (.span(let left), .span(let right)):
    switch sign {
    case .add: optionalSpan(Int128(left.milliseconds) + Int128(right.milliseconds))
    case .subtract: optionalSpan(Int128(left.milliseconds) - Int128(right.milliseconds))
    case .multiply, .divide: .null
    }
  case (.span(let span), .number(let factor)), (.number(let factor), .span(let span)):
    sign == .multiply
      ? optionalSpan(
        roundedHalfEven(
          Int128(span.milliseconds) * Int128(factor.millionths),
          dividedBy: Int128(FixedDecimal.scale)
        )
      )
      : .null
  default: .null
  }
}

private func optionalNumber(_ number: FixedDecimal?) -> Value {
  number.map(Value.number) ?? .null
}

/// A span past the range of instants is null, like a number past its own.
private func optionalSpan(_ milliseconds: Int128) -> Value {
  let bound = Int128(Instant.distantFuture.milliseconds)
  guard milliseconds.magnitude <= bound.magnitude else { return .null }
  return .span(TimeSpan(milliseconds: Int64(milliseconds)))
}

private func magnitude(_ value: Value) -> Value {
  switch value {
  case .number(let number): .number(number.magnitude)
  case .span(let span): span.milliseconds < 0 ? negated(value) : value
  default: .null
  }
}

private func rounded(_ value: Value, places: Int) -> Value {
  guard case .number(let number) = value else { return .null }
  return optionalNumber(number.rounded(places: places))
}

// MARK: - Comparison

extension ComparisonOperator {
  /// `order` is negative, zero or positive as the left operand stands before, at or after the right one.
  func accepts(_ order: Int) -> Bool {
    switch self {
    case .equal: order == 0
    case .notEqual: order != 0
    case .less: order < 0
    case .lessOrEqual: order <= 0
    case .greater: mutated(.greaterOrEqual) ? order >= 0 : order > 0
    case .greaterOrEqual: order >= 0
    }
  }
}

private func compared(_ sign: ComparisonOperator, _ left: Value, _ right: Value) -> Value {
  if let order = ordering(left, right) { return .bool(sign.accepts(order)) }
  guard sign == .equal || sign == .notEqual, let same = sameness(left, right) else { return .null }
  return .bool(same == (sign == .equal))
}

/// Sign of `left − right` for two numbers, spans, times or strings (by UTF-8 bytes); `nil` for any other pair.
private func ordering(_ left: Value, _ right: Value) -> Int? {
  switch (left, right) {
  case (.number(let left), .number(let right)): order(left.millionths, right.millionths)
  case (.span(let left), .span(let right)): order(left.milliseconds, right.milliseconds)
  case (.time(let left), .time(let right)): order(left.milliseconds, right.milliseconds)
  case (.string(let left), .string(let right)):
    if left.utf8.elementsEqual(right.utf8) { 0 } else { left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1 }
  default: nil
  }
}

private func order(_ left: Int64, _ right: Int64) -> Int {
  if left == right { 0 } else { left < right ? -1 : 1 }
}

/// Equality of two values of one kind; `nil` when a value is null or the kinds differ.
///
/// Strings are equal byte by byte: Swift's own `==` takes canonically equivalent texts as equal, which another
/// program that checks the results would not.
private func sameness(_ left: Value, _ right: Value) -> Bool? {
  switch (left, right) {
  case (.bool(let left), .bool(let right)): left == right
  case (.list(let left), .list(let right)):
    left.count == right.count && zip(left, right).allSatisfy { sameness($0, $1) ?? ($0.isNull && $1.isNull) }
  default: ordering(left, right).map { $0 == 0 }
  }
}

private func isMember(_ value: Value, of values: [Value]) -> Value {
  if value.isNull { return .null }
  var comparable = values.isEmpty
  for candidate in values {
    guard let same = sameness(value, candidate) else { continue }
    if same { return .bool(true) }
    comparable = true
  }
  return comparable ? .bool(false) : .null
}

private func isBetween(_ value: Value, _ low: Value, _ high: Value) -> Value {
  guard let fromLow = ordering(value, low), let fromHigh = ordering(value, high) else { return .null }
  return .bool(fromLow >= 0 && fromHigh <= 0)
}

private func inverted(_ value: Value) -> Value {
  guard case .bool(let flag) = value else { return .null }
  return .bool(!flag)
}

// MARK: - Time

private func elapsedCompared(_ sign: ComparisonOperator, _ time: Value, _ span: Value, now: Instant) -> Value {
  guard case .time(let time) = time, case .span(let span) = span else { return .null }
  return .bool(sign.accepts(order((now - time).milliseconds, span.milliseconds)))
}

private func wholeUnits(_ time: Value, _ unit: TimeSpan, now: Instant) -> Value {
  guard case .time(let time) = time, unit.milliseconds > 0 else { return .null }
  return optionalNumber(FixedDecimal(Int(floorDivide((now - time).milliseconds, unit.milliseconds).quotient)))
}

// MARK: - Text

private func lowered(_ value: Value) -> Value {
  guard case .string(let text) = value else { return .null }
  return .string(text.lowercased())
}

private func holdsPart(_ whole: Value, _ part: Value) -> Value {
  switch (whole, part) {
  case (.string(let whole), .string(let part)): .bool(holdsBytes(Array(whole.utf8), Array(part.utf8)))
  case (.list, .null): .null
  case (.list(let values), _): .bool(values.contains { sameness($0, part) == true })
  default: .null
  }
}

/// Substring search by bytes; in UTF-8 a match can begin only at a scalar.
private func holdsBytes(_ whole: [UInt8], _ part: [UInt8]) -> Bool {
  guard let first = part.first else { return true }
  guard whole.count >= part.count else { return false }
  for start in 0...(whole.count - part.count) where whole[start] == first {
    if whole[start..<(start + part.count)].elementsEqual(part) { return true }
  }
  return false
}

private func beginsWith(_ whole: Value, _ part: Value) -> Value {
  guard case .string(let whole) = whole, case .string(let part) = part else { return .null }
  return .bool(whole.utf8.starts(with: part.utf8))
}

/// Unicode scalar values of a text, or elements of a list.
private func measured(_ value: Value) -> Value {
  switch value {
  case .string(let text): optionalNumber(FixedDecimal(text.unicodeScalars.count))
  case .list(let values): optionalNumber(FixedDecimal(values.count))
  default: .null
  }
}
