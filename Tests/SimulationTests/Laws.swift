import EventCodec
import EventModel
import Folding
import PipelinePorts
import PipelineRuntime
import PipelineTestSupport

/// What must hold once a simulation has settled (SEMANTICS "Two laws", RELIABILITY rule R). Every function answers the
/// first thing that does not.
struct Laws {
  let simulation: Simulation

  private var tenant: String { RandomPlaybook.tenant }
  /// Timers due by then have fired.
  private var end: Instant { simulation.now - AcceptanceLimits.timerGrace }

  /// All checks, in the order in which a fault is easiest to understand.
  func faults() async throws -> [String] {
    var found: [String] = []
    found += acceptedOnce()
    found += await leftTimers()
    found += try await values()
    found += try lawOne()
    for group in ["tagger", "segmenter", "scheduler"] { found += try await changes(of: group) }
    found += try await Touches(simulation).faults()
    return found
  }

  // MARK: The log

  /// Events of a topic in the order in which they were appended.
  func events(of topic: String) -> [Event] {
    let log = simulation.log
    return log.appended.filter { $0.partition.topic == topic }.compactMap { position in
      guard let record = log.records(of: position.partition, from: position.offset, max: 1).first,
        record.header(Topic.controlHeader) == nil
      else { return nil }
      return try? EventCodec.decode(record.value ?? [])
    }
  }

  /// Everything that was answered 200 is in the log.
  private func acceptedOnce() -> [String] {
    let inLog = Set(events(of: Topic.events).map { "\($0.subject.key) \($0.id)" })
    return simulation.sender.acknowledged.subtracting(inLog).sorted().map { "answered 200 and not in the log: \($0)" }
  }

  private func leftTimers() async -> [String] {
    await simulation.store.allDue().filter { $0.group == "notifier" && !simulation.isImport || $0.due <= end }
      .map { "\($0.group): a timer of \(String(decoding: $0.key, as: UTF8.self)), due \($0.due.text), is left" }
      .sorted()
  }

  // MARK: Tables against the offline fold

  /// The folds of members and of communities, each from its own topic in the log's order.
  private func folds(until: Instant) throws -> (members: FileFold, communities: FileFold) {
    let program = try FoldProgram(playbook: simulation.playbook.playbook)
    func fold(_ topic: String) -> FileFold {
      var fold = FileFold(program: program, emission: .nothing)
      for event in events(of: topic) { fold.read(event) }
      fold.finish(until: until)
      return fold
    }
    return (fold(Topic.events), fold(Topic.communityEvents))
  }

  private func values() async throws -> [String] {
    let (members, communities) = try folds(until: end)
    var found: [String] = []
    let expected = Tables.states(members, kind: .member).merging(Tables.states(communities, kind: .community)) { $1 }
    let stored = try Tables.projections(await simulation.store.projections(group: "tagger"))
    found += Tables.differences(stored, expected, "states")
    let rows = await simulation.store.tableRows
    found += Tables.differences(Tables.entries(rows), Tables.entries(members), "funnel entries")
    let population = Set(
      simulation.playbook.playbook.segments.compactMap { segment in
        if case .top = segment.rule { segment.name } else { nil }
      }
    )
    let memberships = try Tables.memberships(await simulation.store.projections(group: "segmenter"))
    found += Tables.differences(
      memberships.filter { !population.contains($0.value.segment) }.mapValues(\.since),
      try Tables.memberships(members).filter { !population.contains($0.value.segment) }.mapValues(\.since),
      "rule segments"
    )
    for (segment, asOf) in await simulation.populations.newestInstants(tenant: tenant) {
      let then = try Tables.memberships(try folds(until: asOf).members)
      found += Tables.differences(
        memberships.filter { $0.value.segment == segment }.mapValues { _ in "in" },
        then.filter { $0.value.segment == segment }.mapValues { _ in "in" },
        "population segment \(segment) at \(asOf.text)"
      )
    }
    if await simulation.populations.newestInstants(tenant: tenant).isEmpty { found.append("no population was ranked") }
    found += counts(stored)
    return found
  }

