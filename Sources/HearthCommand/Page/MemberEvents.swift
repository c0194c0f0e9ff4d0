import EventCodec
import EventModel
import Foundation
import PipelineRuntime
import Playbook
import PostgresClient
import PostgresStores

/// Events of a file, one CloudEvent a line, as those of a tenant whatever tenant they name.
enum MemberEvents {
  /// All of them; lines that are no event are passed over, as the import that wrote the file refused none.
  static func read(_ path: String, tenant: String, _ take: (Event) throws -> Void) throws {
    let lines = try LineReader(path: path)
    while let line = try lines.next() {
      guard let event = try? EventCodec.decode(line) else { continue }
      try take(named(event, tenant))
    }
  }

  /// Those of one subject.
  static func read(_ path: String, of subject: Subject, _ take: (Event) throws -> Void) throws {
    let lines = try LineReader(path: path)
    let mark = SubjectMark(subject)
    while let line = try lines.next() {
      guard mark.mayStand(in: line), let event = try? EventCodec.decode(line) else { continue }
      try take(named(event, subject.tenant))
    }
  }

  private static func named(_ event: Event, _ tenant: String) -> Event {
    var event = event
    event.tenant = tenant
    event.subject = Subject(tenant: tenant, kind: event.subject.kind, id: event.subject.id)
    return event
  }
}

/// Passes over the lines that cannot be of a subject before they are decoded.
struct SubjectMark {
  /// `member/900"`; empty where JSON might write the id in another way.
  private let bytes: [UInt8]

  init(_ subject: Subject) {
    let isPlain = subject.id.utf8.allSatisfy { (33...126).contains($0) && $0 != 34 && $0 != 47 && $0 != 92 }
    bytes = isPlain ? Array("\(subject.path)\"".utf8) : []
  }

  func mayStand(in line: [UInt8]) -> Bool {
    guard let first = bytes.first else { return true }
    return line.withUnsafeBytes { buffer in
      guard let start = buffer.baseAddress else { return false }
      var place = 0
      let last = buffer.count - bytes.count
      while place <= last, let found = memchr(start + place, Int32(first), last - place + 1) {
        if memcmp(found, bytes, bytes.count) == 0 { return true }
        place = UnsafeRawPointer(found) - start + 1
      }
      return false
    }
  }
}

/// The playbook in force of a tenant.
enum StoredPlaybooks {
  static func playbook(of tenant: String, _ pool: PostgresPool) async throws -> CompiledPlaybook {
    guard let stored = try await PostgresPlaybookStore(pool: pool).playbooks().first(where: { $0.tenant == tenant })
    else {
      throw CommandFailure(
        .invalidInput,
        "tenant has no playbook",
        at: tenant,
        next: "hearth playbook apply FOLDER --tenant \(tenant)"
      )
    }
    return try StoredPlaybookCompiler.compile(stored)
  }
}
