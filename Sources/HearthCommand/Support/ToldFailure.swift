import KafkaClient
import PipelinePorts
import PipelineRuntime
import PostgresClient
import PostgresStores

/// Any expected failure as a person is told it: the lines for standard error, and the exit code.
package struct ToldFailure: Hashable, Sendable {
  package var text: String
  package var code: CommandFailure.Code

  private init(_ failure: CommandFailure) {
    text = failure.description
    code = failure.code
  }

  private init(_ text: String, _ code: CommandFailure.Code) {
    self.text = text
    self.code = code
  }

  /// nil for what is not one of the project's own failures: the argument parser's, or a fault of the program.
  package init?(_ error: any Error) {
    switch error {
    case let failure as CommandFailure: self.init(failure)
    case let faults as ConfigurationReader.Faults: self.init(faults.description, .invalidInput)
    case let failure as ConfigurationFile.Failure: self.init(failure.description, .invalidInput)
    case let faults as KafkaSettingFaults: self.init(Self.lines(of: faults), .invalidInput)
    case KafkaOpeningFailure.settings(let faults): self.init(Self.lines(of: faults), .invalidInput)
    case KafkaOpeningFailure.client(let failure): self.init(CommandFailure(telling: failure))
    case let failure as AdapterFailure: self.init(CommandFailure(telling: failure))
    case let failure as PostgresFailure: self.init(CommandFailure(telling: AdapterFailure(failure)))
    case let failure as MigrationFailure: self.init(CommandFailure(telling: failure))
    case let failure as ListenFailure: self.init(CommandFailure(telling: failure))
    default: return nil
    }
  }

  /// A line a fault, each in the form of the command line.
  private static func lines(of faults: KafkaSettingFaults) -> String {
    let lines = faults.faults.map { fault in
      let key = fault.key == "bootstrap.servers" ? "kafka.bootstrap" : "kafka.properties.\(fault.key)"
      return CommandFailure(
        .invalidInput,
        "broker setting cannot be used",
        at: key,
        expected: fault.expected,
        got: fault.got
      ).description
    }
    return (lines + ["next: mend kafka.properties in the file, or HEARTH_KAFKA_PROPERTIES_…"]).joined(separator: "\n")
  }
}

extension CommandFailure {
  /// Going on would lose what the store or the journal holds.
  private static let losing: Set<String> = ["SUBJECT_STATE", "LANE_STATE", "JOURNAL_CORRUPT", "PLAYBOOK_MISSING"]

  /// Fatal, and mended by other settings, files or rights: a playbook, contradicting broker settings, a folder that
  /// cannot be used.
  private static let mendable: Set<String> = ["PLAYBOOK", "_INVALID_ARG", "ENOENT", "EACCES", "EROFS", "ENOTDIR"]

  /// Exit 5 where data would be lost, 3 where input or settings are at fault, else 4.
  package init(telling failure: AdapterFailure) {
    let dependency = Dependency(code: failure.code)
    let (place, got) = (failure.code, failure.reason)
    switch failure.disposition {
    case _ where Self.losing.contains(failure.code):
      self.init(
        .wouldLoseData,
        "going on would lose data",
        at: place,
        expected: "what this version wrote",
        got: got,
        next: "keep store and journal as they are, and start the version that wrote them"
      )
    case .retriable:
      self.init(
        .unreachable,
        dependency.isAway,
        at: place,
        expected: dependency.expected,
        got: got,
        next: dependency.next
      )
    case .permanent:
      self.init(
        .invalidInput,
        "\(dependency.rawValue) refuses this input",
        at: place,
        expected: "what it can hold",
        got: got,
        next: "mend the input, then try again"
      )
    case .fatal where failure.code.hasPrefix("42") || failure.code == "3F000":
      self.init(
        .invalidInput,
        "store has another schema",
        at: place,
        expected: "the schema of this version",
        got: got,
        next: "hearth migrate --check"
      )
    case .fatal where Self.mendable.contains(failure.code) || failure.code.hasPrefix("08"):
      self.init(
        .invalidInput,
        "\(dependency.rawValue) cannot be opened",
        at: place,
        expected: dependency.setting,
        got: got,
        next: "mend the setting, then start again"
      )
    case .fatal:
      self.init(
        .unreachable,
        "\(dependency.rawValue) cannot be used",
        at: place,
        expected: dependency.expected,
        got: got,
        next: dependency.next
      )
    }
  }

  /// Exit 4 where the store does not answer, 5 where the store is not as the files say, else 3.
  package init(telling failure: MigrationFailure) {
    switch failure {
    case .store(_, let cause):
      self.init(telling: AdapterFailure(cause))
    case .changed, .storeIsNewer:
      self.init(
        .wouldLoseData,
        "store cannot be migrated",
        at: "schemas/postgres",
        expected: "the store's own files",
        got: failure.description,
        next: "use the program and the files that the store was made with, or newer ones"
      )
    case .gap, .name, .unreadable, .noFiles:
      self.init(
        .invalidInput,
        "migrations cannot be read",
        at: "schemas/postgres",
        expected: "001_name.sql and on",
        got: failure.description,
        next: "set HEARTH_SCHEMAS to the folder schemas of the checkout"
      )
    }
  }

  package init(telling failure: ListenFailure) {
    switch failure.kind {
    case .taken:
      self.init(
        .unreachable,
        "port is taken",
        at: failure.address,
        expected: "a free port",
        next: "set http.port or HEARTH_HTTP_PORT to a free one"
      )
    case .forbidden:
      self.init(
        .invalidInput,
        "port is not allowed to this user",
        at: failure.address,
        expected: "a port of 1024 or more",
        next: "set http.port or HEARTH_HTTP_PORT"
      )
    case .unknownAddress:
      self.init(
        .invalidInput,
        "address cannot be listened on",
        at: failure.address,
        expected: "an address of this machine",
        next: "set http.host or HEARTH_HTTP_HOST"
      )
    }
  }
}

/// What a failure's code speaks of.
private enum Dependency: String {
  case store, broker, journal

  /// SQLSTATEs have five digits and capitals, the journal's codes are its own or the system's, librdkafka's are words.
  init(code: String) {
    let isState =
      code.utf8.count == 5 && code.contains(where: \.isNumber) && code.allSatisfy { $0.isNumber || $0.isUppercase }
    if isState || ["SUBJECT_STATE", "LANE_STATE", "PLAYBOOK", "PLAYBOOK_MISSING"].contains(code) {
      self = .store
    } else if code.hasPrefix("JOURNAL") || code.hasPrefix("errno") || (code.hasPrefix("E") && !code.contains("_")) {
      self = .journal
    } else {
      self = .broker
    }
  }

  var isAway: String { self == .journal ? "journal cannot be written" : "\(rawValue) does not answer" }

  var expected: String {
    switch self {
    case .store: "PostgreSQL"
    case .broker: "a Kafka broker"
    case .journal: "a disk with room"
    }
  }

  var setting: String {
    switch self {
    case .store: "a store and a playbook that can be read"
    case .broker: "settings that go together"
    case .journal: "a folder that can be written"
    }
  }

  var next: String {
    switch self {
    case .store: "check that PostgreSQL runs"
    case .broker: "check that Kafka runs"
    case .journal: "make room on the journal's disk"
    }
  }
}
