import EventCodec
import EventModel
import Folding
import PipelinePorts

/// Tables of the store and of the offline fold as rows by key, so that they can be set side by side.
enum Tables {
  struct Membership: Hashable {
    var segment: String
    var since: String
  }

  /// `kind/id` to metrics and tags, canonical.
  static func states(_ fold: FileFold, kind: SubjectKind) -> [String: String] {
    var rows: [String: String] = [:]
    for line in fold.stateLines() {
      guard let value = try? JSONReader.parse(line), case .string(let path)? = value["subject"],
        path.hasPrefix(kind.rawValue + "/")
      else { continue }
      rows[path] = content(value)
    }
    return rows
  }

  /// The tagger's rows in the same form.
  static func projections(_ stored: [[UInt8]: [UInt8]]) throws -> [String: String] {
    var rows: [String: String] = [:]
    for (key, projection) in stored {
      rows[path(key)] = content(try JSONReader.parse(projection))
    }
    return rows
  }

  private static func path(_ key: [UInt8]) -> String { Subject(key: String(decoding: key, as: UTF8.self))?.path ?? "?" }

  private static func content(_ value: Value) -> String {
    let kept = Value.object([.init("metrics", value["metrics"] ?? .null), .init("tags", value["tags"] ?? .null)])
    return String(decoding: kept.canonicalJSON, as: UTF8.self)
  }

  /// Funnel entries by funnel, member and day; not their revision.
  static func entries(_ rows: [TableRow]) -> [String: String] {
    var entries: [String: String] = [:]
    for case .funnelEntry(let row) in rows {
      let key = "\(row.funnel) member/\(row.member) \(row.day.text)"
      let times = row.times.map { $0?.text ?? "null" }.joined(separator: " ")
      entries[key] = row.status == "withdrawn" ? nil : "\(row.level) \(row.status) \(row.breakdown ?? "null") \(times)"
    }
    return entries
  }

  static func entries(_ fold: FileFold) -> [String: String] {
    var entries: [String: String] = [:]
    for line in fold.funnelLines() {
      guard let value = try? JSONReader.parse(line) else { continue }
      func text(_ name: String) -> String {
        switch value[name] {
        case .string(let text)?: text
        case .number(let number)?: number.text
        default: "null"
        }
      }
      var times: [String] = []
      if case .list(let list)? = value["times"] {
        times = list.map { if case .string(let text) = $0 { text } else { "null" } }
      }
      entries["\(text("funnel")) \(text("subject")) \(text("day"))"] =
        "\(text("level")) \(text("status")) \(text("breakdown")) \(times.joined(separator: " "))"
    }
    return entries
  }

  /// Memberships by segment and member.
  static func memberships(_ stored: [[UInt8]: [UInt8]]) throws -> [String: Membership] {
    var found: [String: Membership] = [:]
    for (key, projection) in stored {
      guard case .object(let segments)? = try JSONReader.parse(projection)["segments"] else { continue }
      for segment in segments {
        guard case .string(let since)? = segment.value["since"] else { continue }
        found["\(segment.name) \(path(key))"] = Membership(segment: segment.name, since: since)
      }
    }
    return found
  }

  static func memberships(_ fold: FileFold) throws -> [String: Membership] {
    var found: [String: Membership] = [:]
    for line in fold.segmentLines() {
      let value = try JSONReader.parse(line)
      guard case .string(let segment)? = value["segment"], case .string(let since)? = value["since"],
        case .string(let path)? = value["subject"]
      else { continue }
      found["\(segment) \(path)"] = Membership(segment: segment, since: since)
    }
    return found
  }

  /// The first rows that differ, at most three.
  static func differences(_ ours: [String: String], _ theirs: [String: String], _ what: String) -> [String] {
    Set(ours.keys).union(theirs.keys).sorted().filter { ours[$0] != theirs[$0] }.prefix(3).map {
      "\(what), \($0):\n  got:      \(ours[$0] ?? "none")\n  expected: \(theirs[$0] ?? "none")"
    }
  }
}
