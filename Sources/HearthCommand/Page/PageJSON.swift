import EventModel
import Insights

/// A page's figures as one line of canonical JSON: for each tenant a report's, and what the page adds.
package enum PageJSON {
  package static func render(_ model: PageModel) -> [UInt8] {
    let tenants = model.sections.map { section in
      Value.Member(section.spec.tenant, .object(ReportJSON.members(section.report) + added(section)))
    }
    return Value.object([.init("tenants", .object(tenants))]).canonicalJSON + [10]
  }

  private static func whole(_ number: Int) -> Value { .whole(Int64(number)) }

  private static func added(_ section: PageSection) -> [Value.Member] {
    var members: [Value.Member] = [
      .init("provenance", .string(section.spec.provenance.rawValue)),
      .init("tests", whole(section.comparisons.made)),
      .init(
        "findings",
        .list(
          section.findings.map { finding in
            .object([
              .init("about", .list(finding.about.map(Value.string))), .init("kind", .string(finding.kind.rawValue)),
              .init("text", .string(finding.sentence.en)),
            ])
          }
        )
      ),
    ]
    if let path = section.path {
      members.append(.init("exposed", .object(path.exposures.map { .init($0.key, whole($0.value)) })))
      members.append(.init("parts", parts(path.parts)))
    }
    if !section.behaviours.isEmpty {
      members.append(
        .init("behaviours", .object(section.behaviours.map { .init($0.spec.funnel, parts($0.parts)) }))
      )
    }
    if let heat = section.heat {
      members.append(.init("heat", .list(heat.weights.map { .list($0.map(whole)) })))
    }
    if !section.communities.isEmpty {
      members.append(
        .init("active", .object(section.communities.map { .init($0.id, .list([whole($0.now), whole($0.before)])) }))
      )
    }
    if !section.rfm.isEmpty {
      let cells = section.rfm.map { cell in
        Value.Member(
          "\(cell.recency)\(cell.frequency)\(cell.money)",
          .list([whole(cell.members), .string(cell.sum)])
        )
      }
      members.append(.init("rfm", .object(cells)))
    }
    if let ranking = section.ranking {
      members.append(
        .init("ranking", .object(ranking.rows.map { .init($0.member, .list($0.values.map(Value.string))) }))
      )
    }
    if let ratings = section.ratings {
      members.append(.init("ratings", .object(ratings.means.map { .init($0.name, .string($0.mean)) })))
    }
    return members
  }

  private static func parts(_ parts: [PageSection.Part]) -> Value {
    .object(parts.map { .init($0.value ?? "null", .list($0.reached.map(whole))) })
  }
}
