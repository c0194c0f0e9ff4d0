/// A way out for messages.
package struct ChannelDefinition: Sendable {
  package var name: String
  package var kind: Kind
  /// Where a message goes.
  package enum Kind: Hashable, Sendable {
    /// `secret` is the name of a secret, never the secret.
    case webhook(url: String, secret: String?)
    /// A file of the given name, one message a line: for development.
    case file(name: String)
  }
  package init(name: String, kind: Kind) {
    self.name = name
    self.kind = kind
  }
}
