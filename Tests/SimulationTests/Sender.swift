import EventCodec
import EventModel
import IngestService
import PipelinePorts
import PipelineTestSupport

/// Admits every event: types and schemas are tested elsewhere.
private struct EverySchema: EventSchemaCheck {
  func failure(of event: Event) -> DecodeFailure? { nil }
}

/// Writes to the log; told to, only the first records of a call arrive and the call fails.
private final class IngestSink: EventSink {
  private let log: MemoryLog
  private let cut: Cut

  init(_ log: MemoryLog, cut: Cut) {
    self.log = log
    self.cut = cut
  }

  func write(_ records: [OutboundRecord]) async throws(AdapterFailure) -> [WrittenPosition] {
    guard let count = cut.take(of: records.count) else { return records.map { log.append($0) } }
    for record in records.prefix(count) { log.append(record) }
    throw AdapterFailure(code: "TEST", reason: "cut", disposition: .retriable, possiblyApplied: true)
  }

  func close() async {}
}

/// People's side: sends what is planned to ingest, again where no 200 came, and remembers what was answered.
struct Sender {
  private let log: MemoryLog
  private let acceptance: BatchAcceptance
  private let sink: DurableSink
  private let cut = Cut()
  private let isImport: Bool
  private let partitions: Int32

  private(set) var planned: [PlannedEvent]
  /// Place in `planned` of what was not answered yet.
  private var next = 0
  /// (key of the first subject, id) of events that were answered 200.
  private(set) var acknowledged: Set<String> = []
  private(set) var refused: [String: Int] = [:]
  private(set) var failures = 0

  init(planned: [PlannedEvent], log: MemoryLog, isImport: Bool) {
    self.planned = planned
    self.log = log
    self.isImport = isImport
    partitions = log.partitionCount
    sink = DurableSink(sink: IngestSink(log, cut: cut))
    acceptance = BatchAcceptance(schemas: EverySchema(), sink: sink, limits: IngestLimits())
  }

  var isDone: Bool { next == planned.count }
  /// When the next event comes.
  var nextArrival: Instant? { next < planned.count ? planned[next].arrival : nil }

  /// Sends up to `count` events that have come by `now`; `cutTo` lets the broker fail within the call. A failed batch
  /// is sent again, then perhaps with others behind it.
  mutating func send(now: Instant, skew: TimeSpan, count: Int, cutTo: Int?) async {
    var batch: [Event] = []
    while batch.count < count, next + batch.count < planned.count, planned[next + batch.count].arrival <= now {
      batch.append(planned[next + batch.count].event)
    }
    guard let first = batch.first else { return }
    cut.set(cutTo)
    do throws(AdapterFailure) {
      if isImport { try await tick(Self.tickUnit(before: first.time), ends: false) }
      let outcome = try await accept(batch, at: isImport ? nil : now + skew)
      for (event, item) in zip(batch, outcome.items) {
        if let failure = item.failure {
          refused[failure.failureClass.rawValue, default: 0] += 1
        } else {
          acknowledged.insert("\(event.subject.key) \(event.id)")
        }
      }
      next += batch.count
    } catch {
      failures += 1
    }
    cut.set(nil)
  }

  private func accept(_ batch: [Event], at receivedAt: Instant?) async throws(AdapterFailure) -> BatchOutcome {
    var body: [UInt8] = []
    var items: [Range<Int>] = []
    for event in batch {
      let start = body.count
      EventCodec.encode(event, to: &body)
      items.append(start..<body.count)
    }
    return try await acceptance.accept(
      body,
      items: items,
      tenant: RandomPlaybook.tenant,
      receivedAt: receivedAt,
      now: receivedAt ?? batch[0].time
    )
  }

  /// A tick of the import into every partition.
  func tick(_ time: Instant, ends: Bool) async throws(AdapterFailure) {
    for topic in [Topic.events, Topic.communityEvents] {
      try await sink.write(
        (0..<partitions).map {
          EventRecords.tick(tenant: RandomPlaybook.tenant, time: time, topic: topic, partition: $0, ends: ends)
        }
      )
    }
  }

  private static func tickUnit(before instant: Instant) -> Instant {
    let unit: Int64 = 6 * 3_600_000
    return Instant(milliseconds: floorDivide(instant.milliseconds, unit).quotient * unit)
  }
}
