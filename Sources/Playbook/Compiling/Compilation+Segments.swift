import EventModel

/// `segments:`
extension Compilation {
  mutating func compileSegments(_ section: [YAMLTree.Pair]) {
    for pair in section where admitDefinition(pair, of: "segments") {
      guard let keyed = keyed(pair.value, "segment `\(pair.key)`", allowed: ["label", "rule", "top", "by", "refresh"])
      else { continue }
      let label = label(keyed, name: pair.key)
      guard let rule = segmentRule(keyed, name: pair.key) else { continue }
      segments.append(SegmentDefinition(name: pair.key, label: label, rule: rule))
    }
    segments.sort { $0.name < $1.name }
    programs[.member]?.signals.sort { $0.name < $1.name }
  }

  private mutating func segmentRule(_ keyed: KeyedNode, name: String) -> SegmentDefinition.Rule? {
    guard let (form, node) = only(["rule", "top"], in: keyed) else { return nil }
    if form == "rule" {
      for key in ["by", "refresh"] {
        guard let position = keyed.keyPositions[key] else { continue }
        fault(at: position, "wrong form of \(keyed.what)", expected: "`\(key)` only beside `top`", found: "`\(key)`")
      }
      guard signal(name, node, isOneOf: [.boolean], role: "`rule`") else { return nil }
      return .rule
    }
    guard let by = required("by", in: keyed) else { return nil }
    let share = share(node)
    let refresh = keyed["refresh"].map { duration($0, "refresh", in: PlaybookLimits.lengths) } ?? .hours(1)
    guard signal(name, by, isOneOf: [.decimal], role: "`by`"), let share, let refresh else { return nil }
    return .top(share: share, refresh: refresh)
  }

  private mutating func signal(_ name: String, _ node: YAMLTree, isOneOf kinds: [ValueKind], role: String) -> Bool {
    let empty = ExpressionScope(place: .subject(SubjectKind.member.rawValue), bindings: [:])
    guard let syntax = parse(node, role),
      let checked = check(
        syntax,
        at: node,
        scope: programs[.member]?.scope ?? empty,
        isOneOf: kinds,
        role: role
      )
    else { return false }
    programs[.member, default: ProgramDraft()].signals.append(
      SignalDefinition(name: name, expression: checked.formula)
    )
    return true
  }

  /// `30%` as 0.3; over 0 to 100 %.
  private mutating func share(_ node: YAMLTree) -> FixedDecimal? {
    guard let text = text(node, "top") else { return nil }
    let hundred = 100 * FixedDecimal.scale
    guard text.hasSuffix("%"), let percent = try? FixedDecimal(json: text.utf8.dropLast()),
      percent.millionths > 0, percent.millionths <= hundred, percent.millionths % 100 == 0
    else {
      fault(
        at: node.position,
        "malformed share",
        expected: "over 0% to 100%, at most 4 places",
        found: "`\(text)`",
        hint: text.hasSuffix("%") ? nil : "write a share such as `30%`"
      )
      return nil
    }
    return FixedDecimal(millionths: percent.millionths / 100)
  }
}
