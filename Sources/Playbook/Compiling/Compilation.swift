import EventModel

/// The state of one compilation: what was read, what is known, and every fault so far.
///
/// Its extensions compile one part of the language each; a part with a fault leaves a hole (an unknown kind, a missing
/// definition) so that the other parts are still checked.
struct Compilation {
  let sources: [SourceText]
  private(set) var faults: [PlaybookFault] = []
  private(set) var warnings: [PlaybookFault] = []
  /// Order of the files, to sort faults by place.
  private let fileOrder: [String: Int]

  var catalogue = EventCatalogue.standard
  var zone: CalendarZone?
  var definitions = 0
  var programs: [SubjectKind: ProgramDraft] = [:]
  var segments: [SegmentDefinition] = []
  var templates: [TemplateDefinition] = []
  var channels: [ChannelDefinition] = []
  /// Names of definitions that were written, also of those with a fault: a reference to one is no second fault.
  var written: [String: [String: SourcePosition]] = [:]

  init(sources: [SourceText]) {
    self.sources = sources
    fileOrder = Dictionary(sources.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  // MARK: - Faults

  /// Whether so many faults are known that no more are looked for.
  var isFull: Bool { faults.count >= PlaybookLimits.faultsMax }

  mutating func report(_ faults: [PlaybookFault]) { self.faults += faults }

  mutating func fault(
    at position: SourcePosition,
    _ what: String,
    expected: String,
    found: String,
    hint: String? = nil
  ) {
    faults.append(made(.error, position, what, expected, found, hint))
  }

  mutating func warn(
    at position: SourcePosition,
    _ what: String,
    expected: String,
    found: String,
    hint: String? = nil
  ) {
    warnings.append(made(.warning, position, what, expected, found, hint))
  }

  private func made(
    _ severity: PlaybookFault.Severity,
    _ position: SourcePosition,
    _ what: String,
    _ expected: String,
    _ found: String,
    _ hint: String?
  ) -> PlaybookFault {
    PlaybookFault(
      severity: severity,
      file: sources.indices.contains(position.file) ? sources[position.file].name : "playbook",
      line: position.line,
      column: position.column,
      what: what,
      expected: expected,
      found: found,
      hint: hint
    )
  }

  /// Places a fault of an expression, or a warning, inside its scalar.
  mutating func place(_ fault: ExpressionFault, in node: YAMLTree, as severity: PlaybookFault.Severity = .error) {
    var position = node.position
    if case .scalar(let scalar) = node.content, sources.indices.contains(position.file) {
      position = ScalarLocator(source: sources[position.file], scalar: scalar, start: position)
        .position(of: fault.offset)
    }
    let placed = made(severity, position, fault.what, fault.expected, fault.found, fault.hint)
    if severity == .error { faults.append(placed) } else { warnings.append(placed) }
  }

  func inOrder(_ faults: [PlaybookFault]) -> [PlaybookFault] {
    faults.sorted { left, right in
      let leftFile = fileOrder[left.file] ?? -1
      let rightFile = fileOrder[right.file] ?? -1
      return (leftFile, left.line, left.column, left.what) < (rightFile, right.line, right.column, right.what)
    }
  }

  // MARK: - Names

  /// Whether `name` may name a definition; counts it. `false` after a fault.
  mutating func admitDefinition(_ pair: YAMLTree.Pair, of section: String) -> Bool {
    definitions += 1
    if definitions == PlaybookLimits.definitionsMax + 1 {
      fault(
        at: pair.keyPosition,
        "too many definitions",
        expected: "at most \(PlaybookLimits.definitionsMax)",
        found: "one more with `\(pair.key)`"
      )
    }
    guard checkName(pair.key, at: pair.keyPosition) else { return false }
    if let first = written[section]?[pair.key] {
      let place = first.file == pair.keyPosition.file ? "on" : "in \(sources[first.file].name) on"
      fault(
        at: pair.keyPosition,
        "doubled name",
        expected: "each name once",
        found: "`\(pair.key)` again",
        hint: "the first one is \(place) line \(first.line)"
      )
      return false
    }
    written[section, default: [:]][pair.key] = pair.keyPosition
    return definitions <= PlaybookLimits.definitionsMax
  }

  /// `[a-z][a-z0-9_]*`, not a word of the expression language.
  mutating func checkName(_ name: String, at position: SourcePosition) -> Bool {
    guard Self.isName(name) else {
      fault(
        at: position,
        "malformed name",
        expected: "a small letter, then small letters, digits and _, at most \(PlaybookLimits.nameBytesMax)",
        found: "`\(name)`"
      )
      return false
    }
    guard !ExpressionToken.reservedWords.contains(name) else {
      fault(at: position, "reserved name", expected: "a name that is no word of expressions", found: "`\(name)`")
      return false
    }
    return true
  }

  static func isName(_ name: some StringProtocol) -> Bool {
    guard let first = name.unicodeScalars.first, ("a"..."z").contains(first),
      name.utf8.count <= PlaybookLimits.nameBytesMax
    else { return false }
    return name.unicodeScalars.allSatisfy { scalar in
      switch scalar {
      case "a"..."z", "0"..."9", "_": true
      default: false
      }
    }
  }

  /// Resolves a name of a section that was compiled before; a fault with the nearest name when nothing has it.
  mutating func requireWritten(_ name: String, in section: String, called noun: String, at node: YAMLTree) -> Bool {
    let known = written[section] ?? [:]
    guard known[name] == nil else { return true }
    fault(
      at: node.position,
      "unknown \(noun)",
      expected: "a name under `\(section)`",
      found: "`\(name)`",
      hint: NearestName.hint(for: name, among: known.keys)
    )
    return false
  }
}
