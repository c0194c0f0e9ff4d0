import EventModel
import Playbook

/// How one metric is kept. A class, so that passing it on copies one reference.
final class MetricPlan: Sendable {
  let index: Int
  let name: String
  let fold: Fold
  let shape: WindowShape
  /// `first` and `last` of a field, not of a time.
  let keepsValues: Bool
  let needsExtremes: Bool
  let keepsNumbers: Bool
  let keepsKeys: Bool
  /// The series in which its events stand; -1 for one that keeps no events.
  let series: Int
  /// Where its words stand in a fold.
  let at: MetricPlaces
  /// Outputs that read it.
  let dependents: IndexSet
  /// The value of a subject that saw nothing of it, at any instant.
  let nothing: PackedValue

  init(_ definition: MetricDefinition, index: Int, series: Int, dependents: IndexSet, words: inout WordLayout) {
    self.index = index
    name = definition.name
    fold = definition.fold
    shape = WindowShape(definition.window, fold: definition.fold)
    let payload = PayloadKind(definition)
    keepsValues = payload == .value
    needsExtremes = definition.fold == .min || definition.fold == .max
    keepsNumbers = payload == .number
    keepsKeys = payload == .key
    self.series = series
    self.dependents = dependents
    nothing =
      switch fold {
      case .count, .sum, .distinct, .streak: PackedValue(.number, 0)
      case .mean, .min, .max, .first, .last: .null
      }
    at = MetricPlaces(shape, fold, payload, nothing: nothing, &words)
  }
}

/// What a fold takes of an event.
enum PayloadKind: Hashable, Sendable {
  /// It counts, or only its time does.
  case mark
  case number
  case value
  case key

  init(_ metric: MetricDefinition) {
    self =
      switch metric.fold {
      case .count, .streak: .mark
      case .first, .last: metric.sources.contains { $0.field != nil } ? .value : .mark
      case .distinct: .key
      case .sum, .min, .max, .mean: .number
      }
  }
}

/// Where a metric's words stand among a fold's; -1 where its shape has no such word.
struct MetricPlaces: Sendable {
  /// The next instant at which the value can change without an event.
  let due: Int
  /// The value as of the last time it was brought forward, two words; the second holds `MetricFlags` besides.
  let value: Int

  // Of lifetimes and calendar windows.
  private(set) var count = -1
  /// Two words, low and high, of 128 bits; of windows the sum of what is inside.
  private(set) var sum = -1
  private(set) var low = -1
  private(set) var high = -1
  /// The event that `first` or `last` stands on: its time; its value, two words.
  private(set) var heldTime = -1
  private(set) var held = -1
  /// The present run of days: its first and last date and how many dates it has.
  private(set) var run = -1
  /// The calendar period that is counted, from and to; both 0 before the first event.
  private(set) var period = -1

  // Of other windows: places in the series. Events from `start` to `inside` are in the window, those up to `end` wait
  // to enter it (two-sided windows only).
  private(set) var start = -1
  private(set) var inside = -1
  private(set) var end = -1

  init(_ shape: WindowShape, _ fold: Fold, _ payload: PayloadKind, nothing: PackedValue, _ words: inout WordLayout) {
    due = words.place(.derived, .max)
    value = words.place(.derived, nothing.word)
    _ = words.place(.flags, Int64(nothing.kind.rawValue))
    let isOfEvents = shape.isOfEvents
    if isOfEvents {
      start = words.place(.cursor)
      inside = words.place(.cursor)
      end = words.place(.cursor)
    } else {
      count = words.place(.count)
    }
    if payload == .number {
      sum = words.place(isOfEvents ? .derived : .anything)
      _ = words.place(isOfEvents ? .derived : .wide)
    }
    if fold == .min || fold == .max {
      low = words.place(isOfEvents ? .derived : .anything, .max)
      high = words.place(isOfEvents ? .derived : .anything, .min)
    }
    if isOfEvents { return }
    if fold == .first || fold == .last { heldTime = words.place(.time) }
    if payload == .value { held = words.packed() }
    if fold == .streak {
      run = words.place(.day)
      _ = words.place(.day)
      _ = words.place(.day)
    }
    if case .calendar = shape {
      period = words.place(.time)
      _ = words.place(.time)
    }
  }
}

/// Bits beside the kind of a metric's value.
enum MetricFlags {
  static let kind: Int64 = 0xff
  static let approximate: Int64 = 0x100
  /// It took an event.
  static let touched: Int64 = 0x200
  /// `low` and `high` are those of the events inside.
  static let extremesStand: Int64 = 0x400
}
