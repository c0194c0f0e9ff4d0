import EventModel
import Yams

/// Reads a page's YAML. Every scalar is text first; unknown and doubled keys are faults, so that a word that is written
/// wrong cannot pass in silence.
package struct PageSpecReader {
  private let file: String

  package init(file: String) { self.file = file }

  /// - Throws: at the first fault, with its line and column.
  package func read(_ yaml: String) throws(CommandFailure) -> PageSpec {
    guard yaml.utf8.count <= PageSpec.bytesMax else {
      throw CommandFailure(
        .invalidInput,
        "page is too large",
        at: file,
        expected: "at most \(PageSpec.bytesMax) bytes",
        got: "\(yaml.utf8.count)"
      )
    }
    let keys = try PageKeys(try root(yaml), file: file, key: "", allowed: ["page", "sections"])
    var sections: [PageSpec.Section] = []
    for node in try keys.list("sections", most: PageSpec.sectionsMax) {
      let section = try section(node)
      guard !sections.contains(where: { $0.tenant == section.tenant || $0.id == section.id }) else {
        throw keys.fault("sections", "each tenant and id once", section.tenant)
      }
      sections.append(section)
    }
    guard !sections.isEmpty else { throw keys.fault("sections", "at least one section", "none") }
    return PageSpec(title: try keys.label("page"), sections: sections)
  }

  private func root(_ yaml: String) throws(CommandFailure) -> Node {
    var problem = "nothing"
    var place = file
    do {
      if let node = try Yams.compose(yaml: yaml) { return node }
    } catch let YamlError.scanner(_, found, mark, _), let YamlError.parser(_, found, mark, _) {
      problem = String(found)
      place = "\(file):\(mark.line):\(mark.column)"
    } catch {
      problem = "something else"
    }
    throw CommandFailure(.invalidInput, "page cannot be read", at: place, expected: "YAML", got: problem)
  }

  private static let sectionKeys: Set<String> = [
    "tenant", "id", "provenance", "source", "limits", "until", "events", "values", "path", "behaviours", "heat",
    "health", "rfm", "ranking", "ratings", "follow",
  ]

  private func section(_ node: Node) throws(CommandFailure) -> PageSpec.Section {
    let keys = try PageKeys(node, file: file, key: "sections", allowed: Self.sectionKeys)
    let id = try keys.text("id")
    guard !id.isEmpty, id.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }) else {
      throw keys.fault("id", "small letters, digits and -", id)
    }
    let word = try keys.text("provenance")
    guard let provenance = PageSpec.Provenance(rawValue: word) else {
      throw keys.fault("provenance", "simulated or real", word)
    }
    var section = PageSpec.Section(
      tenant: try keys.text("tenant"),
      id: id,
      provenance: provenance,
      source: try keys.label("source")
    )
    if let until = try keys.optionalText("until") {
      guard let instant = Instant(text: until) else { throw keys.fault("until", "RFC 3339", until) }
      section.until = instant
    }
    section.events = try keys.optionalText("events")
    section.limits = try keys.labels("limits")
    section.values = try keys.named("values")
    if let keys = try keys.inner("path", ["funnel", "to", "within", "parts"]) {
      section.path = .init(
        funnel: try keys.text("funnel"),
        to: try keys.optionalText("to"),
        within: try keys.optionalSpan("within"),
        parts: try keys.optionalLabel("parts")
      )
    }
    for node in try keys.list("behaviours") {
      let keys = try PageKeys(node, file: file, key: "behaviours", allowed: ["funnel", "label"])
      section.behaviours.append(.init(funnel: try keys.text("funnel"), label: try keys.label("label")))
    }
    try numbers(keys, &section)
    if let keys = try keys.inner("follow", ["member", "name", "moments"]) { section.follow = try follow(keys) }
    return section
  }

  /// The parts that name metrics and tags.
  private func numbers(_ keys: PageKeys, _ section: inout PageSpec.Section) throws(CommandFailure) {
    if let keys = try keys.inner("heat", ["label", "events", "weigh"]) {
      section.heat = .init(
        label: try keys.label("label"),
        events: try keys.texts("events"),
        weigh: try keys.optionalText("weigh")
      )
    }
    if let keys = try keys.inner("health", ["tag", "events", "period", "name", "show"]) {
      guard let period = try keys.optionalSpan("period") else { throw keys.fault("period", "a duration", "nothing") }
      section.health = .init(
        tag: try keys.text("tag"),
        events: try keys.texts("events"),
        period: period,
        name: try keys.optionalText("name"),
        show: try keys.texts("show")
      )
    }
    if let keys = try keys.inner("rfm", ["recency", "frequency", "money"]) {
      section.rfm = .init(
        recency: try keys.text("recency"),
        frequency: try keys.text("frequency"),
        money: try keys.text("money")
      )
    }
    if let keys = try keys.inner("ranking", ["label", "by", "show", "top"]) {
      let text = try keys.optionalText("top") ?? "10"
      guard let top = Int(text), (1...50).contains(top) else { throw keys.fault("top", "1 to 50", text) }
      section.ranking = .init(
        label: try keys.label("label"),
        by: try keys.text("by"),
        show: try keys.texts("show"),
        top: top
      )
    }
    if let keys = try keys.inner("ratings", ["community", "count", "also", "scores", "note"]) {
      section.ratings = .init(
        community: try keys.text("community"),
        count: try keys.text("count"),
        also: try keys.texts("also"),
        scores: try keys.texts("scores"),
        note: try keys.optionalLabel("note")
      )
    }
  }

  private func follow(_ keys: PageKeys) throws(CommandFailure) -> PageSpec.Follow {
    var moments: [PageSpec.Follow.Moment] = []
    for node in try keys.list("moments") {
      let keys = try PageKeys(
        node,
        file: file,
        key: "moments",
        allowed: ["label", "event", "tag", "value", "touch", "held"]
      )
      let kind: PageSpec.Follow.Moment.Kind
      if let event = try keys.optionalText("event") {
        kind = .event(event)
      } else if let tag = try keys.optionalText("tag") {
        kind = .tag(tag, try keys.optionalText("value") ?? "true")
      } else if let touch = try keys.optionalText("touch") {
        kind = .touch(touch)
      } else if try keys.optionalText("held") == "true" {
        kind = .held
      } else {
        throw keys.fault("moments", "one of event, tag, touch, held: true", "none")
      }
      moments.append(.init(label: try keys.label("label"), kind: kind))
    }
    return .init(member: try keys.optionalText("member"), name: try keys.optionalText("name"), moments: moments)
  }
}
