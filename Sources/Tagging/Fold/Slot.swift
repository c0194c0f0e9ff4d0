import EventModel

/// A tag's or signal's value with its start, and what stood before that start: two events of one millisecond may take
/// a value away and give it back, which is no change.
struct Slot: Sendable {
  /// No value yet.
  static let none = Int64.min

  var value = PackedValue.null
  var since: Int64 = Slot.none
  var former = PackedValue.null
  var formerSince: Int64 = Slot.none

  /// Whether `take` would change nothing; what most evaluations come to.
  func stands(_ new: Value, at instant: Int64, _ arena: ValueArena) -> Bool {
    since != Slot.none && since != instant && arena.holds(value, new)
  }

  mutating func take(_ new: Value, at instant: Int64, _ arena: inout ValueArena) {
    if since == Slot.none {
      self = Slot(value: arena.pack(new), since: instant)
    } else if since == instant {
      if formerSince != Slot.none, arena.holds(former, new), !mutated(.pulseIsAChange) {
        self = Slot(value: former, since: formerSince)
      } else if !arena.holds(value, new) {
        value = arena.pack(new)
      }
    } else if !arena.holds(value, new) {
      self = Slot(value: arena.pack(new), since: instant, former: value, formerSince: since)
    }
  }
}

/// Which outputs changed, with what each was before the first of its changes.
struct Journal {
  private(set) var before: [(index: Int, slot: Slot)] = []

  mutating func note(_ index: Int, _ slot: Slot) {
    for known in before where known.index == index { return }
    before.append((index, slot))
  }
}
