/// Reads a service's settings: environment over file over default, and collects every fault instead of stopping at
/// the first.
///
/// A key `kafka.bootstrap` is `HEARTH_KAFKA_BOOTSTRAP` in the environment and `kafka: {bootstrap: …}` in the file; a
/// secret may also be given as a file's path in `HEARTH_…_FILE`.
package struct ConfigurationReader {
  package struct Fault: Hashable, Sendable, CustomStringConvertible {
    package var key: String
    package var expected: String
    package var found: String

    /// In the error form of the command line: `error: WHAT at KEY: expected X, got Y`.
    package var description: String {
      "error: setting cannot be used at \(key): expected \(expected), got \(OneLine.of(found))"
    }
  }

  /// Thrown once with all faults.
  package struct Faults: Error, CustomStringConvertible {
    package var faults: [Fault]
    package var description: String {
      faults.map(\.description).joined(separator: "\n") + "\nnext: compare with config.reference.yaml of this service"
    }
  }

  private let file: [String: String]
  private let environment: [String: String]
  private let readFile: (String) -> String?
  private var asked: Set<String> = []
  package private(set) var faults: [Fault] = []

  /// `file`: flattened keys of the configuration file.
  package init(
    file: [String: String],
    environment: [String: String],
    readFile: @escaping (String) -> String?
  ) {
    self.file = file
    self.environment = environment
    self.readFile = readFile
  }

  package static func variable(of key: String) -> String {
    "HEARTH_" + String(key.uppercased().map { $0 == "." ? "_" : $0 })
  }

  private mutating func raw(_ key: String) -> String? {
    asked.insert(key)
    let variable = Self.variable(of: key)
    if let path = environment[variable + "_FILE"] {
      guard let text = readFile(path) else {
        faults.append(Fault(key: variable + "_FILE", expected: "a readable file", found: "none at the path"))
        return nil
      }
      return String(text.trimmingPrefix { $0.isWhitespace }.reversed().trimmingPrefix { $0.isWhitespace }.reversed())
    }
    // An empty variable, as compose files make them, is one that is not set.
    return environment[variable].flatMap { $0.isEmpty ? nil : $0 } ?? file[key].flatMap { $0.isEmpty ? nil : $0 }
  }

  package mutating func text(_ key: String, default fallback: String? = nil) -> String {
    if let value = raw(key), !value.isEmpty { return value }
    if let fallback { return fallback }
    faults.append(Fault(key: key, expected: "a text (\(Self.variable(of: key)))", found: "nothing"))
    return ""
  }

  /// A fault that the caller found in a value of its own form.
  package mutating func fault(_ key: String, expected: String) {
    faults.append(Fault(key: key, expected: expected, found: "another form"))
  }

  package mutating func optionalText(_ key: String) -> String? {
    raw(key).flatMap { $0.isEmpty ? nil : $0 }
  }

  package mutating func integer(_ key: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
    guard let value = raw(key) else { return fallback }
    guard let number = Int(value), range.contains(number) else {
      faults.append(
        Fault(
          key: key,
          expected: "a whole number \(range.lowerBound) to \(range.upperBound)",
          found: value
        )
      )
      return fallback
    }
    return number
  }

  package mutating func flag(_ key: String, default fallback: Bool) -> Bool {
    guard let value = raw(key) else { return fallback }
    switch value {
    case "true", "1", "yes": return true
    case "false", "0", "no": return false
    default:
      faults.append(Fault(key: key, expected: "true or false", found: value))
      return fallback
    }
  }

  package mutating func choice(_ key: String, default fallback: String, of choices: [String]) -> String {
    guard let value = raw(key) else { return fallback }
    guard choices.contains(value) else {
      faults.append(
        Fault(key: key, expected: "one of \(choices.joined(separator: ", "))", found: value)
      )
      return fallback
    }
    return value
  }

  /// Everything below `prefix.` in the file and the environment, by the rest of its key: settings passed through to a
  /// client library.
  package mutating func rest(below prefix: String) -> [String: String] {
    var found: [String: String] = [:]
    for (key, value) in file where key.hasPrefix(prefix + ".") {
      asked.insert(key)
      found[String(key.dropFirst(prefix.count + 1))] = value
    }
    let variablePrefix = Self.variable(of: prefix) + "_"
    for (variable, value) in environment where variable.hasPrefix(variablePrefix) {
      let name = variable.dropFirst(variablePrefix.count).lowercased()
      if name.hasSuffix("_file") {
        guard let text = readFile(value) else {
          faults.append(Fault(key: variable, expected: "a readable file", found: "none at the path"))
          continue
        }
        found[String(name.dropLast(5)).replacing("_", with: ".")] = text.trimmingSuffixNewlines()
      } else {
        found[name.replacing("_", with: ".")] = value
      }
    }
    return found
  }

  /// Unknown keys of the file are faults too; throws when there is any fault.
  package mutating func finish() throws(Faults) {
    for key in file.keys.sorted() where !asked.contains(key) {
      faults.append(Fault(key: key, expected: "a known key", found: "an unknown one"))
    }
    if !faults.isEmpty { throw Faults(faults: faults) }
  }
}

/// What was found, as it stands in a message.
enum OneLine {
  /// Characters that are shown.
  static let charactersMax = 80

  /// Control characters become spaces; the end is cut.
  static func of(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : $0 }
    return String(String(String.UnicodeScalarView(scalars)).prefix(charactersMax))
  }
}

extension String {
  fileprivate func trimmingSuffixNewlines() -> String {
    var text = self
    while text.last?.isNewline == true { text.removeLast() }
    return text
  }
}
