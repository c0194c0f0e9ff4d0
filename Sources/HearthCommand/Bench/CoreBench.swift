import Digests
import EventCodec
import EventModel
import Folding
import Glibc
import Playbook

/// `hearth bench core`: the pure core over events in memory, one thread: decode, fold, and the state's binary form.
struct CoreBench {
  struct Result: Sendable {
    var events = 0
    var bytes = 0
    var subjects = 0
    var tagChanges = 0
    var stateBytes = 0
    /// Of all events: SHA-256 of the same bytes by libcrypto, the reference.
    var reference = Duration.zero
    var decode = Duration.zero
    var fold = Duration.zero
    var encodeState = Duration.zero
    var decodeState = Duration.zero

    /// Microseconds an event.
    func each(_ time: Duration) -> Double { time.seconds * 1e6 / Double(max(1, events)) }
  }

  let events: Int
  let members: Int
  let seed: UInt64

  func run() throws -> Result {
    let compiled = try Self.compile(BenchWorkload.playbook(live: false))
    let program = try FoldProgram(playbook: compiled)
    var workload = BenchWorkload(seed: seed, members: members, total: events)
    let lines = workload.records(events).map { $0.value ?? [] }
    var result = Result(events: lines.count, bytes: lines.reduce(0) { $0 + $1.count })
    let clock = ThreadClock()
    result.reference = clock.measure { for line in lines { _ = sha256(line) } }
    var decoded: [Event] = []
    decoded.reserveCapacity(lines.count)
    var failure: DecodeFailure?
    result.decode = clock.measure {
      for line in lines {
        do throws(DecodeFailure) { decoded.append(try EventCodec.decode(line)) } catch { failure = error }
      }
    }
    if let failure { throw failure }
    let folds = fold(decoded, program, clock, &result)
    codeStates(folds, clock, &result)
    return result
  }

  /// Microseconds of the reference an event.
  func reference() throws -> Double {
    var workload = BenchWorkload(seed: seed, members: members, total: events)
    let lines = workload.records(events).map { $0.value ?? [] }
    let time = ThreadClock().measure { for line in lines { _ = sha256(line) } }
    return time.seconds * 1e6 / Double(max(1, lines.count))
  }

  private func fold(
    _ events: [Event],
    _ program: FoldProgram,
    _ clock: ThreadClock,
    _ result: inout Result
  ) -> [SubjectFold] {
    var places: [[UInt8]: Int] = [:]
    var folds: [SubjectFold] = []
    var changes = 0
    let keys = events.map { Array($0.subject.key.utf8) }
    result.fold = clock.measure {
      for (event, key) in zip(events, keys) {
        let place: Int
        if let known = places[key] {
          place = known
        } else {
          place = folds.count
          places[key] = place
          folds.append(SubjectFold(subject: event.subject))
        }
        for fired in folds[place].tagging.advance(through: event.receivedAt, program: program.member) {
          changes += fired.tags.count
        }
        changes += folds[place].tagging.apply(event, program: program.member).tags.count
      }
    }
    result.subjects = folds.count
    result.tagChanges = changes
    return folds
  }

  private func codeStates(_ folds: [SubjectFold], _ clock: ThreadClock, _ result: inout Result) {
    var encoded: [[UInt8]] = []
    encoded.reserveCapacity(folds.count)
    result.encodeState = clock.measure { for fold in folds { encoded.append(fold.encoded()) } }
    result.stateBytes = encoded.reduce(0) { $0 + $1.count }
    result.decodeState = clock.measure { for bytes in encoded { _ = try? SubjectFold(decoding: bytes) } }
  }

  private static func compile(_ text: String) throws -> CompiledPlaybook {
    try PlaybookCompiler.compile([PlaybookFile(name: "bench.yaml", text: text)]).playbook
  }
}

/// CPU time of the calling thread: what others do on the machine counts less than on the wall's clock.
struct ThreadClock {
  func measure(_ work: () -> Void) -> Duration {
    let before = Self.now()
    work()
    return Self.now() - before
  }

  private static func now() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
