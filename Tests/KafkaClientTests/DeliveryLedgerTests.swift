import KafkaClient
import PipelinePorts
import Testing

@Suite("The account of records under way")
struct DeliveryLedgerTests {
  private func records(_ count: Int, bytes: Int = 10) -> [OutboundRecord] {
    (0..<count).map { _ in OutboundRecord(topic: "t", key: [], value: [UInt8](repeating: 0, count: bytes)) }
  }

  private func failure(_ code: String, _ disposition: Disposition, possiblyApplied: Bool = false) -> Delivery {
    .failed(AdapterFailure(code: code, reason: "", disposition: disposition, possiblyApplied: possiblyApplied))
  }

  private func opened(_ ledger: inout DeliveryLedger, _ records: [OutboundRecord]) throws -> UInt32 {
    guard case .opened(let number) = ledger.open(records) else { throw TestTimeout(waitingFor: "room") }
    return number
  }

  @Test("reports in any order give the positions in the order of the call")
  func positions() throws {
    var ledger = DeliveryLedger(recordsMax: 10, bytesMax: 1_000)
    let number = try opened(&ledger, records(3))
    #expect(ledger.deliver(number, 2, .written(partition: 1, offset: 7)) == nil)
    #expect(ledger.deliver(number, 0, .written(partition: 0, offset: 5)) == nil)
    let outcome = ledger.deliver(number, 1, .written(partition: 1, offset: 6))
    let positions = try #require(try outcome?.get())
    #expect(positions.map(\.offset) == [5, 6, 7])
    #expect(positions.map(\.partition.partition) == [0, 1, 1])
    #expect(ledger.isIdle && ledger.recordCount == 0 && ledger.byteCount == 0)
    #expect(ledger.deliver(number, 1, .written(partition: 1, offset: 6)) == nil, "a stray report does nothing")
  }

  @Test("room is taken for a whole call or not at all, in records and in bytes")
  func room() throws {
    var ledger = DeliveryLedger(recordsMax: 10, bytesMax: 100)
    let number = try opened(&ledger, records(6))
    for refused in [records(5), records(1, bytes: 41)] {
      guard case .refused(let failure) = ledger.open(refused) else {
        Issue.record("expected no room")
        continue
      }
      #expect(failure.code == "_QUEUE_FULL" && failure.disposition == .retriable && !failure.possiblyApplied)
    }
    #expect(ledger.recordCount == 6 && ledger.byteCount == 60)
    for never in [records(11), records(1, bytes: 101)] {
      guard case .refused(let failure) = ledger.open(never) else {
        Issue.record("expected a refusal")
        continue
      }
      #expect(failure.disposition == .permanent)
    }
    for index in 0..<6 { _ = ledger.deliver(number, index, .written(partition: 0, offset: 0)) }
    _ = try opened(&ledger, records(10))
  }

  @Test("the gravest failure stands for the call, which may be applied when any record was")
  func failures() throws {
    var ledger = DeliveryLedger(recordsMax: 100, bytesMax: 10_000)
    let cases: [([Delivery], String, Bool)] = [
      ([failure("a", .retriable), failure("b", .retriable)], "a", false),
      ([failure("a", .retriable), failure("b", .permanent)], "b", false),
      ([failure("a", .permanent), failure("b", .fatal)], "b", false),
      ([failure("a", .permanent), failure("b", .retriable, possiblyApplied: true)], "a", true),
      ([.written(partition: 0, offset: 1), failure("b", .retriable)], "b", true),
    ]
    for (deliveries, code, possiblyApplied) in cases {
      let number = try opened(&ledger, records(2))
      #expect(ledger.deliver(number, 0, deliveries[0]) == nil)
      guard case .failure(let failure)? = ledger.deliver(number, 1, deliveries[1]) else {
        Issue.record("expected a failure")
        continue
      }
      #expect(failure.code == code && failure.possiblyApplied == possiblyApplied)
    }
  }
}
