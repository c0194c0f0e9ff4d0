/// PostgreSQL keeps neither U+0000 in a text nor its escape in a `jsonb`. Values that came from events may hold it, and
/// one such value must not stop a partition: it is stored as U+FFFD. The subject's state keeps the original.
enum StorableText {
  /// `text` without U+0000.
  static func clean(_ text: String) -> String {
    guard text.utf8.contains(0) else { return text }
    var cleaned = ""
    for scalar in text.unicodeScalars { cleaned.unicodeScalars.append(scalar.value == 0 ? "\u{FFFD}" : scalar) }
    return cleaned
  }

  /// JSON text with the escape `\u0000` turned into `\ufffd`, which has the same length. O(bytes).
  static func clean(json: [UInt8]) -> [UInt8] {
    let backslash = UInt8(ascii: "\\")
    guard json.contains(backslash) else { return json }
    var cleaned = json
    var place = 0
    while place < cleaned.count {
      guard cleaned[place] == backslash else {
        place += 1
        continue
      }
      if place + 6 <= cleaned.count, cleaned[place..<place + 6].elementsEqual(#"\u0000"#.utf8) {
        cleaned.replaceSubrange(place..<place + 6, with: #"\ufffd"#.utf8)
      }
      // Past the escaped character: the second of two backslashes starts nothing.
      place += 2
    }
    return cleaned
  }
}
