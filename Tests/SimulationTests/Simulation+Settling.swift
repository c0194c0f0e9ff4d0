import EventModel

extension Simulation {
  // MARK: Settling

  /// Ends all faults, gives every service one calm process and lets time pass until nothing is left to do.
  mutating func settle() async throws {
    try await calm()
    for index in ticks.indices { ticks[index].lead.set(index == 0) }
    for index in rankings.indices { rankings[index].lead.set(index == 0) }
    storeOffset = TimeSpan(milliseconds: 0)
    guard !isImport else { return try await endImport() }
    try await pass(.minutes(1))
    try await pass(.hours(30))
    for _ in 0..<40 {
      let events = eventCount
      try await pass(.days(2))
      if eventCount == events, await !hasUnsettledDeliveries() { return }
    }
    throw SimulationFailure("time passes and something still goes on")
  }

  /// Gives every service one calm process and lets it fold what is there.
  mutating func calm() async throws {
    while !late.isEmpty { wakeLate() }
    for index in fleets.indices {
      for record in try await fleets[index].calm(.calm) { log.append(record) }
    }
    try await drain()
  }

  private var eventCount: Int {
    log.records(ofTopic: Topic.events).count { $0.header(Topic.controlHeader) == nil }
  }

  private func hasUnsettledDeliveries() async -> Bool { await store.allDue().contains { $0.group == "notifier" } }

  private mutating func pass(_ span: TimeSpan) async throws {
    now = now + span
    storeClock.set(now)
    for index in ticks.indices { await ticks[index].writer.turn(&ticks[index].progress) }
    try await drain()
  }

  private mutating func endImport() async throws {
    now = max(now, sender.planned.last?.event.time ?? now) + .days(2)
    try await sender.tick(now, ends: true)
    try await drain()
  }

  /// Turns until the log has been folded and published throughout.
  private mutating func drain() async throws {
    var quiet = 0
    for _ in 0..<2_000 {
      let before = log.appended.count
      for fleet in fleets { for process in fleet.processes { try await process.turn() } }
      for index in rankings.indices { await rankings[index].leader.turn(&rankings[index].progress) }
      var settled = log.appended.count == before
      for fleet in fleets where settled { settled = await fleet.isSettled(log, store) }
      quiet = settled ? quiet + 1 : 0
      // Results of effects wait in memory for the next turn, which changes the log again.
      if quiet == 2 { return }
    }
    throw SimulationFailure("the backlog does not end")
  }
}

/// What a schedule came to that it must not.
struct SimulationFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
