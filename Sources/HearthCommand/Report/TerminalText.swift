/// Text on a terminal: columns as they are seen, and nothing in the data that the terminal would obey.
package enum TerminalText {
  /// Columns that a scalar takes: two for the wide characters of East Asian scripts and most symbols drawn as pictures
  /// (Unicode Standard Annex 11), none for marks that combine.
  static func columns(of scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE4F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      return 2
    default: break
    }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: return 1
    }
  }

  package static func columns(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + columns(of: $1) } }

  /// The text with every control character (escape sequences begin with one) replaced by a dot.
  package static func clean(_ text: String) -> String {
    var output = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isSafe = scalar.properties.generalCategory != .control && scalar.properties.generalCategory != .format
      output.append(isSafe ? scalar : "·")
    }
    return String(output)
  }

  /// Exactly `width` columns: cut with an ellipsis, or filled with spaces.
  package static func fitted(_ text: String, _ width: Int, right: Bool = false) -> String {
    let text = clean(text)
    let taken = columns(text)
    if taken <= width {
      let fill = String(repeating: " ", count: width - taken)
      return right ? fill + text : text + fill
    }
    var output = String.UnicodeScalarView()
    var used = 0
    for scalar in text.unicodeScalars {
      let next = columns(of: scalar)
      guard used + next <= width - 1 else { break }
      output.append(scalar)
      used += next
    }
    return String(output) + "…" + String(repeating: " ", count: max(0, width - 1 - used))
  }

  /// The text without the spaces at its end.
  static func withoutEnd(_ text: String) -> String {
    String(text.reversed().drop { $0 == " " }.reversed())
  }

  /// A bar of `value` out of `largest`, at most `width` columns, to an eighth of a column; never empty for a value
  /// over 0.
  package static func bar(_ value: Int, of largest: Int, width: Int) -> String {
    guard largest > 0, value > 0 else { return "" }
    let eighths = max(1, value * width * 8 / largest)
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
  }
}

/// Emphasis where the terminal shows it.
package struct TerminalStyle: Sendable {
  package var hasColor: Bool
  /// Columns of a line.
  package var width: Int

  package init(hasColor: Bool, width: Int = 100) {
    self.hasColor = hasColor
    self.width = min(max(width, 60), 160)
  }

  func heading(_ text: String) -> String { wrap(text, "1") }
  func dim(_ text: String) -> String { wrap(text, "2") }
  func accent(_ text: String) -> String { wrap(text, "36") }

  private func wrap(_ text: String, _ code: String) -> String {
    hasColor && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
