import HearthCommand
import KafkaClient
import PipelinePorts
import PipelineRuntime
import PostgresClient
import PostgresStores
import Testing

@Suite("Failures of services and commands as a person reads them")
struct ToldFailureTests {
  struct Golden: Sendable, CustomTestStringConvertible {
    let code: String
    let disposition: Disposition
    let text: String
    let exit: Int32
    var testDescription: String { "\(code), \(disposition.rawValue)" }
  }

  static let goldens = [
    Golden(
      code: "08006",
      disposition: .retriable,
      text: """
        error: store does not answer at 08006: expected PostgreSQL, got why
        next: check that PostgreSQL runs
        """,
      exit: 4
    ),
    Golden(
      code: "_TRANSPORT",
      disposition: .retriable,
      text: """
        error: broker does not answer at _TRANSPORT: expected a Kafka broker, got why
        next: check that Kafka runs
        """,
      exit: 4
    ),
    Golden(
      code: "ENOSPC",
      disposition: .retriable,
      text: """
        error: journal cannot be written at ENOSPC: expected a disk with room, got why
        next: make room on the journal's disk
        """,
      exit: 4
    ),
    Golden(
      code: "23505",
      disposition: .permanent,
      text: """
        error: store refuses this input at 23505: expected what it can hold, got why
        next: mend the input, then try again
        """,
      exit: 3
    ),
    Golden(
      code: "42P01",
      disposition: .fatal,
      text: """
        error: store has another schema at 42P01: expected the schema of this version, got why
        next: hearth migrate --check
        """,
      exit: 3
    ),
    Golden(
      code: "ENOENT",
      disposition: .fatal,
      text: """
        error: journal cannot be opened at ENOENT: expected a folder that can be written, got why
        next: mend the setting, then start again
        """,
      exit: 3
    ),
    Golden(
      code: "TOPIC_AUTHORIZATION_FAILED",
      disposition: .fatal,
      text: """
        error: broker cannot be used at TOPIC_AUTHORIZATION_FAILED: expected a Kafka broker, got why
        next: check that Kafka runs
        """,
      exit: 4
    ),
    Golden(
      code: "JOURNAL_CORRUPT",
      disposition: .fatal,
      text: """
        error: going on would lose data at JOURNAL_CORRUPT: expected what this version wrote, got why
        next: keep store and journal as they are, and start the version that wrote them
        """,
      exit: 5
    ),
    Golden(
      code: "SUBJECT_STATE",
      disposition: .fatal,
      text: """
        error: going on would lose data at SUBJECT_STATE: expected what this version wrote, got why
        next: keep store and journal as they are, and start the version that wrote them
        """,
      exit: 5
    ),
  ]

  @Test("an adapter's failure by what can be done about it", arguments: goldens)
  func adapters(_ golden: Golden) {
    let failure = AdapterFailure(code: golden.code, reason: "why", disposition: golden.disposition)
    let told = ToldFailure(failure)
    #expect(told?.text == golden.text)
    #expect(told?.code.rawValue == golden.exit)
  }

  @Test("all faults of broker settings, without secrets, exit 3")
  func kafka() throws {
    let connection = KafkaConnection(
      bootstrapServers: "127.0.0.1:1",
      clientID: "hearth-test",
      properties: ["acks": "0", "no.such": "1", "sasl.password": "hunter2", "ssl.key.password": "hunter2"]
    )
    let faults = try #require(throws: KafkaSettingFaults.self) { try connection.validate() }
    let told = try #require(ToldFailure(faults))
    #expect(
      told.text == """
        error: broker setting cannot be used at kafka.properties.acks: expected no value of one's own (Hearth sets it), got 0
        error: broker setting cannot be used at kafka.properties.no.such: expected a property of librdkafka, got an unknown name
        next: mend kafka.properties in the file, or HEARTH_KAFKA_PROPERTIES_…
        """
    )
    #expect(told.code == .invalidInput)
    #expect(ToldFailure(KafkaOpeningFailure.settings(faults)) == told)
    let unreachable = AdapterFailure(code: "_TRANSPORT", reason: "why", disposition: .retriable)
    #expect(ToldFailure(KafkaOpeningFailure.client(unreachable))?.code == .unreachable)
  }

  @Test("an address that cannot be listened on")
  func listening() {
    let taken = ToldFailure(ListenFailure(.taken, address: "127.0.0.1:8081"))
    #expect(
      taken?.text == """
        error: port is taken at 127.0.0.1:8081: expected a free port
        next: set http.port or HEARTH_HTTP_PORT to a free one
        """
    )
    #expect(taken?.code == .unreachable)
    #expect(ToldFailure(ListenFailure(.forbidden, address: "127.0.0.1:80"))?.code == .invalidInput)
    #expect(ToldFailure(ListenFailure(.unknownAddress, address: "nowhere:80"))?.code == .invalidInput)
  }

  @Test("a migration that cannot be: 4 when the store is away, 5 when the store is another, 3 for the files")
  func migrations() {
    let away = MigrationFailure.store(file: nil, .connectionLost("gone"))
    #expect(ToldFailure(away)?.code == .unreachable)
    #expect(ToldFailure(MigrationFailure.changed(file: "001_a.sql"))?.code == .wouldLoseData)
    #expect(ToldFailure(MigrationFailure.noFiles(directory: "x"))?.code == .invalidInput)
  }

  @Test("what is not the project's own failure is left to the caller")
  func others() {
    struct Other: Error {}
    #expect(ToldFailure(Other()) == nil)
    #expect(ToldFailure(CancellationError()) == nil)
  }
}
