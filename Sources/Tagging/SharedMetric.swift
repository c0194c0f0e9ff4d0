import EventModel

/// One metric's state and value, shared by the copies of a fold until one of them changes it: a copy of a fold with many
/// metrics costs a reference each, and a subject that never touched a metric holds no memory for it.
struct SharedMetric: Sendable {
  /// Changed only while one fold refers to it, which `isKnownUniquelyReferenced` says: so no two threads ever meet in it.
  private final class Storage: @unchecked Sendable {
    var state: MetricState
    var value: MetricValue
    let isUntouched: Bool

    init(_ state: MetricState, value: MetricValue, isUntouched: Bool = false) {
      self.state = state
      self.value = value
      self.isUntouched = isUntouched
    }
  }

  /// Of every metric that saw nothing, until its plan is known.
  private static let unread = Storage(
    MetricState(),
    value: MetricValue(value: .null, approximate: false),
    isUntouched: true
  )

  private var storage: Storage
  /// The state's own, beside it so that the next timer is found without following references.
  private(set) var due: Int64

  /// One that saw nothing; its value is the plan's (`untouched(value:)`), found by `FoldState.restore`.
  init() {
    storage = Self.unread
    due = .max
  }

  /// One read from a stored state; its value is found by `restore`.
  init(_ state: MetricState) {
    storage = Storage(state, value: MetricValue(value: .null, approximate: false))
    due = state.due
  }

  /// One that saw nothing, with the value its plan gives to nothing; to be shared by all subjects.
  static func untouched(value: MetricValue) -> SharedMetric {
    var metric = SharedMetric()
    metric.storage = Storage(MetricState(), value: value, isUntouched: true)
    return metric
  }

  var isUntouched: Bool { storage.isUntouched }
  /// As of the last `bring`.
  var value: MetricValue { storage.value }

  func write(to writer: inout StateWriter) { storage.state.write(to: &writer) }
  func isSound(_ plan: MetricPlan) -> Bool { storage.state.isSound(plan) }

  /// Adds an event, in place or to a copy where others refer to the state.
  mutating func add(_ time: Int64, _ payload: Payload, now: Int64, plan: MetricPlan, zone: CalendarZone) {
    own()
    storage.state.add(time, payload, now: now, plan: plan, zone: zone)
    due = storage.state.due
  }

  /// Brings the window to `instant`. Returns whether the value became another.
  mutating func bring(to instant: Int64, plan: MetricPlan, zone: CalendarZone) -> Bool {
    own()
    let value = storage.state.bring(to: instant, plan: plan, zone: zone)
    due = storage.state.due
    if identical(value.value, storage.value.value) {
      if value.approximate != storage.value.approximate { storage.value = value }
      return false
    }
    storage.value = value
    return true
  }

  /// Finds again what is not stored, as of `instant`.
  mutating func restore(at instant: Int64, plan: MetricPlan, zone: CalendarZone) {
    own()
    storage.state.entries.restore()
    storage.value = storage.state.bring(to: instant, plan: plan, zone: zone)
    due = storage.state.due
  }

  private mutating func own() {
    if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.state, value: storage.value) }
  }
}
