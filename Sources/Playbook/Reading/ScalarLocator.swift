/// Finds where a scalar's characters stand in the file, through quotes, escapes and folded lines.
struct ScalarLocator {
  private let source: SourceText
  private let scalar: YAMLTree.Scalar
  private let start: SourcePosition

  init(source: SourceText, scalar: YAMLTree.Scalar, start: SourcePosition) {
    self.source = source
    self.scalar = scalar
    self.start = start
  }

  /// The place of the scalar value at `offset` of the text; an offset at or past the end gives the place after the
  /// last one. Where the text cannot be followed it is the scalar's beginning.
  func position(of offset: Int) -> SourcePosition {
    var walk = Walk(source: source, index: source.index(line: start.line, column: start.column))
    switch scalar.style {
    case .plain: break
    case .singleQuoted, .doubleQuoted: walk.index += 1
    case .literal, .folded: walk.skipBlockHeader()
    }
    let value = Array(scalar.text.unicodeScalars)
    var position = 0
    while position < min(offset, value.count) {
      let before = position
      guard walk.step(over: value, &position, style: scalar.style, until: offset) else { return start }
      guard position > before else { return start }
    }
    walk.settle(before: position < value.count ? value[position] : nil, style: scalar.style)
    let (line, column) = source.place(of: walk.index)
    return SourcePosition(file: start.file, line: line, column: column)
  }
}

/// A position in the raw text that moves along with one in the value.
private struct Walk {
  let source: SourceText
  var index: Int
  /// Columns of indentation that a block scalar's lines lose.
  private var indentation = 0

  init(source: SourceText, index: Int) {
    self.source = source
    self.index = index
  }

  private var current: Unicode.Scalar? { index < source.scalars.count ? source.scalars[index] : nil }

  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }

  /// Moves over as much of the value as one unit of raw text gives; `false` when the two do not agree.
  mutating func step(
    over value: [Unicode.Scalar],
    _ position: inout Int,
    style: YAMLTree.Style,
    until offset: Int
  ) -> Bool {
    guard let scalar = current else { return false }
    if style == .literal, SourceText.isBreak(scalar) {
      guard value[position] == "\n" else { return false }
      skipLineBreak()
      skipIndentation()
      position += 1
      return true
    }
    if let end = foldedRunEnd() {
      // One break folds to a space, further ones stay line feeds.
      guard value[position] == " " || value[position] == "\n" else { return false }
      while position < value.count, value[position] == "\n", position < offset { position += 1 }
      if position < value.count, value[position] == " ", position < offset { position += 1 }
      index = end
      return true
    }
    if style == .doubleQuoted, scalar == "\\" { return stepOverEscape(value, &position) }
    guard scalar == value[position] else { return false }
    index += style == .singleQuoted && scalar == "'" ? 2 : 1
    position += 1
    return true
  }

  /// Stands on the raw text of the next value scalar when that begins after a fold or a continued line.
  mutating func settle(before next: Unicode.Scalar?, style: YAMLTree.Style) {
    guard let next, next != " ", next != "\n", style != .literal else { return }
    if style == .doubleQuoted { skipContinuedLine() }
    if let end = foldedRunEnd() { index = end }
  }

  /// The end of a run of blanks that holds a line break; `nil` where none begins here.
  private func foldedRunEnd() -> Int? {
    var end = index
    var breaks = 0
    while end < source.scalars.count {
      let scalar = source.scalars[end]
      if SourceText.isBreak(scalar) { breaks += 1 } else if !Self.isBlank(scalar) { break }
      end += 1
    }
    return breaks > 0 ? end : nil
  }

  private mutating func stepOverEscape(_ value: [Unicode.Scalar], _ position: inout Int) -> Bool {
    guard index + 1 < source.scalars.count else { return false }
    let kind = source.scalars[index + 1]
    if SourceText.isBreak(kind) {
      skipContinuedLine()
      guard current == value[position] else { return current == "\\" && stepOverEscape(value, &position) }
      index += 1
      position += 1
      return true
    }
    switch kind {
    case "x": index += 4
    case "u": index += 6
    case "U": index += 10
    default: index += 2
    }
    position += 1
    return true
  }

  private mutating func skipContinuedLine() {
    guard current == "\\", index + 1 < source.scalars.count, SourceText.isBreak(source.scalars[index + 1]) else {
      return
    }
    index += 1
    while let scalar = current, Self.isBlank(scalar) || SourceText.isBreak(scalar) { index += 1 }
  }

  /// From `|` or `>` to the first character of the content.
  mutating func skipBlockHeader() {
    while let scalar = current, !SourceText.isBreak(scalar) { index += 1 }
    skipLineBreak()
    let lineStart = index
    while current == " " { index += 1 }
    indentation = index - lineStart
  }

  private mutating func skipLineBreak() {
    guard let scalar = current else { return }
    index += 1
    if scalar == "\r", current == "\n" { index += 1 }
  }

  private mutating func skipIndentation() {
    var skipped = 0
    while skipped < indentation, current == " " {
      index += 1
      skipped += 1
    }
  }
}
