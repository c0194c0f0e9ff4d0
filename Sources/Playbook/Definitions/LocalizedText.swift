/// A text in several languages; `text(in:)` falls back to the first one given.
package struct LocalizedText: Hashable, Sendable {
  /// Language code to text, in the order written; a text without language has the code `""`.
  package var texts: [Text]

  /// The text in one language.
  package struct Text: Hashable, Sendable {
    package var language: String
    package var text: String
    package init(language: String, text: String) {
      self.language = language
      self.text = text
    }
  }

  package init(texts: [Text]) { self.texts = texts }

  /// The text in a language, else the first one; empty when there is none.
  package func text(in language: String) -> String {
    (texts.first { $0.language == language } ?? texts.first)?.text ?? ""
  }
}
