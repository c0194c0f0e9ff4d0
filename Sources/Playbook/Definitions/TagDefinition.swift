/// A named value of a member or a community: also a score, and the quadrant (SEMANTICS "Tags").
package struct TagDefinition: Sendable {
  package var name: String
  /// The definition's name where none was written.
  package var label: LocalizedText
  package var category: String?
  package var owner: String?
  package var description: LocalizedText?
  /// How the value is decided.
  package var rule: TagRule
  /// Kind of the value: boolean, decimal, string (also enum), list.
  package var kind: TagKind
  /// The model of a predictive tag; its `rule` is the value null until the model is computed.
  package var model: PredictiveModel?

  package init(
    name: String,
    label: LocalizedText,
    category: String? = nil,
    owner: String? = nil,
    description: LocalizedText? = nil,
    rule: TagRule,
    kind: TagKind
  ) {
    self.name = name
    self.label = label
    self.category = category
    self.owner = owner
    self.description = description
    self.rule = rule
    self.kind = kind
  }
}

/// Kind of a tag's value. A fact whose kind is not known before run time is a `string`.
package enum TagKind: String, Sendable { case boolean, decimal, string, `enum`, list }
