/// Text that is safe inside a page.
package enum Markup {
  /// Safe between tags and inside quoted attributes; control characters, which HTML has no form for, become a dot.
  package static func escape(_ text: String) -> String {
    var output = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": output += "&amp;"
      case "<": output += "&lt;"
      case ">": output += "&gt;"
      case "\"": output += "&quot;"
      case "'": output += "&#39;"
      case "\t", "\n": output += " "
      default:
        let isControl = scalar.properties.generalCategory == .control
        output.unicodeScalars.append(isControl ? "·" : scalar)
      }
    }
    return output
  }
}

/// A text in Chinese and in English. A page shows both, or the one its reader chose, by the classes `zh` and `en`.
package struct Caption: Hashable, Sendable {
  package var zh: String
  package var en: String

  package init(zh: String, en: String) {
    self.zh = zh
    self.en = en
  }

  /// The same text for both.
  package init(_ text: String) { self.init(zh: text, en: text) }

  /// Both, once where they are the same; for tips and names, which hold no elements.
  package var plain: String { zh == en ? zh : "\(zh) \(en)" }

  /// Elements named `element`, one a language; a single escaped text where both are the same.
  package func elements(_ element: String) -> String {
    guard zh != en else { return Markup.escape(zh) }
    return "<\(element) class=\"zh\">\(Markup.escape(zh))</\(element)> "
      + "<\(element) class=\"en\">\(Markup.escape(en))</\(element)>"
  }
}
