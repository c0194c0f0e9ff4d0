extension Formula {
  /// Whether the value can change only with an event: no elapsed time stands anywhere in it.
  ///
  /// It looks at this formula alone; a tag it reads may rest on the clock itself.
  package var isClockFree: Bool {
    switch self {
    case .elapsed, .elapsedUnits: return false
    default:
      var free = true
      forEachOperand { free = free && $0.isClockFree }
      return free
    }
  }

  /// Indices of the metrics and of the tags that the formula reads itself.
  package func references() -> (metrics: Set<Int>, tags: Set<Int>) {
    var metrics: Set<Int> = []
    var tags: Set<Int> = []
    forEachNode { node in
      switch node {
      case .metric(let index): metrics.insert(index)
      case .tag(let index): tags.insert(index)
      default: break
      }
    }
    return (metrics, tags)
  }

  /// Names of the event fields that the formula reads.
  package var fieldNames: Set<String> {
    var names: Set<String> = []
    forEachNode { if case .field(let name) = $0 { names.insert(name) } }
    return names
  }

  private func forEachNode(_ body: (Formula) -> Void) {
    body(self)
    forEachOperand { $0.forEachNode(body) }
  }

  /// Calls `body` with each direct operand, in the order written.
  package func forEachOperand(_ body: (Formula) -> Void) {
    switch self {
    case .literal, .metric, .tag, .field: break
    case .negate(let operand), .not(let operand), .exists(let operand), .absolute(let operand),
      .lower(let operand), .length(let operand), .isIn(let operand, _), .round(let operand, _),
      .elapsedUnits(let operand, _):
      body(operand)
    case .arithmetic(_, let left, let right), .compare(_, let left, let right), .elapsed(_, let left, let right),
      .and(let left, let right), .or(let left, let right), .contains(let left, let right),
      .startsWith(let left, let right):
      body(left)
      body(right)
    case .between(let operand, let low, let high):
      body(operand)
      body(low)
      body(high)
    case .coalesce(let operands), .least(let operands), .greatest(let operands):
      operands.forEach(body)
    }
  }
}