  /// The lifetime count of everything is the number of distinct (subject, id) in the log, counted here on its own.
  private func counts(_ stored: [String: String]) -> [String] {
    var ids: [String: Set<[UInt8]>] = [:]
    for event in events(of: Topic.events) where event.subject.kind == .member && Self.isCounted(event.type) {
      ids[event.subject.path, default: []].insert(Array(event.id.utf8))
    }
    for event in events(of: Topic.communityEvents) where Self.isCounted(event.type) {
      guard let community = event.communitySubject else { continue }
      ids[community.path, default: []].insert(Array(event.id.utf8))
    }
    return ids.sorted { $0.key < $1.key }.compactMap { path, ids in
      let isThere = stored[path]?.contains(#""everything":\#(ids.count)"#) == true
      return isThere ? nil : "\(path): \(ids.count) events in the log, \(stored[path] ?? "no row") in the store"
    }
  }

  private static func isCounted(_ type: String) -> Bool {
    RandomPlaybook.types.contains(type) || type == "touch.delivered" || type == "member.identified"
  }

  // MARK: Law 1

  /// The same events in another order within the bounds, with copies, give the same values byte for byte.
  private func lawOne() throws -> [String] {
    let program = try FoldProgram(playbook: simulation.playbook.playbook)
    let (members, communities) = try folds(until: lastInstant)
    var random = SeededGenerator(seed: simulation.seed ^ 0x1a31)
    var found: [String] = []
    for (topic, kind, first) in [
      (Topic.events, SubjectKind.member, members), (Topic.communityEvents, .community, communities),
    ] {
      var again = FileFold(program: program, emission: .nothing)
      for event in Self.redelivered(events(of: topic), kind, &random) { again.read(event) }
      again.finish(until: lastInstant)
      found += Tables.differences(Tables.states(again, kind: kind), Tables.states(first, kind: kind), "law 1, states")
      guard kind == .member else { continue }
      found += Tables.differences(Tables.entries(again), Tables.entries(first), "law 1, funnel entries")
      let (ours, theirs) = (try Tables.memberships(again), try Tables.memberships(first))
      found += Tables.differences(ours.mapValues(\.since), theirs.mapValues(\.since), "law 1, segments")
    }
    return found
  }

  /// Past every arrival that `redelivered` can draw.
  private var lastInstant: Instant { simulation.now + AcceptanceLimits.lateness }

  private static func redelivered(_ events: [Event], _ kind: SubjectKind, _ random: inout SeededGenerator) -> [Event] {
    var known: Set<String> = []
    var arrivals: [(at: Instant, event: Event)] = []
    for event in events {
      let subject = kind == .member ? event.subject : event.communitySubject ?? event.subject
      guard known.insert("\(subject.key) \(event.id)").inserted else { continue }
      let last = AcceptanceLimits.lateness.milliseconds
      let ahead = -AcceptanceLimits.ahead.milliseconds
      for copy in 0..<(1 + random.below(3)) {
        let delay =
          copy == 0 && random.chance(30)
          ? random.pick([0, last, ahead]) : Int64.random(in: ahead...last, using: &random)
        var one = event
        one.receivedAt = event.time + TimeSpan(milliseconds: delay)
        arrivals.append((one.receivedAt, one))
      }
    }
    return arrivals.shuffled(using: &random).sorted { $0.at < $1.at }.map(\.event)
  }

  // MARK: Law 2

  private static let outputs = [
    "tagger": [Topic.tags, Topic.signals, Topic.funnels], "segmenter": [Topic.segments], "scheduler": [Topic.touches],
  ]

  /// What a service published under faults is what one undisturbed process makes of the same log.
  private func changes(of group: String) async throws -> [String] {
    let topics = Self.outputs[group] ?? []
    // Which of a lane's topics is read first decides which record moves the last of its clocks (`origin`), and which
    // texts of tags are known beyond that clock (`text`).
    let hidden: [String: Set<String>] = group == "scheduler" ? [Topic.touches: ["origin", "text"]] : [:]
    let published = Streams(simulation.log, topics: topics, without: hidden)
    let undisturbed = Streams(try await replay(group), topics: topics, without: hidden)
    var found = published.faults + undisturbed.faults.map { "undisturbed: \($0)" }
    // Under a live clock a touch that comes late, after a pause, is judged at the instant that the least of the lane's
    // clocks passes then, which depends on which topic is read first.
    if group == "scheduler", !simulation.isImport { return found }
    // A lane of several topics passes a tick on wherever the least of its clocks rises: how often that is depends on
    // which topic is read first.
    let difference = published.difference(
      from: undisturbed,
      ("under faults", "undisturbed"),
      comparesControls: group != "scheduler"
    )
    if let difference {
      found.append("law 2, \(group): \(difference)")
    }
    return found
  }

  /// The log that one calm process writes over a copy of what the group reads.
  private func replay(_ group: String) async throws -> MemoryLog {
    let copy = MemoryLog(partitionCount: simulation.log.partitionCount)
    for topic in Simulation.topics[group] ?? [] {
      for record in simulation.log.records(ofTopic: topic) {
        copy.append(
          OutboundRecord(
            topic: topic,
            partition: record.partition.partition,
            key: record.key,
            value: record.value,
            headers: record.headers
          )
        )
      }
    }
    let store = MemoryStore()
    for stored in try await simulation.store.playbooks() { await store.add(stored) }
    let around = Surroundings(log: copy, store: store, metrics: MetricsRegistry(), channel: simulation.channel)
    var fleet = Simulation.fleet(group, around)
    _ = try await fleet.calm(.calm)
    for _ in 0..<100 {
      for process in fleet.processes { try await process.turn() }
      if await fleet.isSettled(copy, store) { return copy }
    }
    throw SimulationFailure("the undisturbed \(group) does not come to the end of the log")
  }
}
