import Foundation
import Yams

/// A YAML configuration file as flat keys (`kafka.bootstrap`).
package enum ConfigurationFile {
  /// Bytes a configuration file may have.
  package static let bytesMax = 262_144

  /// A fault of the file as a whole, in the form of the command line: two lines.
  package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    fileprivate init(_ what: String, at place: String, expected: String, got: String) {
      description =
        "error: \(what) at \(place): expected \(expected), got \(OneLine.of(got))\n"
        + "next: compare with config.reference.yaml of this service"
    }
  }

  /// Reads and flattens; a list, or anything that is not YAML, is a failure that names file, line and column.
  package static func read(path: String) throws(Failure) -> [String: String] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure("configuration file cannot be read", at: path, expected: "a readable file", got: "none")
    }
    guard data.count <= bytesMax else {
      throw Failure(
        "configuration file is too large",
        at: path,
        expected: "at most \(bytesMax) bytes",
        got: "\(data.count)"
      )
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw Failure("configuration file is not text", at: path, expected: "UTF-8", got: "other bytes")
    }
    return try flatten(text, path: path)
  }

  /// `path` is only named in failures.
  package static func flatten(_ text: String, path: String) throws(Failure) -> [String: String] {
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch let error as YamlError {
      throw failure(of: error, path: path)
    } catch {
      throw Failure("configuration file is not YAML", at: path, expected: "YAML", got: "another form")
    }
    var flat: [String: String] = [:]
    // A file of comments only is an empty one.
    guard let root, root.scalar?.string.isEmpty != true else { return flat }
    guard root.mapping != nil else {
      throw Failure("settings cannot be used", at: place(of: root, path), expected: "KEY: VALUE", got: "no mapping")
    }
    try flatten(root, prefix: "", into: &flat, path: path)
    return flat
  }

  private static func failure(of error: YamlError, path: String) -> Failure {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      Failure(
        "configuration file is not YAML",
        at: "\(path):\(mark.line):\(mark.column)",
        expected: "YAML",
        got: problem
      )
    case .duplicatedKeysInMapping(let duplicates, let context):
      Failure(
        "setting stands twice",
        at: "\(path):\(context.mark.line):\(context.mark.column)",
        expected: "each key once",
        got: duplicates.sorted().joined(separator: ", ")
      )
    default: Failure("configuration file is not YAML", at: path, expected: "YAML", got: "another form")
    }
  }

  private static func flatten(
    _ node: Node,
    prefix: String,
    into flat: inout [String: String],
    path: String
  ) throws(Failure) {
    switch node {
    case .mapping(let mapping):
      for (key, value) in mapping {
        guard let name = key.scalar?.string, !name.isEmpty else {
          throw Failure("setting cannot be used", at: place(of: key, path), expected: "a key", got: "another form")
        }
        try flatten(value, prefix: prefix.isEmpty ? name : "\(prefix).\(name)", into: &flat, path: path)
      }
    case .scalar(let scalar): flat[prefix] = scalar.string
    default:
      throw Failure(
        "setting cannot be used",
        at: place(of: node, path),
        expected: "a value or a mapping",
        got: "a list"
      )
    }
  }

  private static func place(of node: Node, _ path: String) -> String {
    node.mark.map { "\(path):\($0.line):\($0.column)" } ?? path
  }
}
