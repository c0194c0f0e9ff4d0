import Foundation
import Yams

/// A YAML configuration file as flat keys (`kafka.bootstrap`).
package enum ConfigurationFile {
  /// Bytes a configuration file may have.
  package static let bytesMax = 262_144

  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  /// Reads and flattens; a list, or anything that is not YAML, is a failure that names file, line and column.
  package static func read(path: String) throws(Failure) -> [String: String] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(
        description: "error: configuration file cannot be read at \(path)\nnext: give a readable file with --config")
    }
    guard data.count <= bytesMax, let text = String(data: data, encoding: .utf8) else {
      throw Failure(
        description: "error: configuration file is not text at \(path): expected UTF-8 of at most \(bytesMax) bytes")
    }
    return try flatten(text, path: path)
  }

  package static func flatten(_ text: String, path: String) throws(Failure) -> [String: String] {
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch let error as YamlError {
      throw Failure(description: "error: configuration file is not YAML at \(path): \(reason(of: error))")
    } catch { throw Failure(description: "error: configuration file is not YAML at \(path)") }
    var flat: [String: String] = [:]
    if let root { try flatten(root, prefix: "", into: &flat, path: path) }
    return flat
  }

  private static func reason(of error: YamlError) -> String {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      "\(mark.line):\(mark.column): \(problem)"
    default: "expected YAML"
    }
  }

  private static func flatten(
    _ node: Node, prefix: String, into flat: inout [String: String], path: String
  ) throws(Failure) {
    switch node {
    case .mapping(let mapping):
      for (key, value) in mapping {
        guard let name = key.scalar?.string else { continue }
        try flatten(value, prefix: prefix.isEmpty ? name : "\(prefix).\(name)", into: &flat, path: path)
      }
    case .scalar(let scalar): if !prefix.isEmpty { flat[prefix] = scalar.string }
    default:
      let place = node.mark.map { "\(path):\($0.line):\($0.column)" } ?? path
      throw Failure(description: "error: setting cannot be used at \(place): expected a scalar or a mapping, got a list")
    }
  }
}
