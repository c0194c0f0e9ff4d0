import EventModel
import Yams

/// Reads one file: YAML text to a tree of located text, or located faults. Bounded whatever the text holds.
///
/// Aliases never reach the YAML library: each `*` goes in as a private-use character of the same width, and what comes
/// back as a plain scalar of that character and a name is an alias, followed here once the size and the depth of what
/// it stands for are known. So no text expands before it is counted. `?` goes in the same way: the library hashes each
/// key with all that it holds, and without explicit keys none is longer than the 1,024 characters of an implicit one.
struct YAMLReader {
  let file: Int
  let source: SourceText
  private(set) var faults: [PlaybookFault] = []
  private var anchors: [String: Anchored] = [:]
  private var aliasNodes = 0

  private struct Anchored {
    var tree: YAMLTree
    var nodes: Int
    var depth: Int
  }

  /// Stands for `*` while the library reads.
  private static let aliasMark = Unicode.Scalar(UInt16(0xE000)) ?? "*"
  /// Stands for `?` while the library reads.
  private static let keyMark = Unicode.Scalar(UInt16(0xE0FF)) ?? "?"
  /// The first of the characters that stand for the first character of a doubled key.
  private static let doubledMark: UInt16 = 0xE001
  private static let doubledMarks: ClosedRange<UInt32> = 0xE001...0xE0FE
  private static let reserved: ClosedRange<UInt32> = 0xE000...0xE0FF

  init(file: Int, source: SourceText) {
    self.file = file
    self.source = source
  }

  /// The document's root; `nil` when the file is empty or has a fault that leaves no tree.
  mutating func read() -> YAMLTree? {
    guard refuseForbiddenCharacters() else { return nil }
    var masked = source.scalars.map { $0 == "*" ? Self.aliasMark : $0 == "?" ? Self.keyMark : $0 }
    while true {
      do throws(YAMLFailure) {
        return try convertDocument(masked)
      } catch {
        switch error {
        case .fault(let fault):
          faults.append(fault)
          return nil
        case .doubled(let key, let first):
          guard mask(key: key, after: first, in: &masked) else { return nil }
        }
      }
    }
  }

  private enum YAMLFailure: Error {
    case fault(PlaybookFault)
    case doubled(key: String, first: SourcePosition)
  }

  // MARK: - Characters

  private mutating func refuseForbiddenCharacters() -> Bool {
    let refused = source.scalars.indices.first { index in
      switch source.scalars[index].value {
      case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xF900...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF:
        false
      case 0xE000...0xF8FF: Self.reserved.contains(source.scalars[index].value)
      default: true
      }
    }
    guard let refused else { return true }
    let (line, column) = source.place(of: refused)
    let code = String(source.scalars[refused].value, radix: 16, uppercase: true)
    faults.append(
      fault(
        at: SourcePosition(file: file, line: line, column: column),
        what: "forbidden character",
        expected: "printable text",
        found: "U+" + String(repeating: "0", count: max(0, 4 - code.count)) + code
      )
    )
    return false
  }

  // MARK: - Doubled keys

  /// Reports a doubled key and hides its second place, so that the rest of the file can be read.
  private mutating func mask(key: String, after first: SourcePosition, in text: inout [Unicode.Scalar]) -> Bool {
    let finder = DoubledKeyFinder(source: source, key: Array(restored(key).unicodeScalars))
    let found = finder.second(after: first) { !Self.doubledMarks.contains(text[$0].value) }
    let place = found.map { source.place(of: $0) } ?? (line: first.line, column: first.column)
    faults.append(
      fault(
        at: SourcePosition(file: file, line: place.line, column: place.column),
        what: "doubled name",
        expected: "each name once",
        found: "`\(restored(key))` again",
        hint: "the first one is on line \(first.line)"
      )
    )
    guard let found, faults.count < PlaybookLimits.doubledKeysMax,
      let mark = Unicode.Scalar(Self.doubledMark + UInt16(faults.count))
    else { return false }
    text[found] = mark
    return true
  }

