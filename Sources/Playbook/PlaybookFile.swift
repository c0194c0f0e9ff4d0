/// One file of a tenant's playbook folder.
package struct PlaybookFile: Hashable, Sendable {
  /// As faults name it: the path inside the folder.
  package var name: String
  /// YAML. The caller decodes UTF-8 and reports where it is malformed.
  package var text: String

  package init(name: String, text: String) {
    self.name = name
    self.text = text
  }
}
