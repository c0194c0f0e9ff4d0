import EventModel
import PipelinePorts
import PipelineRuntime
import PipelineTestSupport

/// The processes of one service and which partitions the group gives to each.
struct Fleet {
  typealias Make = @Sendable (LoopLimits, _ recordsPerPoll: Int, ProcessFaults) -> any ServiceProcess

  let group: String
  let topics: [String]
  private let partitions: Int32
  private let make: Make

  private(set) var processes: [any ServiceProcess] = []
  /// By partition: the index of the process that owns it, as the group sees it.
  private var owners: [Int32: Int] = [:]
  /// Processes that have not heard yet that partitions are no longer theirs.
  private var unaware: [(process: any ServiceProcess, partitions: [PartitionID])] = []
  private(set) var rebalances = 0
  private(set) var hits: [String: Int] = [:]

  init(group: String, topics: [String], partitions: Int32, make: @escaping Make) {
    self.group = group
    self.topics = topics
    self.partitions = partitions
    self.make = make
  }

  /// Every partition that the service reads.
  var places: [PartitionID] {
    topics.flatMap { topic in (0..<partitions).map { PartitionID(topic: topic, partition: $0) } }
  }

  private func places(of numbers: [Int32]) -> [PartitionID] {
    topics.flatMap { topic in numbers.map { PartitionID(topic: topic, partition: $0) } }
  }

  // MARK: Members come and go

  /// Adds a process that owns nothing yet.
  @discardableResult
  mutating func start(_ limits: LoopLimits, recordsPerPoll: Int) async throws -> Int {
    let process = make(limits, recordsPerPoll, ProcessFaults())
    try await process.begin()
    processes.append(process)
    return processes.count - 1
  }

  /// Gives the partitions out anew. An `abrupt` one leaves those who lose some in the belief that they still own them,
  /// until `tellUnaware`.
  mutating func rebalance(to assignment: [Int32: Int], abrupt: Bool) {
    rebalances += 1
    for (index, process) in processes.enumerated() {
      let before = owners.filter { $0.value == index }.keys.sorted()
      let after = assignment.filter { $0.value == index }.keys.sorted()
      let lost = places(of: before.filter { !after.contains($0) })
      if abrupt {
        if !lost.isEmpty { unaware.append((process, lost)) }
        let gained = places(of: after.filter { !before.contains($0) })
        if !gained.isEmpty { process.source.assign(gained) }
      } else {
        // Eager: everything is given back, then everything is given out.
        if !before.isEmpty { process.source.revoke(places(of: before)) }
        if !after.isEmpty { process.source.assign(places(of: after)) }
      }
    }
    owners = assignment
  }

  mutating func tellUnaware() {
    for item in unaware where !item.process.faults.isDead {
      // By now some may be its own again.
      let own = processes.firstIndex { $0 === item.process }
      let lost = item.partitions.filter { owners[$0.partition] != own }
      if !lost.isEmpty { item.process.source.revoke(lost) }
    }
    unaware = []
  }

  /// The process at `index` is gone as by kill -9; another takes its place and its partitions. Returns what it writes
  /// after all, if it was only stopped.
  mutating func replace(_ index: Int, _ limits: LoopLimits, recordsPerPoll: Int) async throws -> [OutboundRecord] {
    let gone = processes[index]
    gone.faults.die()
    hits.merge(gone.faults.hits, uniquingKeysWith: +)
    unaware.removeAll { $0.process === gone }
    let process = make(limits, recordsPerPoll, ProcessFaults())
    try await process.begin()
    processes[index] = process
    let numbers = owners.filter { $0.value == index }.keys.sorted()
    if !numbers.isEmpty { process.source.assign(places(of: numbers)) }
    return gone.faults.takeLate()
  }

  /// All processes go, one comes that owns everything.
  mutating func calm(_ limits: LoopLimits) async throws -> [OutboundRecord] {
    var late: [OutboundRecord] = []
    for process in processes {
      process.faults.die()
      hits.merge(process.faults.hits, uniquingKeysWith: +)
      late += process.faults.takeLate()
    }
    processes = []
    unaware = []
    owners = [:]
    try await start(limits, recordsPerPoll: .max)
    rebalance(to: Dictionary(uniqueKeysWithValues: (0..<partitions).map { ($0, 0) }), abrupt: false)
    return late
  }

  /// Whether the store has folded and published everything that is in the log.
  func isSettled(_ log: MemoryLog, _ store: MemoryStore) async -> Bool {
    for place in places {
      let row = await store.row(group: group, partition: place)
      guard row?.nextOffset ?? 0 == Int64(log.count(of: place)), row?.publishedThrough == row?.outboxPosition else {
        return false
      }
    }
    return true
  }
}

extension LoopLimits {
  /// Flushes at every turn, forgets nothing, waits for nothing.
  static var calm: LoopLimits {
    var limits = LoopLimits()
    limits.overlap = .none
    limits.quietInterval = .zero
    limits.catchUpInterval = .zero
    limits.progressInterval = .zero
    limits.retryFirst = .microseconds(1)
    limits.retryLast = .microseconds(1)
    limits.effectsAtOnce = 1
    // Real time plays no part: what was lost to the fence is claimed again only when the group gives it anew.
    limits.reclaimAfter = .seconds(1_000_000)
    return limits
  }

  /// Small and uneven, as drawn: some processes flush at every turn, some only when many subjects are dirty; some keep
  /// next to nothing in memory.
  static func drawn(_ random: inout SeededGenerator) -> LoopLimits {
    var limits = calm
    if random.chance(40) {
      limits.quietInterval = .seconds(1_000_000)
      limits.catchUpInterval = .seconds(1_000_000)
      limits.dirtySubjectsMax = 1 + random.below(4)
      limits.outputsMax = 1 + random.below(30)
    }
    if random.chance(50) { limits.overlap = .byTurns }
    if random.chance(30) { limits.progressInterval = .seconds(1_000_000) }
    if random.chance(40) { limits.subjectsPerLane = random.below(3) }
    if random.chance(30) { limits.reclaimAfter = .zero }
    if random.chance(50) { limits.recordsPerPoll = 2 + random.below(20) }
    limits.framesPerRead = 1 + random.below(3)
    return limits
  }
}