  private func restored(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0 == Self.aliasMark || $0 == Self.keyMark }) else { return text }
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0 == Self.aliasMark ? "*" : $0 == Self.keyMark ? "?" : $0 }
      )
    )
  }

  // MARK: - Nodes

  private mutating func convertDocument(_ masked: [Unicode.Scalar]) throws(YAMLFailure) -> YAMLTree? {
    anchors = [:]
    aliasNodes = 0
    do {
      let text = String(String.UnicodeScalarView(masked))
      let parser = try Parser(yaml: text, resolver: .basic, constructor: .default, encoding: .utf8)
      // Nodes hold their anchors weakly: the parser must outlive the conversion.
      return try withExtendedLifetime(parser) {
        guard let root = try parser.singleRoot() else { return nil }
        return try convert(root, depth: 1).tree
      }
    } catch let failure as YAMLFailure {
      throw failure
    } catch let error as YamlError {
      throw failure(from: error)
    } catch {
      throw .fault(fault(at: SourcePosition(file: file, line: 1, column: 1), found: "a file that cannot be read"))
    }
  }

  private mutating func convert(_ node: Node, depth: Int) throws(YAMLFailure) -> Anchored {
    let position = place(of: node.mark)
    guard depth <= PlaybookLimits.nestingMax else { throw tooDeep(at: position) }
    let result: Anchored
    switch node {
    case .scalar(let scalar): result = try convert(scalar, position: position, depth: depth)
    case .sequence(let sequence):
      var items: [YAMLTree] = []
      var nodes = 1
      var deepest = 0
      for item in sequence {
        let converted = try convert(item, depth: depth + 1)
        items.append(converted.tree)
        nodes += converted.nodes
        deepest = max(deepest, converted.depth)
      }
      result = Anchored(
        tree: YAMLTree(content: .sequence(items), position: position),
        nodes: nodes,
        depth: deepest + 1
      )
    case .mapping(let mapping): result = try convert(mapping, position: position, depth: depth)
    case .alias: throw .fault(fault(at: position, found: "an alias"))
    }
    if let anchor = node.anchor { anchors[anchor.rawValue] = result }
    return result
  }

  private mutating func convert(
    _ mapping: Node.Mapping,
    position: SourcePosition,
    depth: Int
  ) throws(YAMLFailure) -> Anchored {
    var pairs: [YAMLTree.Pair] = []
    var nodes = 1
    var deepest = 0
    for (key, value) in mapping {
      let keyPosition = place(of: key.mark)
      guard case .scalar(let scalar) = key, aliasName(of: scalar) == nil else {
        throw .fault(
          fault(at: keyPosition, what: "key is not a name", expected: "a name before `:`", found: "something else")
        )
      }
      let converted = try convert(value, depth: depth + 1)
      nodes += converted.nodes + 1
      deepest = max(deepest, converted.depth)
      if let first = scalar.string.unicodeScalars.first, Self.doubledMarks.contains(first.value) { continue }
      pairs.append(YAMLTree.Pair(key: restored(scalar.string), keyPosition: keyPosition, value: converted.tree))
    }
    return Anchored(tree: YAMLTree(content: .mapping(pairs), position: position), nodes: nodes, depth: deepest + 1)
  }

  private mutating func convert(
    _ scalar: Node.Scalar,
    position: SourcePosition,
    depth: Int
  ) throws(YAMLFailure) -> Anchored {
    if let name = aliasName(of: scalar) { return try follow(alias: name, position: position, depth: depth) }
    let style: YAMLTree.Style =
      switch scalar.style {
      case .singleQuoted: .singleQuoted
      case .doubleQuoted: .doubleQuoted
      case .literal: .literal
      case .folded: .folded
      default: .plain
      }
    let content = YAMLTree.Content.scalar(YAMLTree.Scalar(text: restored(scalar.string), style: style))
    return Anchored(tree: YAMLTree(content: content, position: position), nodes: 1, depth: 1)
  }

  // MARK: - Aliases

  /// The name after `*`, when the scalar is nothing but an alias.
  private func aliasName(of scalar: Node.Scalar) -> String? {
    guard scalar.style == .plain || scalar.style == .any, scalar.string.unicodeScalars.first == Self.aliasMark else {
      return nil
    }
    let name = scalar.string.unicodeScalars.dropFirst()
    let isName = name.allSatisfy { scalar in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
      default: false
      }
    }
    return isName && !name.isEmpty ? String(String.UnicodeScalarView(name)) : nil
  }

  private mutating func follow(
    alias name: String,
    position: SourcePosition,
    depth: Int
  ) throws(YAMLFailure) -> Anchored {
    guard let anchored = anchors[name] else {
      throw .fault(
        fault(
          at: position,
          what: "unknown alias",
          expected: "an anchor `&\(name)` earlier in this file",
          found: "`*\(name)`",
          hint: NearestName.hint(for: name, among: anchors.keys)
        )
      )
    }
    aliasNodes += anchored.nodes
    guard aliasNodes <= PlaybookLimits.aliasNodesMax else {
      throw .fault(
        fault(
          at: position,
          what: "aliases stand for too much",
          expected: "at most \(PlaybookLimits.aliasNodesMax) nodes",
          found: "\(aliasNodes) with `*\(name)`"
        )
      )
    }
    guard depth - 1 + anchored.depth <= PlaybookLimits.nestingMax else { throw tooDeep(at: position) }
    return anchored
  }

  // MARK: - Faults

  private func tooDeep(at position: SourcePosition) -> YAMLFailure {
    .fault(
      fault(
        at: position,
        what: "nested too deeply",
        expected: "at most \(PlaybookLimits.nestingMax) levels",
        found: "more"
      )
    )
  }

  private func place(of mark: Mark?) -> SourcePosition {
    guard let mark, mark.line <= source.lineCount else {
      // libyaml counts a line after a last one without line feed.
      let end = mark == nil ? (line: 1, column: 1) : source.place(of: source.scalars.count)
      return SourcePosition(file: file, line: end.line, column: end.column)
    }
    return SourcePosition(file: file, line: mark.line, column: mark.column)
  }

  private func fault(
    at position: SourcePosition,
    what: String = "YAML syntax",
    expected: String = "well-formed YAML",
    found: String,
    hint: String? = nil
  ) -> PlaybookFault {
    PlaybookFault(
      file: source.name,
      line: position.line,
      column: position.column,
      what: what,
      expected: expected,
      found: found,
      hint: hint
    )
  }

  private func failure(from error: YamlError) -> YAMLFailure {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _):
      let hint = problem.contains("mapping values") ? "put a text that holds `: ` in quotes" : nil
      return .fault(fault(at: place(of: mark), found: problem, hint: hint))
    case .composer(let context, let problem, let mark, _):
      let second = context != nil
      return .fault(
        fault(
          at: place(of: mark),
          expected: second ? "one document in a file" : "well-formed YAML",
          found: second ? "another document" : problem
        )
      )
    case .duplicatedKeysInMapping(let duplicates, let context):
      return .doubled(key: duplicates.first ?? "", first: place(of: context.mark))
    default:
      return .fault(fault(at: SourcePosition(file: file, line: 1, column: 1), found: "a file that cannot be read"))
    }
  }
}
