import Yams

/// Reads `schemas/topics.yaml`; gathers every fault before it gives up.
struct CatalogueReader {
  static let fileBytesMax = 1 << 20
  static let topicsMax = 200
  static let partitionsMax = 1_000
  static let replicationMax = 15
  static let gotCharactersMax = 80

  private static let rootKeys: Set<String> = ["partitions", "replication", "topics"]
  private static let topicKeys: Set<String> = [
    "description", "key", "producers", "consumers", "cleanup", "retention", "controlRecords", "tombstones",
    "partitions", "replication", "config",
  ]

  private let file: String
  private var faults: [CatalogueFault] = []

  static func read(_ yaml: String, file: String) throws(CatalogueFaults) -> [TopicCatalogue.Topic] {
    var reader = CatalogueReader(file: file)
    let topics = reader.topics(of: yaml)
    guard reader.faults.isEmpty else { throw CatalogueFaults(faults: reader.faults) }
    return topics
  }

  private init(file: String) { self.file = file }

  private mutating func topics(of yaml: String) -> [TopicCatalogue.Topic] {
    guard yaml.utf8.count <= Self.fileBytesMax else {
      fault(nil, "file", "at most \(Self.fileBytesMax) bytes", "\(yaml.utf8.count) bytes")
      return []
    }
    guard let root = compose(yaml) else { return [] }
    guard let fields = mapping(root, "file", allowed: Self.rootKeys) else { return [] }
    let partitions = number(fields["partitions"], "partitions", in: 1...Self.partitionsMax) ?? 24
    let replication = number(fields["replication"], "replication", in: 1...Self.replicationMax) ?? 3
    guard let list = fields["topics"], let names = mapping(list, "topics", allowed: nil) else {
      if fields["topics"] == nil { fault(root, "topics", "a mapping of topics", "nothing") }
      return []
    }
    if names.count > Self.topicsMax { fault(list, "topics", "at most \(Self.topicsMax)", "\(names.count)") }
    let topics = names.sorted { place($0.value) < place($1.value) }.compactMap { name, node in
      topic(name, node, partitions: partitions, replication: replication)
    }
    // Partition p of an output carries the subjects of partition p of the input: one count for all.
    for topic in topics where topic.partitions != topics[0].partitions {
      fault(
        names[topic.name],
        "topics.\(topic.name).partitions",
        "\(topics[0].partitions), as \(topics[0].name) has",
        "\(topic.partitions)"
      )
    }
    return topics
  }

  private mutating func compose(_ yaml: String) -> Node? {
    do {
      if let node = try Yams.compose(yaml: yaml) { return node }
      fault(nil, "file", "a mapping", "nothing")
    } catch let error as YamlError {
      if case .scanner(_, let problem, let mark, _) = error {
        fault(at: mark, "file", "YAML", problem)
      } else if case .parser(_, let problem, let mark, _) = error {
        fault(at: mark, "file", "YAML", problem)
      } else {
        fault(nil, "file", "YAML", "\(error)")
      }
    } catch {
      fault(nil, "file", "YAML", "\(error)")
    }
    return nil
  }

  private mutating func topic(
    _ name: String,
    _ node: Node,
    partitions: Int,
    replication: Int
  ) -> TopicCatalogue.Topic? {
    let path = "topics.\(name)"
    guard isTopicName(name) else {
      fault(node, path, "1–249 of letters, digits, dot, hyphen and underscore", name)
      return nil
    }
    guard let fields = mapping(node, path, allowed: Self.topicKeys) else { return nil }
    let cleanup = word(fields["cleanup"] ?? Node("delete"), "\(path).cleanup", TopicCatalogue.Cleanup.self) ?? .delete
    let control = flag(fields["controlRecords"], "\(path).controlRecords") ?? false
    let retention = fields["retention"].flatMap { duration($0, "\(path).retention") } ?? nil
    if cleanup == .compact {
      if control { fault(fields["controlRecords"], "\(path).controlRecords", "false in a compacted topic", "true") }
      if fields["retention"] != nil {
        fault(fields["retention"], "\(path).retention", "none in a compacted topic", "a retention")
      }
    } else if fields["retention"] == nil {
      fault(node, "\(path).retention", "a time such as 7d, or forever", "nothing")
    }
    return TopicCatalogue.Topic(
      name: name,
      description: text(fields["description"], node, "\(path).description"),
      partitions: Int32(number(fields["partitions"], "\(path).partitions", in: 1...Self.partitionsMax) ?? partitions),
      replication: Int16(
        number(fields["replication"], "\(path).replication", in: 1...Self.replicationMax) ?? replication
      ),
      key: text(fields["key"], node, "\(path).key"),
      producers: list(fields["producers"], "\(path).producers"),
      consumers: list(fields["consumers"], "\(path).consumers"),
      cleanup: cleanup,
      retentionMilliseconds: retention,
      controlRecords: control,
      tombstones: flag(fields["tombstones"], "\(path).tombstones") ?? false,
      config: config(fields["config"], "\(path).config")
    )
  }

