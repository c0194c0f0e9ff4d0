import EventModel

/// One member's funnels: a value that events and the clock move on.
///
/// Entries are a function of the set of accepted events and the clock, whatever the order of arrival.
package struct FunnelState: Hashable, Sendable {
  /// By index of funnel; may be shorter than the program.
  var tracks: [FunnelTrack] = []
  /// The largest instant seen.
  package internal(set) var clock = Instant.distantPast

  package init() {}

  /// Nothing is kept; the state need not be stored.
  package var isEmpty: Bool { tracks.allSatisfy(\.isEmpty) }

  /// Takes every deadline due at or before `instant` in order of time, each as its own evaluation: an entry that no
  /// chain can be extended for any more is dropped 1 ms later, and an event dated ahead becomes visible. Moves the
  /// clock to `instant`.
  ///
  /// - Parameter tagValue: the member's tag over the events up to an instant, at that instant; only asked where a
  ///   funnel is broken down by a tag, and only about instants within the lateness bound + 5 min of the clock. Tags
  ///   must already know the events that become visible.
  package mutating func advance(
    through instant: Instant,
    program: FunnelProgram,
    tagValue: (_ tag: Int, _ at: Instant) -> Value
  ) -> [(at: Instant, changes: [FunnelChange])] {
    var steps: [(at: Instant, changes: [FunnelChange])] = []
    while let due = nextDue(program: program), due <= instant {
      clock = max(clock, due)
      var changes: [FunnelChange] = []
      for index in program.nameOrder where index < tracks.count {
        guard let own = tracks[index].nextDue, own <= clock else { continue }
        let visible = tracks[index].takeVisible(at: clock)
        changes += tracks[index].evaluate(
          visible,
          funnel: program.funnels[index],
          clock: clock,
          tagsFrom: visible.first?.time,
          tagValue: tagValue
        )
      }
      if !changes.isEmpty { steps.append((clock, changes)) }
    }
    clock = max(clock, instant)
    return steps
  }

  /// Takes in an accepted event; the caller has left out duplicates, and has called `advance` through the clock.
  ///
  /// The clock becomes the later of itself and the event's arrival; an event dated ahead of it is kept until then.
  /// Events that are of no funnel matter all the same: they move tag values, and in strict funnels they end chains.
  /// Changes are in the order of the funnels' names, then days.
  ///
  /// An event newer than all others costs O(log events), and a new solution of each day whose open chains it can
  /// extend; an earlier one that of each day whose window holds it (`ChainSolver.solve`, `SetSolver.solve`).
  package mutating func apply(
    _ event: Event,
    program: FunnelProgram,
    tagValue: (_ tag: Int, _ at: Instant) -> Value
  ) -> [FunnelChange] {
    clock = max(clock, event.receivedAt)
    let marks = program.marks(of: event)
    if let highest = marks.map(\.funnel).max(), highest >= tracks.count {
      tracks += Array(repeating: FunnelTrack(), count: highest + 1 - tracks.count)
    }
    var next = marks[...]
    var changes: [FunnelChange] = []
    for index in program.nameOrder where index < tracks.count {
      let funnel = program.funnels[index]
      var arrivals: [EventMark] = []
      if let first = next.first, first.funnel == index { arrivals = [next.removeFirst().mark] }
      let movesTags = funnel.breakdownTag != nil && event.time <= clock
      guard !arrivals.isEmpty || movesTags && !tracks[index].kept.isEmpty else { continue }
      changes += tracks[index].evaluate(
        arrivals,
        funnel: funnel,
        clock: clock,
        tagsFrom: movesTags ? event.time : nil,
        tagValue: tagValue
      )
    }
    return changes
  }

  /// When `advance` has something to do next; nil when only an event can change anything.
  package func nextDue(program: FunnelProgram) -> Instant? {
    tracks.prefix(program.count).compactMap(\.nextDue).min()
  }

  /// The entries that can still change, by funnel and day; withdrawn ones among them.
  package func entries(program: FunnelProgram) -> [FunnelEntry] {
    zip(tracks, program.funnels).flatMap { track, funnel in
      let firstLive = funnel.firstLiveDay(at: clock)
      return track.kept.filter { $0.day >= firstLive }.compactMap { $0.published(funnel: funnel) }
    }
  }
}
