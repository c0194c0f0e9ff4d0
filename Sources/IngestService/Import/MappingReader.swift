import EventCodec
import EventModel
import Yams

/// Reads the YAML of a mapping. Every scalar is taken as text and then typed here, so that YAML's own guesses about
/// `on`, dates and `12:00` never count.
struct MappingReader {
  let file: String

  func read(_ yaml: String) throws(MappingFault) -> ImportMapping {
    guard yaml.utf8.count <= ImportMapping.bytesMax else {
      throw MappingFault(
        file: file,
        line: 0,
        column: 0,
        key: "",
        expected: "at most \(ImportMapping.bytesMax) bytes",
        found: "\(yaml.utf8.count)"
      )
    }
    let root = try compose(yaml)
    let keys = try Keys(root, file: file, key: "", allowed: ["import", "zone", "sources"])
    let name = try keys.text("import")
    guard EnvelopeForms.isTenant(name.utf8) else { throw keys.fault("import", "a name like complete-journey", name) }
    let zone = try zone(keys, default: "UTC")
    guard case .sequence(let nodes)? = keys["sources"], (1...ImportMapping.sourcesMax).contains(nodes.count) else {
      throw keys.fault("sources", "a list of 1 to \(ImportMapping.sourcesMax) sources", "something else")
    }
    var sources: [ImportSource] = []
    for (index, node) in nodes.enumerated() {
      sources.append(try SourceReader(file: file, path: "sources[\(index)]", zone: zone).read(node))
    }
    return ImportMapping(name: name, sources: sources)
  }

  private func compose(_ yaml: String) throws(MappingFault) -> Node {
    do {
      if let node = try Yams.compose(yaml: yaml) { return node }
    } catch let YamlError.scanner(_, problem, mark, _), let YamlError.parser(_, problem, mark, _) {
      throw MappingFault(
        file: file,
        line: mark.line,
        column: mark.column,
        key: "",
        expected: "YAML",
        found: String(problem.prefix(80))
      )
    } catch {
      throw MappingFault(file: file, line: 0, column: 0, key: "", expected: "YAML", found: "something else")
    }
    throw MappingFault(file: file, line: 0, column: 0, key: "", expected: "a mapping", found: "nothing")
  }

  private func zone(_ keys: Keys, default name: String) throws(MappingFault) -> CalendarZone {
    let name = try keys.optionalText("zone") ?? name
    guard let zone = CalendarZone(identifier: name) else { throw keys.fault("zone", "an IANA zone", name) }
    return zone
  }
}

/// The keys of one YAML mapping, with their places.
struct Keys {
  let file: String
  let key: String
  private let node: Node
  private let pairs: [(name: String, key: Node, value: Node)]

  /// Refuses keys that are not in `allowed`, and doubled ones.
  init(_ node: Node, file: String, key: String, allowed: Set<String>?) throws(MappingFault) {
    self.file = file
    self.key = key
    self.node = node
    func refuse(_ at: Node, _ name: String, _ expected: String, _ found: String) -> MappingFault {
      MappingFault(
        file: file,
        line: at.mark?.line ?? 0,
        column: at.mark?.column ?? 0,
        key: name,
        expected: expected,
        found: String(found.prefix(80))
      )
    }
    guard case .mapping(let mapping) = node else { throw refuse(node, key, "keys and values", "something else") }
    var pairs: [(name: String, key: Node, value: Node)] = []
    for (keyNode, value) in mapping {
      guard let name = keyNode.scalar?.string else { throw refuse(keyNode, key, "a name", "something else") }
      if let allowed, !allowed.contains(name) {
        throw refuse(keyNode, key, "one of \(allowed.sorted().joined(separator: ", "))", name)
      }
      guard !pairs.contains(where: { $0.name == name }) else { throw refuse(keyNode, key, "each key once", name) }
      pairs.append((name, keyNode, value))
    }
    self.pairs = pairs
  }

  var names: [String] { pairs.map(\.name) }

  subscript(name: String) -> Node? { pairs.first { $0.name == name }?.value }

  func text(_ name: String) throws(MappingFault) -> String {
    guard let text = try optionalText(name) else { throw fault(name, "a text", "nothing") }
    return text
  }

  func optionalText(_ name: String) throws(MappingFault) -> String? {
    guard let value = self[name] else { return nil }
    guard let text = value.scalar?.string, !text.isEmpty else { throw fault(name, "a text", "something else") }
    return text
  }

  func fault(_ name: String, _ expected: String, _ found: String) -> MappingFault {
    let place = self[name] ?? node
    return MappingFault(
      file: file,
      line: place.mark?.line ?? 0,
      column: place.mark?.column ?? 0,
      key: key.isEmpty ? name : key + "." + name,
      expected: expected,
      found: String(found.prefix(80))
    )
  }
}
