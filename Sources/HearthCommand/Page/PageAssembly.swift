import EventCodec
import EventModel
import Folding
import Foundation
import PipelinePorts
import PipelineRuntime
import Playbook
import PostgresClient
import PostgresStores

/// Fills a page from a store, files of events, and what file channels wrote.
struct PageAssembly {
  let pool: PostgresPool
  /// Where files of events lie.
  let eventsFolder: String
  /// Where file channels write; nil: no texts of touches.
  let deliveriesFolder: String?
  /// Told as the work goes on.
  let progress: @Sendable (String) -> Void

  /// Bytes of a file channel that are read for the texts of one member's touches.
  private static let deliveriesBytesMax = 64 << 20

  func model(_ spec: PageSpec) async throws -> PageModel {
    var sections: [PageSection] = []
    for one in spec.sections {
      progress("\(one.id): \(one.tenant)")
      sections.append(try await section(one))
    }
    return PageModel(title: spec.title, sections: sections)
  }

  private func section(_ spec: PageSpec.Section) async throws -> PageSection {
    let stored = try await StoredPlaybooks.playbook(of: spec.tenant, pool)
    let builder = try PageBuilder(spec: spec, playbook: stored)
    let reportBuilder = ReportBuilder(playbook: stored, tenant: spec.tenant)
    let reader = ReportReader(pool: pool)
    var report = reportBuilder.model(try await reader.rows(reportBuilder.question), asOf: spec.until)
    let until = report.asOf ?? Instant(milliseconds: 0)
    let rows = try await PageReader(pool: pool).rows(builder.question(until: until))
    var tally: EventTally?
    var view: PageSection.FollowView?
    if let file = spec.events {
      let path = URL(fileURLWithPath: file, relativeTo: URL(fileURLWithPath: eventsFolder, isDirectory: true)).path
      var counting = EventTally(section: spec, until: until, zone: stored.zone)
      try MemberEvents.read(path, tenant: spec.tenant) { counting.read($0) }
      tally = counting
      if let follow = spec.follow { view = try await self.follow(follow, spec, stored, path, until: until) }
    }
    if let view { report.story = view.story }
    return builder.section(report: report, rows: rows, tally: tally, follow: view)
  }

  // MARK: One member

  private func follow(
    _ follow: PageSpec.Follow,
    _ spec: PageSpec.Section,
    _ playbook: CompiledPlaybook,
    _ path: String,
    until: Instant
  ) async throws -> PageSection.FollowView? {
    var chosen = follow.member
    if chosen == nil { chosen = try await PageReader(pool: pool).followedMember(tenant: spec.tenant) }
    guard let chosen else { return nil }
    let touches = try await ReportReader(pool: pool).touches(tenant: spec.tenant, member: chosen)
    let subject = Subject(tenant: spec.tenant, kind: .member, id: chosen)
    var timeline = MemberTimeline(program: try FoldProgram(playbook: playbook), subject: subject)
    try MemberEvents.read(path, of: subject) { if $0.receivedAt <= until { timeline.read($0) } }
    timeline.finish(until: until)
    let quiet = playbook.courtesy.quietHours.map { ($0.from, $0.to) }
    return FollowedMember(spec: follow).view(
      timeline.story(touches: touches),
      touches: touches,
      texts: try texts(Set(touches.map(\.channel)), of: subject),
      quiet: quiet
    )
  }

  /// What was written to file channels for a member, by `source/step/instant`.
  private func texts(_ channels: Set<String>, of subject: Subject) throws -> [String: String] {
    guard let deliveriesFolder else { return [:] }
    var texts: [String: String] = [:]
    for channel in channels.sorted() {
      let path = "\(deliveriesFolder)/\(channel).ndjson"
      guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int,
        size <= Self.deliveriesBytesMax
      else { continue }
      let lines = try LineReader(path: path)
      let mark = SubjectMark(subject)
      while let line = try lines.next() {
        guard mark.mayStand(in: line), let value = try? JSONReader.parse(line), let message = value["message"]?["data"],
          message["tenant"] == .string(subject.tenant), message["subject"] == .string(subject.path),
          case .string(let source)? = message["source"], case .string(let text)? = message["text"]
        else { continue }
        let step = message["step"].map(ReportText.plain) ?? "0"
        guard case .string(let at)? = value["at"] else { continue }
        texts["\(source)/\(step)/\(at)"] = text
      }
    }
    return texts
  }
}

/// Joins a member's folded moments with her touches, in the order the page asks for. Pure.
package struct FollowedMember {
  let spec: PageSpec.Follow

  package init(spec: PageSpec.Follow) { self.spec = spec }

  package func view(
    _ story: MemberStory,
    touches: [ReportRows.Touch],
    texts: [String: String],
    quiet: (from: TimeSpan, to: TimeSpan)?
  ) -> PageSection.FollowView {
    let held = touches.first { $0.status == "dropped" } ?? touches.first { $0.reason.hasPrefix("after ") }
    var found: [(label: ReportLabel, at: Instant, text: String, reason: String)] = []
    var from = Instant.distantPast
    for moment in spec.moments {
      guard let (at, text, reason) = first(moment.kind, from, story, touches, texts, held) else { continue }
      found.append((moment.label, at, text, reason))
      from = at
    }
    return .init(
      story: story,
      name: spec.name.flatMap { name(story, tag: $0) },
      touches: touches,
      texts: texts,
      moments: found,
      held: held,
      quiet: quiet
    )
  }

  private func name(_ story: MemberStory, tag: String) -> String? {
    for moment in story.moments.reversed() {
      if case .tag(tag, let value) = moment.kind { return value }
    }
    return nil
  }

  /// The first of a kind that is not before the moment before it.
  private func first(
    _ kind: PageSpec.Follow.Moment.Kind,
    _ from: Instant,
    _ story: MemberStory,
    _ touches: [ReportRows.Touch],
    _ texts: [String: String],
    _ held: ReportRows.Touch?
  ) -> (Instant, String, String)? {
    func moment(_ wanted: MemberStory.Moment.Kind) -> (Instant, String, String)? {
      story.moments.first { $0.kind == wanted && $0.at >= from }.map { ($0.at, $0.text, $0.reason) }
    }
    switch kind {
    case .event(let type): return moment(.event(type))
    case .tag(let name, let value): return moment(.tag(name, value))
    case .touch(let source):
      return touches.first { $0.source == source && $0.status == "decided" && $0.decidedAt >= from }.map { touch in
        let key = "\(touch.source)/\(touch.step)/\(touch.decidedAt.text)"
        return (touch.decidedAt, texts[key] ?? touch.template, "\(touch.source) \(touch.status), \(touch.reason)")
      }
    case .held:
      return held.map { ($0.dueAt, "", "\($0.source) \($0.status), \($0.reason)") }
    }
  }
}
