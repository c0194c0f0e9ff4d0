import EventModel

extension Formula {
  /// The earliest instant after `now` at which a term with elapsed time can change its result, while metrics, tags
  /// and fields stay as `context` gives them; `nil` when none can any more.
  ///
  /// Exact to the millisecond for each term; the whole formula may keep its value there (`a and b` with `a` false).
  /// `context.now` is not read by the terms' clock-free operands.
  package func nextChange(in context: some FormulaContext, after now: Instant) -> Instant? {
    var earliest: Instant?
    collectNextChange(in: context, after: now, into: &earliest)
    return earliest
  }

  private func collectNextChange(in context: some FormulaContext, after now: Instant, into earliest: inout Instant?) {
    if let own = ownNextChange(in: context, after: now), own < (earliest ?? .distantFuture) { earliest = own }
    forEachOperand { $0.collectNextChange(in: context, after: now, into: &earliest) }
  }

  /// The next change of this node itself, apart from its operands.
  private func ownNextChange(in context: some FormulaContext, after now: Instant) -> Instant? {
    switch self {
    case .elapsed(let sign, let time, let span):
      guard case .time(let time) = time.evaluate(in: context), case .span(let span) = span.evaluate(in: context)
      else { return nil }
      // `elapsed == span` is true for one millisecond: it changes at the threshold and right after it.
      let threshold = time + span
      let past = threshold + TimeSpan(milliseconds: 1)
      return switch sign {
      case .greaterOrEqual, .less: threshold > now ? threshold : nil
      case .greater, .lessOrEqual:
        mutated(.elapsedWakesEarly) ? (threshold > now ? threshold : nil) : past > now ? past : nil
      case .equal, .notEqual: threshold > now ? threshold : (past > now ? past : nil)
      }
    case .elapsedUnits(let time, let unit):
      guard case .time(let time) = time.evaluate(in: context), unit.milliseconds > 0 else { return nil }
      let whole = floorDivide((now - time).milliseconds, unit.milliseconds).quotient
      return time + TimeSpan(milliseconds: (whole + 1) * unit.milliseconds)
    default: return nil
    }
  }
}
