import EventCodec
import EventModel
import NotifierService
import PipelinePorts
import PipelineRuntime
import PipelineTestSupport
import Playbook
import SchedulerService
import SegmenterService
import TaggerService

/// The five services over one log and one store in memory. One seed is one schedule: what is sent when, who turns next,
/// which process dies where, which commit fails, who leads, how clocks go. Nothing here reads a clock or waits.
struct Simulation {
  let seed: UInt64
  let playbook: RandomPlaybook
  let log: MemoryLog
  let store = MemoryStore()
  let populations: MemoryPopulations
  let channel: FakeChannel
  let metrics = MetricsRegistry()
  let isImport: Bool

  var random: SeededGenerator
  var sender: Sender
  var fleets: [Fleet] = []
  var now: Instant
  let storeClock: ManualClock
  /// How far the store's clock is off.
  var storeOffset = TimeSpan(milliseconds: 0)
  var ticks: [(writer: TickWriter, lead: ManualLeadership, progress: TickWriter.Progress)] = []
  var rankings: [(leader: PopulationLeader, lead: ManualLeadership, progress: PopulationLeader.Progress)] = []
  /// Messages of processes that were stopped and have not woken yet.
  var late: [(since: Instant, records: [OutboundRecord])] = []
  /// When all services had last folded everything.
  private var caughtUpAt: Instant
  private(set) var steps = 0
  private(set) var lateWrites = 0

  /// No service is further behind than this: `touch.delivered` goes from the notifier into the log without ingest's
  /// judgement, and past the lateness bound nothing is promised of it.
  private static let behindMax = TimeSpan.hours(30)
  /// A stopped process wakes within this time.
  private static let sleepMax = TimeSpan.hours(24)

  static let topics: [String: [String]] = [
    "tagger": [Topic.events, Topic.communityEvents],
    "segmenter": [Topic.signals],
    "scheduler": [Topic.segments, Topic.events, Topic.communityEvents, Topic.tags],
    "notifier": [Topic.touches],
  ]
  static let groups = ["tagger", "segmenter", "scheduler", "notifier"]

  init(seed: UInt64) throws {
    self.seed = seed
    random = SeededGenerator(seed: seed ^ 0x5eed)
    isImport = random.chance(25)
    playbook = try RandomPlaybook(seed: seed, clock: isImport ? .log : .live)
    log = MemoryLog(partitionCount: Int32(1 + random.below(3)))
    populations = MemoryPopulations(store: store)
    channel = FakeChannel(seed: seed)
    sender = Sender(
      planned: RandomEvents.make(seed: seed, start: playbook.start, isImport: isImport),
      log: log,
      isImport: isImport
    )
    now = playbook.start
    caughtUpAt = playbook.start
    storeClock = ManualClock(playbook.start)
    let around = Surroundings(log: log, store: store, metrics: metrics, channel: channel)
    fleets = Self.groups.map { Self.fleet($0, around) }
    for _ in 0..<2 { addLeaders() }
  }

  static func fleet(_ group: String, _ around: Surroundings) -> Fleet {
    Fleet(group: group, topics: topics[group] ?? [], partitions: around.log.partitionCount) { limits, records, faults in
      switch group {
      case "tagger": around.process(TaggerProcessor(), limits: limits, recordsPerPoll: records, faults: faults)
      case "segmenter": around.process(SegmenterProcessor(), limits: limits, recordsPerPoll: records, faults: faults)
      case "scheduler": around.process(SchedulerProcessor(), limits: limits, recordsPerPoll: records, faults: faults)
      default: around.notifier(limits: limits, recordsPerPoll: records, faults: faults)
      }
    }
  }

  private mutating func addLeaders() {
    let log = log
    let makeSink: @Sendable () async throws(AdapterFailure) -> any EventSink = { () throws(AdapterFailure) in
      MemorySink(log)
    }
    let lead = ManualLeadership()
    let writer = TickWriter(
      leadership: lead,
      outlook: MemoryTimerOutlook(store: store, clock: storeClock),
      makeSink: makeSink,
      partitions: [Topic.events: log.partitionCount, Topic.communityEvents: log.partitionCount],
      metrics: metrics,
      logger: .silent
    )
    ticks.append((writer, lead, TickWriter.Progress()))
    let ranking = ManualLeadership()
    let leader = PopulationLeader(
      leadership: ranking,
      snapshots: populations,
      playbooks: store,
      makeSink: makeSink,
      partitions: log.partitionCount,
      metrics: metrics,
      logger: .silent
    )
    rankings.append((leader, ranking, PopulationLeader.Progress()))
  }

  // MARK: The schedule

  /// Runs the whole schedule under faults, then lets everything settle.
  mutating func run() async throws {
    await prepare()
    for index in fleets.indices { try await changeMembers(of: index) }
    while !sender.isDone {
      steps += 1
      try await step()
    }
    // Under faults to the end of the backlog, too.
    for _ in 0..<random.below(60) { try await step() }
    try await settle()
  }