  // MARK: Kinds of value

  private mutating func mapping(_ node: Node, _ path: String, allowed: Set<String>?) -> [String: Node]? {
    guard let mapping = node.mapping else {
      fault(node, path, "a mapping", kind(node))
      return nil
    }
    var fields: [String: Node] = [:]
    for (key, value) in mapping {
      guard let name = key.string else {
        fault(key, path, "names as keys", kind(key))
        continue
      }
      if let allowed, !allowed.contains(name) {
        fault(key, "\(path).\(name)", "one of \(allowed.sorted().joined(separator: ", "))", "an unknown key")
      }
      fields[name] = value
    }
    return fields
  }

  private mutating func text(_ node: Node?, _ parent: Node, _ path: String) -> String {
    if let value = node?.string, !value.isEmpty, !value.contains("\n") { return value }
    fault(node ?? parent, path, "one line of text", node.map(kind) ?? "nothing")
    return ""
  }

  private mutating func list(_ node: Node?, _ path: String) -> [String] {
    guard let node else { return [] }
    guard let sequence = node.sequence else {
      fault(node, path, "a list", kind(node))
      return []
    }
    return sequence.compactMap { item in
      if let name = item.string, !name.isEmpty { return name }
      fault(item, path, "names", kind(item))
      return nil
    }
  }

  private mutating func number(_ node: Node?, _ path: String, in range: ClosedRange<Int>) -> Int? {
    guard let node else { return nil }
    if let value = node.int, range.contains(value) { return value }
    fault(node, path, "a whole number from \(range.lowerBound) to \(range.upperBound)", kind(node))
    return nil
  }

  private mutating func flag(_ node: Node?, _ path: String) -> Bool? {
    guard let node else { return nil }
    if let value = node.bool { return value }
    fault(node, path, "true or false", kind(node))
    return nil
  }

  private mutating func word<W: RawRepresentable & CaseIterable>(_ node: Node, _ path: String, _: W.Type) -> W?
  where W.RawValue == String {
    if let value = node.string.flatMap(W.init(rawValue:)) { return value }
    fault(node, path, W.allCases.map(\.rawValue).joined(separator: " or "), kind(node))
    return nil
  }

  /// `7d`, `12h`, `90m`, or `forever` (a nil inside).
  private mutating func duration(_ node: Node, _ path: String) -> Int64?? {
    let text = node.string ?? ""
    if text == "forever" { return .some(nil) }
    let units: [Character: Int64] = ["m": 60_000, "h": 3_600_000, "d": 86_400_000]
    if let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), (1...100_000).contains(count) {
      return .some(count * unit)
    }
    fault(node, path, "a time such as 7d, 12h, 90m, or forever", kind(node))
    return nil
  }

  private mutating func config(_ node: Node?, _ path: String) -> [String: String] {
    guard let node, let fields = mapping(node, path, allowed: nil) else { return [:] }
    var settings: [String: String] = [:]
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
      if name == "cleanup.policy" || name == "retention.ms" {
        fault(value, "\(path).\(name)", "the topic's own key (cleanup, retention)", "a broker setting")
      } else if let scalar = value.scalar {
        settings[name] = scalar.string
      } else {
        fault(value, "\(path).\(name)", "a text or number", kind(value))
      }
    }
    return settings
  }

  // MARK: Faults

  private func isTopicName(_ name: String) -> Bool {
    (1...249).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  private func place(_ node: Node) -> (Int, Int) { (node.mark?.line ?? 0, node.mark?.column ?? 0) }

  private func kind(_ node: Node) -> String {
    switch node {
    case .scalar(let scalar): String(scalar.string.prefix(Self.gotCharactersMax))
    case .mapping: "a mapping"
    case .sequence: "a list"
    default: "an alias"
    }
  }

  private mutating func fault(_ node: Node?, _ key: String, _ expected: String, _ got: String) {
    if let mark = node?.mark { return fault(at: mark, key, expected, got) }
    faults.append(CatalogueFault(place: file, key: key, expected: expected, got: got))
  }

  private mutating func fault(at mark: Mark, _ key: String, _ expected: String, _ got: String) {
    faults.append(
      CatalogueFault(place: "\(file):\(mark.line):\(mark.column)", key: key, expected: expected, got: got)
    )
  }
}
