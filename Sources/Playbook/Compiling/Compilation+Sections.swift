import EventModel

/// The top level: sections of all files joined, then compiled in the order in which they rest on each other.
extension Compilation {
  private static let scalars = ["playbook", "label", "zone", "clock"]
  private static let bySubject = ["metrics", "tags"]
  private static let mappings = [
    "scores", "quadrants", "segments", "funnels", "courtesy", "templates", "calendars", "journeys", "channels",
    "events",
  ]

  private struct Sections {
    var scalars: [String: YAMLTree] = [:]
    var positions: [String: SourcePosition] = [:]
    var pairs: [String: [YAMLTree.Pair]] = [:]
  }

  /// The playbook; `nil`, or something to throw away, when there are faults.
  mutating func compile() -> CompiledPlaybook? {
    // What an unreadable file defines is not known: further faults would only mislead.
    guard let roots = readFiles() else { return nil }
    let sections = join(roots)
    let id = identity(sections)
    let label = sections.scalars["label"].flatMap { localized($0, "label") }
    zone = compileZone(sections)
    let clocks: [TenantClock] = [.live, .log]
    let clock = sections.scalars["clock"].map { word($0, "clock", among: clocks) } ?? .live
    compileEvents(sections.pairs["events"] ?? [])
    compilePrograms(sections)
    compileSegments(sections.pairs["segments"] ?? [])
    let funnels = compileFunnels(sections.pairs["funnels"] ?? [])
    compileTemplates(sections.pairs["templates"] ?? [])
    compileChannels(sections.pairs["channels"] ?? [])
    let courtesy = compileCourtesy(sections.pairs["courtesy"] ?? [])
    let calendars = compileCalendars(sections.pairs["calendars"] ?? [])
    let journeys = compileJourneys(sections.pairs["journeys"] ?? [])
    guard let id, let zone, let clock else { return nil }
    return CompiledPlaybook(
      id: id,
      label: label ?? LocalizedText(texts: [.init(language: "", text: id)]),
      zone: zone,
      clock: clock,
      member: program(.member),
      community: program(.community),
      segments: segments,
      funnels: funnels,
      courtesy: courtesy,
      templates: templates,
      calendars: calendars,
      journeys: journeys,
      channels: channels
    )
  }

  private mutating func compilePrograms(_ sections: Sections) {
    for kind in [SubjectKind.member, .community] {
      programs[kind] = ProgramDraft()
      compileMetrics(sections.pairs["metrics.\(kind.rawValue)"] ?? [], of: kind)
      draftTags(sections.pairs["tags.\(kind.rawValue)"] ?? [], of: kind)
      if kind == .member {
        draftScores(sections.pairs["scores"] ?? [])
        draftQuadrant(sections.pairs["quadrants"] ?? [])
      }
      resolveTags(of: kind)
    }
  }

  private func program(_ kind: SubjectKind) -> SubjectProgram {
    let draft = programs[kind] ?? ProgramDraft()
    return SubjectProgram(metrics: draft.metrics, tags: draft.compiled, signals: draft.signals)
  }

  // MARK: - Joining

  /// The roots of the files that hold anything; `nil` when one could not be read.
  private mutating func readFiles() -> [YAMLTree]? {
    var roots: [YAMLTree] = []
    var isReadable = true
    for (index, source) in sources.enumerated() {
      var reader = YAMLReader(file: index, source: source)
      let root = reader.read()
      report(reader.faults)
      if let root { roots.append(root) } else if !reader.faults.isEmpty { isReadable = false }
    }
    return isReadable ? roots : nil
  }

  private mutating func join(_ roots: [YAMLTree]) -> Sections {
    var sections = Sections()
    let known = Self.scalars + Self.bySubject + Self.mappings
    for root in roots {
      guard let pairs = pairs(root, "playbook") else { continue }
      refuseUnknownKeys(pairs, "playbook", allowed: known)
      for pair in pairs where known.contains(pair.key) { add(pair, to: &sections) }
    }
    return sections
  }

  private mutating func add(_ pair: YAMLTree.Pair, to sections: inout Sections) {
    let isLabel = pair.key == "label"
    if Self.scalars.contains(pair.key) {
      if let first = sections.positions[pair.key] {
        fault(
          at: pair.keyPosition,
          "doubled name",
          expected: "each name once",
          found: "`\(pair.key)` again",
          hint: "the first one is in \(sources[first.file].name) on line \(first.line)"
        )
        return
      }
      sections.positions[pair.key] = pair.keyPosition
      if !pair.value.isEmpty || isLabel { sections.scalars[pair.key] = pair.value }
      return
    }
    guard let inner = pairs(pair.value, "`\(pair.key)`") else { return }
    guard Self.bySubject.contains(pair.key) else {
      append(inner, to: pair.key, &sections, refusesDoubled: ["quadrants", "courtesy"].contains(pair.key))
      return
    }
    let kinds = [SubjectKind.member.rawValue, SubjectKind.community.rawValue]
    refuseUnknownKeys(inner, pair.key, allowed: kinds)
    for subject in inner where kinds.contains(subject.key) {
      guard let definitions = pairs(subject.value, "`\(pair.key)`") else { continue }
      append(definitions, to: "\(pair.key).\(subject.key)", &sections, refusesDoubled: false)
    }
  }

  /// Definitions report their doubled names themselves; the keys of fixed mappings are looked at here.
  private mutating func append(
    _ pairs: [YAMLTree.Pair],
    to section: String,
    _ sections: inout Sections,
    refusesDoubled: Bool
  ) {
    for pair in pairs {
      let path = "\(section)/\(pair.key)"
      if refusesDoubled, let first = sections.positions[path] {
        fault(
          at: pair.keyPosition,
          "doubled name",
          expected: "each name once",
          found: "`\(pair.key)` again",
          hint: "the first one is in \(sources[first.file].name) on line \(first.line)"
        )
        continue
      }
      sections.positions[path] = pair.keyPosition
      sections.pairs[section, default: []].append(pair)
    }
  }

  // MARK: - Identity

  private var beginning: SourcePosition { SourcePosition(file: 0, line: 1, column: 1) }

  private mutating func identity(_ sections: Sections) -> String? {
    guard let node = sections.scalars["playbook"] else {
      fault(at: beginning, "missing key in playbook", expected: "`playbook: id`", found: "no such key")
      return nil
    }
    guard let text = text(node, "playbook") else { return nil }
    let isIdentifier = text.utf8.allSatisfy { byte in
      (97...122).contains(byte) || (48...57).contains(byte) || byte == 45 || byte == 95
    }
    guard isIdentifier, !text.isEmpty, text.utf8.count <= PlaybookLimits.nameBytesMax else {
      fault(at: node.position, "malformed id", expected: "small letters, digits, - and _", found: "`\(text)`")
      return nil
    }
    return text
  }

  private mutating func compileZone(_ sections: Sections) -> CalendarZone? {
    guard let node = sections.scalars["zone"] else {
      fault(
        at: beginning,
        "missing key in playbook",
        expected: "`zone:` with an IANA name such as Asia/Shanghai",
        found: "no such key"
      )
      return nil
    }
    guard let text = text(node, "zone") else { return nil }
    if let zone = CalendarZone(identifier: text) { return zone }
    fault(at: node.position, "unknown zone", expected: "an IANA name such as Asia/Shanghai", found: "`\(text)`")
    return nil
  }
}
