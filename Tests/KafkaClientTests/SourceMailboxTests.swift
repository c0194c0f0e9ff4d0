import KafkaClient
import PipelinePorts
import Testing

@Suite("The hand-over between polling thread and owner")
struct SourceMailboxTests {
  private let first = PartitionID(topic: "t", partition: 0)
  private let second = PartitionID(topic: "t", partition: 1)

  private func records(_ partition: PartitionID, _ offsets: Range<Int64>) -> [LogRecord] {
    offsets.map { LogRecord(partition: partition, offset: $0, key: [1], value: [2, 3]) }
  }

  private func text(_ happening: SourceHappening?) -> String {
    switch happening {
    case .records(let records)?:
      "records " + records.map { "\($0.partition.partition):\($0.offset)" }.joined(separator: " ")
    case .assigned(let partitions)?: "assigned \(partitions.map(\.partition))"
    case .revoked(let partitions)?: "revoked \(partitions.map(\.partition))"
    case .outOfRange(let partition, let position, let low)?: "outOfRange \(partition.partition) \(position) \(low)"
    case .failure(let failure)?: "failure \(failure.code)"
    case nil: "nothing"
    }
  }

  private func drain(_ mailbox: inout SourceMailbox, recordsMax: Int = 100) -> [String] {
    var texts: [String] = []
    while let happening = mailbox.take(recordsMax: recordsMax) { texts.append(text(happening)) }
    return texts
  }

  @Test("records of several fetches are joined up to the caller's number, in order")
  func joins() {
    var mailbox = SourceMailbox()
    mailbox.append(records(first, 0..<3))
    mailbox.append(records(second, 0..<3))
    #expect(drain(&mailbox, recordsMax: 4) == ["records 0:0 0:1 0:2 1:0", "records 1:1 1:2"])
    #expect(mailbox.recordCount == 0 && mailbox.byteCount == 0)
  }

  @Test("an assignment that was never read vanishes with its revocation")
  func unseenAssignment() {
    var mailbox = SourceMailbox()
    mailbox.assigned([first, second])
    mailbox.revoked([first, second])
    #expect(mailbox.isEmpty && mailbox.mayRelease)
    #expect(!mailbox.mayStart(first))
  }

  @Test("undelivered records of a revoked partition are dropped, those of others stay")
  func dropsRevoked() {
    var mailbox = SourceMailbox()
    mailbox.assigned([first, second])
    _ = drain(&mailbox)
    mailbox.append(records(first, 0..<2) + records(second, 5..<7))
    mailbox.outOfRange(first, position: 9, low: 3)
    mailbox.revoked([first])
    #expect(drain(&mailbox) == ["records 1:5 1:6", "revoked [0]"])
    #expect(mailbox.recordCount == 0 && mailbox.byteCount == 0)
    #expect(!mailbox.mayStart(first) && mailbox.mayStart(second))
  }

  @Test("a partition may be started only between the reading of its assignment and the next revocation, read or not")
  func startWindow() {
    var mailbox = SourceMailbox()
    mailbox.assigned([first])
    #expect(!mailbox.mayStart(first), "not read yet")
    _ = mailbox.take(recordsMax: 1)
    #expect(mailbox.mayStart(first))
    mailbox.revoked([first])
    mailbox.assigned([first])
    #expect(!mailbox.mayStart(first), "the owner's offsets would answer the older assignment")
    #expect(drain(&mailbox) == ["revoked [0]", "assigned [0]"])
    #expect(mailbox.mayStart(first))
  }

  @Test("a revocation is held until the owner has read it and come back, or its time is over")
  func holdsRevocation() {
    var mailbox = SourceMailbox()
    mailbox.assigned([first])
    _ = mailbox.take(recordsMax: 1)
    mailbox.revoked([first])
    mailbox.ownerCameBack()
    #expect(!mailbox.mayRelease, "it came back before it had read")
    _ = mailbox.take(recordsMax: 1)
    #expect(!mailbox.mayRelease, "it is still at work")
    mailbox.ownerCameBack()
    #expect(mailbox.mayRelease)

    mailbox.assigned([first])
    _ = mailbox.take(recordsMax: 1)
    mailbox.revoked([first])
    mailbox.releaseAnyway()
    #expect(mailbox.mayRelease)
    #expect(drain(&mailbox) == ["revoked [0]"], "the owner hears of it all the same")
  }

