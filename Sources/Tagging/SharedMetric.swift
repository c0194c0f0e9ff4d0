/// One metric's state, shared by the copies of a fold until one of them changes it: a copy of a fold with many metrics
/// costs a reference each, and a subject that never touched a metric holds no memory for it.
struct SharedMetric: Sendable {
  /// Changed only while one fold refers to it, which `isKnownUniquelyReferenced` says: so no two threads ever meet in it.
  private final class Storage: @unchecked Sendable {
    var state: MetricState

    init(_ state: MetricState) { self.state = state }
  }

  /// Of every metric that saw nothing.
  private static let untouched = Storage(MetricState())

  private var storage: Storage
  /// The state's own, beside it so that the next timer is found without following references.
  private(set) var due: Int64

  /// One that saw nothing.
  init() {
    storage = Self.untouched
    due = .max
  }

  init(_ state: MetricState) {
    storage = Storage(state)
    due = state.due
  }

  var isUntouched: Bool { storage === Self.untouched }
  var state: MetricState { storage.state }

  /// Changes the state in place, or a copy of it where others refer to it.
  mutating func update<Result>(_ change: (inout MetricState) -> Result) -> Result {
    if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.state) }
    defer { due = storage.state.due }
    return change(&storage.state)
  }
}
