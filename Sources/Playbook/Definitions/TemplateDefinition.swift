/// The text of a message.
package struct TemplateDefinition: Sendable {
  package var name: String
  /// `promotion` and the like; caps name it.
  package var kind: String
  /// Name of the sender that members see.
  package var voice: String?
  /// With `{{field}}` places.
  package var text: String
  package init(name: String, kind: String, voice: String?, text: String) {
    self.name = name
    self.kind = kind
    self.voice = voice
    self.text = text
  }
}
