package struct ChannelDefinition: Sendable {
  package var name: String
  package var kind: Kind
  package enum Kind: Hashable, Sendable {
    /// `secret` is the name of a secret, never the secret.
    case webhook(url: String, secret: String?)
    case file(name: String)
  }
  package init(name: String, kind: Kind) {
    self.name = name
    self.kind = kind
  }
}
