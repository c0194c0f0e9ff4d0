/// What kind of thing is folded, or keys an event.
package enum SubjectKind: String, Sendable, CaseIterable {
  case member
  case community
  case channel
  case campaign
  case `operator`
}

/// `tenant/kind/id`: the Kafka key everywhere, so that one partition sees a subject's whole life in order.
package struct Subject: Hashable, Sendable {
  package let tenant: String
  package let kind: SubjectKind
  package let id: String

  package init(tenant: String, kind: SubjectKind, id: String) {
    self.tenant = tenant
    self.kind = kind
    self.id = id
  }

  /// The Kafka key, UTF-8.
  package var key: String { "\(tenant)/\(kind.rawValue)/\(id)" }

  /// The same as bytes.
  package var keyBytes: [UInt8] {
    let kind = kind.rawValue
    var bytes: [UInt8] = []
    bytes.reserveCapacity(tenant.utf8.count + kind.utf8.count + id.utf8.count + 2)
    bytes.append(contentsOf: tenant.utf8)
    bytes.append(UInt8(ascii: "/"))
    bytes.append(contentsOf: kind.utf8)
    bytes.append(UInt8(ascii: "/"))
    bytes.append(contentsOf: id.utf8)
    return bytes
  }

  /// As an event's `subject` names it: `member/900`.
  package var path: String { "\(kind.rawValue)/\(id)" }

  /// Splits `tenant/kind/id`; the id may hold slashes. `nil` when a part is empty or the kind unknown.
  package init?(key: some StringProtocol) {
    let parts = key.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, !parts[2].isEmpty, let kind = SubjectKind(rawValue: String(parts[1]))
    else { return nil }
    self.init(tenant: String(parts[0]), kind: kind, id: String(parts[2]))
  }

  /// Splits `kind/id` as an event's `subject` gives it.
  package init?(tenant: String, path: some StringProtocol) {
    let parts = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[1].isEmpty, let kind = SubjectKind(rawValue: String(parts[0])) else { return nil }
    self.init(tenant: tenant, kind: kind, id: String(parts[1]))
  }
}