  @Test("records of a paused partition stay back uncounted, and come first when it is resumed")
  func holdsPaused() {
    var mailbox = SourceMailbox(limits: .init(recordsMax: 4, bytesMax: 1 << 20))
    mailbox.assigned([first, second])
    _ = drain(&mailbox)
    mailbox.append(records(first, 0..<3) + records(second, 0..<1))
    #expect(mailbox.isFull)
    mailbox.pause([first])
    #expect(!mailbox.isFull && mailbox.recordCount == 1)
    #expect(drain(&mailbox) == ["records 1:0"])
    mailbox.resume([first])
    mailbox.append(records(first, 3..<4))
    #expect(drain(&mailbox) == ["records 0:0 0:1 0:2 0:3"])
    mailbox.append(records(first, 4..<6))
    mailbox.pause([first])
    mailbox.revoked([first])
    mailbox.resume([first])
    #expect(drain(&mailbox) == ["revoked [0]"])
  }

  @Test("a new start drops what was read from the old position, held back or not")
  func restart() {
    var mailbox = SourceMailbox()
    mailbox.assigned([first, second])
    _ = drain(&mailbox)
    mailbox.append(records(first, 0..<3) + records(second, 0..<3))
    mailbox.pause([second])
    mailbox.restart([first, second])
    mailbox.resume([second])
    #expect(drain(&mailbox).isEmpty && mailbox.recordCount == 0)
  }

  @Test("failures of one code wait once, and as many codes as the limit")
  func failures() {
    var mailbox = SourceMailbox()
    for index in 0..<100 {
      mailbox.failed(AdapterFailure(code: "code \(index % 20)", reason: "", disposition: .retriable))
    }
    #expect(drain(&mailbox).count == SourceMailbox.failuresMax)
    mailbox.failed(AdapterFailure(code: "code 0", reason: "", disposition: .retriable))
    #expect(drain(&mailbox) == ["failure code 0"])
  }

  @Test(
    "any order of calls: an owner sees each partition's records once, in order, and only while it owns it",
    arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8]
  )
  func anyOrder(seed: UInt64) {
    var generator = SplitMix(state: seed)
    var mailbox = SourceMailbox(limits: .init(recordsMax: 50, bytesMax: 1 << 20))
    // The thread's view, then the owner's.
    var isAssigned = false
    var isStarted = false
    var fetched: Int64 = 0
    var owns = false
    var expected: Int64 = 0
    for step in 0..<3_000 {
      switch Int.random(in: 0..<8, using: &generator) {
      case 0 where !isAssigned: (isAssigned, isStarted) = (true, false); mailbox.assigned([first])
      case 1 where isAssigned: (isAssigned, isStarted) = (false, false); mailbox.revoked([first])
      case 2 where isAssigned && owns && mailbox.mayStart(first):
        isStarted = true
        mailbox.restart([first])
        fetched = expected
      case 3, 4:
        guard isStarted, !mailbox.isFull else { continue }
        mailbox.append(records(first, fetched..<fetched + 3))
        fetched += 3
      case 5: mailbox.pause([first]); mailbox.resume([first])
      default:
        mailbox.ownerCameBack()
        switch mailbox.take(recordsMax: 2) {
        case .assigned?: owns = true
        case .revoked?: owns = false
        case .records(let records)?:
          #expect(owns, "seed \(seed), step \(step)")
          #expect(
            records.map(\.offset) == Array(expected..<expected + Int64(records.count)),
            "seed \(seed), step \(step)"
          )
          expected += Int64(records.count)
        default: break
        }
      }
    }
    #expect(expected > 100, "seed \(seed)")
  }
}
