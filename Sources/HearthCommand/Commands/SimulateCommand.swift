import ArgumentParser
import EventCodec
import EventModel
import Foundation
import PipelineRuntime
import Simulation

/// `hearth simulate`: a brand that does not exist, as a file or as a stream.
struct SimulateCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "simulate",
      abstract: "Simulate a mother-and-baby brand (模拟): members, communities, orders, and truths to be found.",
      discussion: """
        The same options give the same events, byte for byte. --output writes a file for `hearth fold --events` and for \
        `hearth import` (services/demo/brand/mapping.yaml). --to streams to a running ingest at --rate: times are then \
        those of sending, so a month passes in minutes and the planted truths do not show. Truths that can be planted: \
        \(PlantedTruth.allCases.map(\.rawValue).joined(separator: ", ")).
        """
    )
  }

  @Option(help: "Any number; it decides everything that is drawn.") var seed: UInt64 = 1
  @Option(help: "Days, \(Self.text(SimulationSettings.dayBounds)).") var days = 30
  @Option(help: "Communities of all kinds, \(Self.text(SimulationSettings.communityBounds)).") var communities = 12
  @Option(help: "Members, \(Self.text(SimulationSettings.memberBounds)).") var members = 1800
  @Option(help: "The first day, in Asia/Shanghai.") var start: String = SimulationSettings.defaultStart.text
  @Option(help: "What to plant: all, none, or names with commas.") var plant = "all"
  @Option(help: "The tenant that the events name; a stream takes its key's.")
  var tenant: String = SimulationSettings.defaultTenant
  @Flag(help: "Tell what was planted.") var truths = false
  @Flag(help: "With --truths: one JSON object a line.") var json = false
  @Option(name: [.short, .long], help: "Write the events here, one CloudEvent a line; - for standard output.")
  var output: String?
  @Option(help: "Stream to ingest at http://HOST:PORT.") var to: String?
  @Option(help: "A write key, or the path of a file that holds one. Default: HEARTH_WRITE_KEY.") var key: String?
  @Option(help: "With --to: events a second, \(Self.text(LiveTimes.rateBounds)), like 200/s.") var rate = "100/s"

  private static func text(_ bounds: ClosedRange<Int>) -> String { "\(bounds.lowerBound) to \(bounds.upperBound)" }

  func run() async throws {
    try checkOptions()
    let rate = try eventsPerSecond()
    let file = try output.map(Self.file)
    let client = try to.map { address throws(CommandFailure) in
      try EventClient(address: address, key: try ImportCommand.writeKey(key))
    }
    let brand = SimulatedBrand(settings: try settings(tenant: client.map { try $0.tenant() } ?? tenant))
    if truths { tell(brand) }
    guard output != nil || client != nil else { return }
    Terminal.error("模拟 simulated: seed \(seed), \(days) days from \(start), \(members) members")
    let events = brand.events()
    if let file { try write(events, to: file) }
    if let client { try await stream(events, to: client, eventsPerSecond: rate) }
  }

  // MARK: - Options

  private func checkOptions() throws(CommandFailure) {
    if output == nil, to == nil, !truths {
      throw CommandFailure(
        .usage,
        "nothing to do",
        at: "hearth simulate",
        expected: "--output, --to or --truths",
        next: "hearth simulate --output brand.ndjson"
      )
    }
    if output == "-", truths || to != nil {
      throw CommandFailure(
        .usage,
        "standard output is taken",
        at: "--output",
        expected: "a file beside --truths or --to",
        got: "-",
        next: "hearth simulate --truths --output brand.ndjson"
      )
    }
    if to == nil { try TenantName.check(tenant) }
  }

  private func settings(tenant: String) throws(CommandFailure) -> SimulationSettings {
    guard let first = LocalDate(text: start) else {
      throw CommandFailure(
        .usage,
        "date cannot be read",
        at: "--start",
        expected: "YYYY-MM-DD",
        got: start,
        next: "give one like \(SimulationSettings.defaultStart.text)"
      )
    }
    let planted = try planted()
    do throws(SimulationFault) {
      return try SimulationSettings(
        seed: seed,
        start: first,
        days: days,
        communities: communities,
        members: members,
        planted: planted,
        tenant: tenant
      )
    } catch {
      throw CommandFailure(
        .usage,
        "\(error.setting) cannot be used",
        at: "--\(error.setting)",
        expected: error.expected,
        got: error.got,
        next: "hearth simulate --help"
      )
    }
  }

  private func planted() throws(CommandFailure) -> Set<PlantedTruth> {
    switch plant {
    case "all": return Set(PlantedTruth.allCases)
    case "none": return []
    default: break
    }
    var planted: Set<PlantedTruth> = []
    for name in plant.split(separator: ",", omittingEmptySubsequences: false) {
      guard let truth = PlantedTruth(rawValue: String(name)) else {
        throw CommandFailure(
          .usage,
          "truth is not known",
          at: "--plant",
          expected: "all, none, or of " + PlantedTruth.allCases.map(\.rawValue).joined(separator: ", "),
          got: String(name),
          next: "hearth simulate --help"
        )
      }
      planted.insert(truth)
    }
    return planted
  }

  private func eventsPerSecond() throws(CommandFailure) -> Int {
    let number = rate.hasSuffix("/s") ? String(rate.dropLast(2)) : rate
    guard let count = Int(number), LiveTimes.rateBounds.contains(count) else {
      throw CommandFailure(
        .usage,
        "rate cannot be used",
        at: "--rate",
        expected: "\(Self.text(LiveTimes.rateBounds)) events a second",
        got: rate,
        next: "give one like 200/s"
      )
    }
    return count
  }

  // MARK: - What comes out

  private func tell(_ brand: SimulatedBrand) {
    if !json { Terminal.print("模拟 simulated: \(brand.settings.planted.count) truths planted, seed \(seed)") }
    for truth in brand.truths {
      if json {
        Terminal.print(String(decoding: truth.value.canonicalJSON, as: UTF8.self))
      } else {
        Terminal.print("\(truth.name)\n  \(truth.chinese)\n  \(truth.english)")
      }
    }
  }

  private static let chunkBytes = 1 << 20

  private func write(_ events: [Event], to file: FileHandle) throws {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.chunkBytes + 4096)
    for event in events {
      EventCodec.encode(event, to: &bytes)
      bytes.append(10)
      guard bytes.count >= Self.chunkBytes else { continue }
      try file.write(contentsOf: Data(bytes))
      bytes.removeAll(keepingCapacity: true)
    }
    try file.write(contentsOf: Data(bytes))
    guard let last = events.last else { return }
    Terminal.error("\(events.count) events written, the last at \(last.time.text)")
  }

  private static func file(_ path: String) throws(CommandFailure) -> FileHandle {
    guard path != "-" else { return .standardOutput }
    guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
    else {
      throw CommandFailure(
        .invalidInput,
        "file cannot be written",
        at: path,
        expected: "a file in a folder that is there",
        next: "give another path"
      )
    }
    return file
  }

  private func stream(_ events: [Event], to client: EventClient, eventsPerSecond rate: Int) async throws {
    // Ten batches a second, so that even a slow stream flows.
    let batch = max(1, min(EventClient.eventsMax, rate / 10))
    let started = ContinuousClock.now
    var times = LiveTimes(first: SystemClock().now(), ratePerSecond: rate)
    var progress = ImportProgress(total: events.count)
    var accepted = 0
    for start in stride(from: 0, to: events.count, by: batch) {
      try await ContinuousClock().sleep(until: started + .milliseconds(start * 1000 / rate))
      var body: [UInt8] = []
      for event in events[start..<min(start + batch, events.count)] {
        EventCodec.encode(times.next(event), to: &body)
        body.append(10)
      }
      let answer = try client.send(body)
      accepted += answer.accepted
      progress.note(answer.refused)
      progress.show(start + batch)
    }
    progress.end()
    Terminal.print("streamed \(events.count) simulated events: \(accepted) accepted, \(progress.refused) refused")
    guard accepted > 0 else {
      throw CommandFailure(.invalidInput, "every event was refused", at: "--to", got: progress.reasons.first)
    }
  }
}
