/// A place in one of the playbook's files.
struct SourcePosition: Hashable, Comparable {
  /// Index of the file.
  var file: Int
  /// From 1.
  var line: Int
  /// From 1, in Unicode scalar values, as libyaml counts.
  var column: Int

  static func < (left: SourcePosition, right: SourcePosition) -> Bool {
    (left.file, left.line, left.column) < (right.file, right.line, right.column)
  }
}

/// A file's text as scalars with its lines, split where libyaml splits them.
struct SourceText {
  let name: String
  let scalars: [Unicode.Scalar]
  private let lineStarts: [Int]

  init(name: String, text: String) {
    self.name = name
    // A byte order mark is no part of the text.
    scalars = Array(
      text.unicodeScalars.first == "\u{FEFF}" ? text.unicodeScalars.dropFirst() : text.unicodeScalars[...]
    )
    var starts = [0]
    for index in scalars.indices where Self.endsLine(scalars, at: index) { starts.append(index + 1) }
    lineStarts = starts
  }

  static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }

  /// A carriage return and line feed end one line together.
  private static func endsLine(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
    guard isBreak(scalars[index]) else { return false }
    return !(scalars[index] == "\r" && index + 1 < scalars.count && scalars[index + 1] == "\n")
  }

  /// Index of the scalar at a line and column; the text's end for a place past it.
  func index(line: Int, column: Int) -> Int {
    guard line >= 1, line <= lineStarts.count else { return scalars.count }
    return min(scalars.count, lineStarts[line - 1] + column - 1)
  }

  var lineCount: Int { lineStarts.count }

  /// Line and column of the scalar at `index`.
  func place(of index: Int) -> (line: Int, column: Int) {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= index { low = middle } else { high = middle }
    }
    return (low + 1, index - lineStarts[low] + 1)
  }
}
