import EventModel

/// `courtesy:`, `templates:`, `channels:`, `calendars:` and `journeys:`
extension Compilation {
  mutating func compileCourtesy(_ section: [YAMLTree.Pair]) -> Courtesy {
    refuseUnknownKeys(section, "courtesy", allowed: ["quiet_hours", "caps"])
    var courtesy = Courtesy()
    if let node = section.first(where: { $0.key == "quiet_hours" })?.value { courtesy.quietHours = quietHours(node) }
    if let node = section.first(where: { $0.key == "caps" })?.value,
      let items = items(node, "caps", of: "{touches: .., per: ..}")
    {
      courtesy.caps = items.compactMap { cap($0) }
    }
    return courtesy
  }

  private mutating func quietHours(_ node: YAMLTree) -> Courtesy.QuietHours? {
    guard let keyed = keyed(node, "quiet hours", allowed: ["from", "to"]) else { return nil }
    let from = required("from", in: keyed).flatMap { timeOfDay($0, "from") }
    let to = required("to", in: keyed).flatMap { timeOfDay($0, "to") }
    guard let from, let to else { return nil }
    guard from != to else {
      fault(at: node.position, "empty quiet hours", expected: "two different times", found: "the same time twice")
      return nil
    }
    return Courtesy.QuietHours(from: from, to: to)
  }

  private mutating func cap(_ node: YAMLTree) -> Courtesy.Cap? {
    guard let keyed = keyed(node, "cap", allowed: ["kind", "touches", "per"]) else { return nil }
    let touches = required("touches", in: keyed).flatMap {
      wholeNumber($0, "touches", in: 1...PlaybookLimits.capTouchesMax)
    }
    let per = required("per", in: keyed).flatMap { duration($0, "per", in: PlaybookLimits.lengths) }
    var kind: String?
    if let node = keyed["kind"] {
      kind = name(node, "kind")
      let known = Set(templates.map(\.kind))
      if let kind, !known.contains(kind) {
        warn(
          at: node.position,
          "cap of a kind that no template has",
          expected: "a template's kind",
          found: "`\(kind)`",
          hint: NearestName.hint(for: kind, among: known)
        )
      }
    }
    guard let touches, let per else { return nil }
    return Courtesy.Cap(kind: kind, touches: touches, per: per)
  }

  // MARK: - Templates and channels

  mutating func compileTemplates(_ section: [YAMLTree.Pair]) {
    for pair in section where admitDefinition(pair, of: "templates") {
      guard let keyed = keyed(pair.value, "template `\(pair.key)`", allowed: ["kind", "voice", "text"]) else {
        continue
      }
      let kind = required("kind", in: keyed).flatMap { name($0, "kind") }
      let voice = keyed["voice"].flatMap { text($0, "voice") }
      let body = required("text", in: keyed).flatMap { templateText($0) }
      guard let kind, let body else { continue }
      templates.append(TemplateDefinition(name: pair.key, kind: kind, voice: voice, text: body))
    }
    templates.sort { $0.name < $1.name }
  }

  private mutating func templateText(_ node: YAMLTree) -> String? {
    guard let text = text(node, "text") else { return nil }
    guard text.utf8.count <= PlaybookLimits.templateBytesMax else {
      fault(
        at: node.position,
        "template too long",
        expected: "at most \(PlaybookLimits.templateBytesMax) bytes",
        found: "\(text.utf8.count)"
      )
      return nil
    }
    var rest = text[...]
    var named: Set<String> = []
    while let open = rest.range(ofPart: "{{") {
      let inside = rest[open.upperBound...]
      guard let close = inside.range(ofPart: "}}") else {
        placeInText(open.lowerBound, of: text, node, expected: "`}}` after `{{`", found: "the end")
        return nil
      }
      // `{{name}}` or `{{name | what stands where there is none}}`.
      let content = inside[..<close.lowerBound].prefix { $0 != "|" }
      let name = String(content.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      guard Self.isName(name) else {
        placeInText(
          open.lowerBound,
          of: text,
          node,
          expected: "a name, or a name | a fallback, between `{{` and `}}`",
          found: "`\(inside[..<close.lowerBound])`"
        )
        return nil
      }
      if named.insert(name).inserted { checkIsFilled(name, open.lowerBound, of: text, node) }
      rest = rest[close.upperBound...]
    }
    return text
  }

  /// Warns of a place that nothing ever fills: texts know the subject's id and its tags.
  private mutating func checkIsFilled(_ name: String, _ index: String.Index, of text: String, _ node: YAMLTree) {
    let kinds = [SubjectKind.member, .community]
    let known = Set(kinds.flatMap { programs[$0]?.scope?.tagNames ?? [] } + kinds.map(\.rawValue))
    guard !known.contains(name) else { return }
    let isMetric = kinds.contains { programs[$0]?.metricKinds[name] != nil }
    let offset = text.unicodeScalars.distance(from: text.startIndex, to: index)
    let fault = ExpressionFault(
      offset: offset,
      what: "nothing fills a place",
      expected: "a tag, `member` or `community`",
      found: isMetric ? "the metric `\(name)`" : "`\(name)`",
      hint: isMetric ? "show it by a tag: {value: \(name)}" : NearestName.hint(for: name, among: known.sorted())
    )
    place(fault, in: node, as: .warning)
  }

  private mutating func placeInText(
    _ index: String.Index,
    of text: String,
    _ node: YAMLTree,
    expected: String,
    found: String
  ) {
    let offset = text.unicodeScalars.distance(from: text.startIndex, to: index)
    place(ExpressionFault(offset: offset, what: "malformed template", expected: expected, found: found), in: node)
  }

  mutating func compileChannels(_ section: [YAMLTree.Pair]) {
    for pair in section where admitDefinition(pair, of: "channels") {
      guard let keyed = keyed(pair.value, "channel `\(pair.key)`", allowed: ["webhook", "secret", "file"]),
        let kind = channelKind(keyed)
      else { continue }
      channels.append(ChannelDefinition(name: pair.key, kind: kind))
    }
    channels.sort { $0.name < $1.name }
  }

  private mutating func channelKind(_ keyed: KeyedNode) -> ChannelDefinition.Kind? {
    guard let (form, node) = only(["webhook", "file"], in: keyed) else { return nil }
    if form == "file" {
      if let position = keyed.keyPositions["secret"] {
        fault(
          at: position,
          "wrong form of \(keyed.what)",
          expected: "`secret` only beside `webhook`",
          found: "`secret`"
        )
      }
      return name(node, "file").map { .file(name: $0) }
    }
    guard let url = text(node, "webhook") else { return nil }
    let rest = url.hasPrefix("https://") ? url.dropFirst(8) : url.hasPrefix("http://") ? url.dropFirst(7) : ""
    let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !host.isEmpty, !host.contains("@"), url.utf8.allSatisfy({ (33...126).contains($0) }) else {
      // The address may carry a password: it is not repeated.
      fault(
        at: node.position,
        "malformed address",
        expected: "https://host/path without user or password",
        found: "another form",
        hint: "secrets stand in `secret:`, by name only"
      )
      return nil
    }
    var secret: String?
    if let node = keyed["secret"] {
      guard let text = text(node, "secret") else { return nil }
      guard Self.isName(text) else {
        fault(
          at: node.position,
          "malformed secret",
          expected: "the name of a secret, never the secret",
          found: "another form"
        )
        return nil
      }
      secret = text
    }
    return .webhook(url: url, secret: secret)
  }
}

extension Substring {
  /// The first range of an ASCII text.
  fileprivate func range(ofPart part: String) -> Range<Index>? { firstRange(of: part) }
}
