import EventCodec
import EventModel
import PipelinePorts

/// How the items of a body are cut.
package enum BatchForm: Sendable {
  case array
  case lines
  case single
}

/// What became of a batch, item by item in its order.
package struct BatchOutcome: Sendable {
  /// One item's verdict.
  package struct Item: Hashable, Sendable {
    /// `nil` where it could not be read.
    package var id: String?
    /// `nil`: accepted.
    package var failure: DecodeFailure?
  }
  /// In the order of the batch.
  package var items: [Item]
  /// How many were refused.
  package var rejected: Int { items.count { $0.failure != nil } }
  /// How many were accepted.
  package var accepted: Int { items.count - rejected }
}

/// One batch: cut, judge, write, answer.
package struct BatchAcceptance: Sendable {
  private let judge: ItemJudge
  private let sink: DurableSink
  private let rate: SubjectRate
  private let observer: any IngestObserver
  private let limits: IngestLimits

  package init(
    schemas: any EventSchemaCheck,
    sink: DurableSink,
    limits: IngestLimits,
    observer: any IngestObserver = SilentObserver()
  ) {
    self.judge = ItemJudge(schemas: schemas)
    self.sink = sink
    self.rate = SubjectRate(limits: limits)
    self.observer = observer
    self.limits = limits
  }

  /// Judges every item and writes events, copies and dead letters in one call; returns when all are acknowledged.
  ///
  /// `receivedAt` nil takes each event as received at its own time, and without a limit of rate: an import. Items
  /// before `skip` are left out: they were written before.
  package func accept(
    _ body: [UInt8],
    items: [Range<Int>],
    tenant: String,
    receivedAt: Instant?,
    now: Instant,
    skip: Int = 0
  ) async throws(AdapterFailure) -> BatchOutcome {
    let (outcome, records) = judgeAll(
      body,
      items: items.dropFirst(skip),
      arrival: Arrival(tenant: tenant, receivedAt: receivedAt),
      now: now
    )
    try await sink.write(records)
    report(outcome)
    return outcome
  }

  private func judgeAll(
    _ body: [UInt8],
    items: ArraySlice<Range<Int>>,
    arrival: Arrival,
    now: Instant
  ) -> (BatchOutcome, [OutboundRecord]) {
    var outcome = BatchOutcome(items: [])
    var records: [OutboundRecord] = []
    outcome.items.reserveCapacity(items.count)
    records.reserveCapacity(items.count * 2)
    body.withUnsafeBufferPointer { buffer in
      for item in items {
        let bytes = UnsafeBufferPointer(rebasing: buffer[item])
        let verdict = judge.judge(bytes, arrival: arrival) { arrival.receivedAt == nil || rate.admit($0, at: now) }
        switch verdict {
        case .accepted(let event):
          records.append(contentsOf: EventRecords.accepted(event))
          outcome.items.append(.init(id: event.id, failure: nil))
        case .rejected(let failure, let id, let subject):
          records.append(
            EventRecords.deadLetter(
              failure,
              payload: bytes,
              tenant: arrival.tenant,
              subject: subject,
              at: now,
              payloadBytesMax: limits.deadLetterPayloadBytesMax
            )
          )
          outcome.items.append(.init(id: id, failure: failure))
        }
      }
    }
    return (outcome, records)
  }

  private func report(_ outcome: BatchOutcome) {
    if outcome.accepted > 0 { observer.accepted(outcome.accepted) }
    var counts: [FailureClass: Int] = [:]
    for item in outcome.items {
      if let failure = item.failure { counts[failure.failureClass, default: 0] += 1 }
    }
    for failureClass in FailureClass.allCases {
      if let count = counts[failureClass] { observer.rejected(failureClass, count) }
    }
  }
}

extension BatchForm {
  /// The items' places in `body`. Throws class `json` or `size`: the whole request is refused.
  package func items(of body: [UInt8], itemsMax: Int) throws(DecodeFailure) -> [Range<Int>] {
    try body.withUnsafeBufferPointer { (buffer) throws(DecodeFailure) in
      switch self {
      case .array: try BatchSplitter.elements(of: buffer, itemsMax: itemsMax)
      case .lines: try BatchSplitter.lines(of: buffer, itemsMax: itemsMax)
      case .single: [0..<body.count]
      }
    }
  }
}
