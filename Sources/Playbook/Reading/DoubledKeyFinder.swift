/// Finds where a key stands again: the YAML library names a doubled key's first place only.
struct DoubledKeyFinder {
  let source: SourceText
  /// The key as written.
  let key: [Unicode.Scalar]

  /// Index of the key's next place in the same mapping after `first`, among those that `isOpen`; `nil` when the text
  /// is written in a way that this search cannot follow.
  func second(after first: SourcePosition, isOpen: (Int) -> Bool) -> Int? {
    guard !key.isEmpty else { return nil }
    return inBlock(after: first, isOpen: isOpen) ?? inFlow(after: first, isOpen: isOpen)
  }

  /// In a block mapping the keys stand in one column, and every line between is indented further.
  private func inBlock(after first: SourcePosition, isOpen: (Int) -> Bool) -> Int? {
    var line = first.line + 1
    while true {
      let start = source.index(line: line, column: 1)
      guard start < source.scalars.count else { return nil }
      var index = start
      while index < source.scalars.count, source.scalars[index] == " " { index += 1 }
      let isBlank = index >= source.scalars.count || SourceText.isBreak(source.scalars[index])
      if !isBlank, source.scalars[index] != "#" {
        let column = index - start + 1
        if column < first.column { return nil }
        if column == first.column, isKey(at: index), isOpen(index) { return index }
      }
      line += 1
    }
  }

  /// In a flow mapping, at the same depth of brackets.
  private func inFlow(after first: SourcePosition, isOpen: (Int) -> Bool) -> Int? {
    var index = source.index(line: first.line, column: first.column) + key.count
    var depth = 0
    while index < source.scalars.count {
      switch source.scalars[index] {
      case "{", "[": depth += 1
      case "}", "]":
        depth -= 1
        if depth < 0 { return nil }
      default:
        if depth == 0, isBoundary(before: index), isKey(at: index), isOpen(index) { return index }
      }
      index += 1
    }
    return nil
  }

  private func isBoundary(before index: Int) -> Bool {
    guard index > 0 else { return true }
    let scalar = source.scalars[index - 1]
    return scalar == " " || scalar == "," || SourceText.isBreak(scalar)
  }

  private func isKey(at index: Int) -> Bool {
    guard source.scalars.count - index > key.count, source.scalars[index..<(index + key.count)].elementsEqual(key)
    else { return false }
    var after = index + key.count
    while after < source.scalars.count, source.scalars[after] == " " { after += 1 }
    return after < source.scalars.count && source.scalars[after] == ":"
  }
}