  private func prepare() async {
    await store.add(
      StoredPlaybook(
        tenant: RandomPlaybook.tenant,
        version: RandomPlaybook.version,
        files: [.init(name: "playbook.yaml", text: playbook.text)]
      )
    )
    let activation = ControlRecord.activate(tenant: RandomPlaybook.tenant, version: RandomPlaybook.version)
    for topic in [Topic.events, Topic.communityEvents] {
      for partition in 0..<log.partitionCount {
        log.append(ControlMessage.record(activation, topic: topic, partition: partition))
      }
    }
  }

  private mutating func step() async throws {
    switch random.below(100) {
    case 0..<10: await send()
    case 10..<19: try await advanceClock()
    case 19..<25: await tick()
    case 25..<28: await rank()
    case 28..<30: try await changeMembers(of: random.below(fleets.count))
    case 30..<32: fleets[random.below(fleets.count)].tellUnaware()
    case 32..<37: arm()
    case 37..<38: try await kill(random.below(fleets.count), nil)
    case 38..<39: wakeLate()
    default: try await turn(random.below(fleets.count))
    }
  }

  private mutating func send() async {
    let skew = TimeSpan(milliseconds: Int64(random.below(60_000)) - 30_000)
    let cutTo = random.chance(12) ? random.below(6) : nil
    await sender.send(now: now, skew: skew, count: 1 + random.below(4), cutTo: cutTo)
  }

  private mutating func advanceClock() async throws {
    let far = sender.nextArrival.map { $0 > now } ?? false
    if far, random.chance(60), let next = sender.nextArrival {
      now = next
    } else {
      now = now + TimeSpan(milliseconds: Int64(random.below(random.pick([2_000, 300_000, 6 * 3_600_000]))))
    }
    // The store's clock stumbles back now and then; the log's never does.
    if random.chance(10) { storeOffset = TimeSpan(milliseconds: random.chance(50) ? -3_600_000 : 0) }
    storeClock.set(now + storeOffset)
    // What deduplication remembers is bounded: nobody wakes after days.
    while let first = late.first, first.since + Self.sleepMax < now { wakeLate() }
    if !isImport, now - caughtUpAt > Self.behindMax { try await catchUp() }
  }

  private mutating func catchUp() async throws {
    try await calm()
    caughtUpAt = now
    for index in fleets.indices { try await changeMembers(of: index) }
  }

  private mutating func tick() async {
    if random.chance(15) {
      let leader = random.below(ticks.count)
      for index in ticks.indices { ticks[index].lead.set(index == leader) }
    }
    guard !isImport else { return }
    for index in ticks.indices { await ticks[index].writer.turn(&ticks[index].progress) }
  }

  private mutating func rank() async {
    if random.chance(30) {
      let leader = random.below(rankings.count)
      for index in rankings.indices { rankings[index].lead.set(index == leader) }
    }
    for index in rankings.indices { await rankings[index].leader.turn(&rankings[index].progress) }
  }

  private mutating func arm() {
    let index = random.below(fleets.count)
    guard let process = fleets[index].processes.randomElement(using: &random) else { return }
    if random.chance(60) {
      process.faults.arm(random.pick(CrashPoint.allCases))
    } else {
      process.faults.queue(random.pick(CommitFate.allCases))
    }
  }

  private mutating func changeMembers(of index: Int) async throws {
    if fleets[index].processes.count < 3, fleets[index].processes.isEmpty || random.chance(50) {
      try await fleets[index].start(.drawn(&random), recordsPerPoll: 1 + random.below(40))
    }
    let count = 1 + random.below(fleets[index].processes.count)
    var assignment: [Int32: Int] = [:]
    for partition in 0..<log.partitionCount { assignment[partition] = random.below(count) }
    fleets[index].rebalance(to: assignment, abrupt: random.chance(40))
  }

  private mutating func kill(_ fleet: Int, _ process: Int?) async throws {
    let index = process ?? random.below(fleets[fleet].processes.count)
    let left = try await fleets[fleet].replace(index, .drawn(&random), recordsPerPoll: 1 + random.below(40))
    if !left.isEmpty { late.append((now, left)) }
  }

  mutating func wakeLate() {
    guard !late.isEmpty else { return }
    for record in late.removeFirst().records { log.append(record) }
    lateWrites += 1
  }

  private mutating func turn(_ fleet: Int) async throws {
    let index = random.below(fleets[fleet].processes.count)
    let process = fleets[fleet].processes[index]
    do {
      try await process.turn()
    } catch {
      guard process.faults.isDead else { throw error }
    }
    if process.faults.isDead { try await kill(fleet, index) }
  }
}
