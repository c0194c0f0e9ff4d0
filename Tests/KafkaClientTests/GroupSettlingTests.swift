import KafkaClient
import PipelinePorts
import Testing

@Suite("A group on the embedded broker")
struct GroupSettlingTests {
  private static let members = 8
  private static let partitionsEach = 2

  /// What a member is told until it has been quiet for longer than a member that was refused takes to come back.
  private static func assignments(of source: KafkaEventSource) async throws -> [Int] {
    var counts: [Int] = []
    let first = try await source.next("the first assignment")
    guard case .assigned(let partitions) = first else { return [] }
    counts.append(partitions.count)
    try await source.start(at: Dictionary(partitions.map { ($0, 0) }, uniquingKeysWith: { $1 }))
    // A refused member joins at once, and the others are told with their next heartbeat, 2 s apart.
    while let happening = await source.poll(timeout: .seconds(4), recordsMax: 10) {
      if case .assigned(let partitions) = happening { counts.append(partitions.count) }
      if case .revoked = happening { counts.append(0) }
    }
    return counts
  }

  @Test("members that join together settle in one round: the leader syncs last")
  func oneRound() async throws {
    let topic = try await TestBroker.embedded.makeTopic(partitions: Int32(Self.members * Self.partitionsEach))
    let sources = try (0..<Self.members).map { _ in try TestBroker.embedded.makeSource([topic], group: topic) }
    let told = try await withThrowingTaskGroup(of: [Int].self) { group in
      for source in sources { group.addTask { try await Self.assignments(of: source) } }
      return try await group.reduce(into: [[Int]]()) { $0.append($1) }
    }
    for source in sources { await source.close() }
    #expect(told == Array(repeating: [Self.partitionsEach], count: Self.members))
  }
}
