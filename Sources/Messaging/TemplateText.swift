import EventModel

/// A template's text, read once: plain text with places for fields.
///
/// A place is `{{field}}` or `{{field|fallback}}`, spaces around both ignored; field names are letters, digits, `_` and
/// `.`. Anything else in double braces is plain text. What a field brings in is never read for places again.
package struct TemplateText: Hashable, Sendable {
  private enum Piece: Hashable, Sendable {
    case text(String)
    case place(field: String, fallback: String)
  }

  /// Bytes of the template.
  package static let templateBytesMax = 8_192
  package static let placesMax = 64
  /// Bytes that one field may bring in; more is cut at a character.
  package static let fieldBytesMax = 512
  /// Bytes of the result; more is cut at a character.
  package static let renderedBytesMax = 16_384

  /// What came of rendering.
  package struct Rendering: Hashable, Sendable {
    package var text: String
    /// Fields that had no value and stand as their fallback (empty where none is given), in order, each once.
    package var missing: [String]
  }

  /// Why a template is refused.
  package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    case tooLong(bytes: Int)
    case tooManyPlaces(Int)

    package var description: String {
      switch self {
      case .tooLong(let bytes): "template of \(bytes) bytes: expected at most \(TemplateText.templateBytesMax)"
      case .tooManyPlaces(let count): "template with \(count) places: expected at most \(TemplateText.placesMax)"
      }
    }
  }

  private let pieces: [Piece]

  /// Reads a template.
  package init(_ text: String) throws(Failure) {
    guard text.utf8.count <= Self.templateBytesMax else { throw .tooLong(bytes: text.utf8.count) }
    var pieces: [Piece] = []
    var plain = ""
    var places = 0
    var rest = Substring(text)
    while let open = Self.place(in: rest) {
      plain += rest[..<open.range.lowerBound]
      if !plain.isEmpty { pieces.append(.text(plain)) }
      plain = ""
      pieces.append(.place(field: open.field, fallback: open.fallback))
      places += 1
      rest = rest[open.range.upperBound...]
    }
    plain += rest
    if !plain.isEmpty { pieces.append(.text(plain)) }
    guard places <= Self.placesMax else { throw .tooManyPlaces(places) }
    self.pieces = pieces
  }

  /// The fields named, in order, each once.
  package var fields: [String] {
    var names: [String] = []
    for case .place(let field, _) in pieces where !names.contains(field) { names.append(field) }
    return names
  }

  /// Fills the places. A field without a value (absent, null, an object) gives its fallback.
  package func render(_ value: (String) -> Value?) -> Rendering {
    var rendering = Rendering(text: "", missing: [])
    for piece in pieces {
      switch piece {
      case .text(let text): rendering.text += text
      case .place(let field, let fallback):
        if let text = value(field).flatMap(Self.text(of:)) {
          rendering.text += Self.cut(text, to: Self.fieldBytesMax)
        } else {
          rendering.text += fallback
          if !rendering.missing.contains(field) { rendering.missing.append(field) }
        }
      }
    }
    rendering.text = Self.cut(rendering.text, to: Self.renderedBytesMax)
    return rendering
  }

  /// The first place in `text`; the opening braces next to the content count, so that `{{{a}}` holds one place.
  private static func place(
    in text: Substring
  ) -> (range: Range<Substring.Index>, field: String, fallback: String)? {
    var search = text
    while let close = search.firstIndex(ofPair: "}") {
      let head = search[..<close.lowerBound]
      if let open = head.lastIndex(ofPair: "{") {
        let content = head[open.upperBound...].split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        let field = trimmed(content[0])
        if isName(field) {
          let fallback = content.count > 1 ? trimmed(content[1]) : ""
          return (open.lowerBound..<close.upperBound, field, fallback)
        }
      }
      search = search[close.upperBound...]
    }
    return nil
  }

  private static func trimmed(_ text: Substring) -> String {
    var rest = text
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }

  private static func isName(_ text: String) -> Bool {
    !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        $0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_" || $0 == "."
      }
  }

  /// A value as templates show it; nil where there is nothing to show.
  package static func shown(_ value: Value) -> String? { text(of: value) }

  private static func text(of value: Value) -> String? {
    switch value {
    case .null, .object: nil
    case .bool(let flag): flag ? "true" : "false"
    case .number(let number): number.text
    case .string(let text): plain(text)
    case .time(let instant): instant.text
    case .span(let span): "\(span.milliseconds) ms"
    case .list(let values): values.compactMap(text(of:)).joined(separator: ", ")
    }
  }

  /// Control characters become spaces: a name must not break lines or hide text.
  private static func plain(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isControl = [.control, .format, .lineSeparator, .paragraphSeparator].contains(
        scalar.properties.generalCategory
      )
      // The joiner holds emoji and some scripts together.
      scalars.append(isControl && scalar != "\u{200D}" ? " " : scalar)
    }
    return String(scalars)
  }

  private static func cut(_ text: String, to bytesMax: Int) -> String {
    guard text.utf8.count > bytesMax else { return text }
    var kept = ""
    var bytes = 0
    for character in text {
      bytes += character.utf8.count
      guard bytes <= bytesMax else { break }
      kept.append(character)
    }
    return kept
  }
}

extension Substring {
  /// The first two neighbouring `brace`s.
  fileprivate func firstIndex(ofPair brace: Character) -> Range<Index>? {
    zip(indices, indices.dropFirst()).first { self[$0] == brace && self[$1] == brace }
      .map { $0..<index(after: $1) }
  }

  /// The last two neighbouring `brace`s.
  fileprivate func lastIndex(ofPair brace: Character) -> Range<Index>? {
    var end = endIndex
    while end > startIndex {
      let second = index(before: end)
      guard second > startIndex else { return nil }
      let first = index(before: second)
      if self[first] == brace, self[second] == brace { return first..<end }
      end = second
    }
    return nil
  }
}
