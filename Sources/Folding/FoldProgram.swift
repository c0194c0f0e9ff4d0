import EventModel
import Funnels
import Playbook
import Tagging

/// A tenant's playbook as the fold computes with it. A class, so that passing it on copies one reference.
package final class FoldProgram: Sendable {
  package let playbook: CompiledPlaybook
  package let member: TaggingProgram
  package let community: TaggingProgram
  package let funnels: FunnelProgram
  private let memberNames: ProjectedNames
  private let communityNames: ProjectedNames

  /// Throws for a funnel beyond the core's bounds, which the playbook's checks keep out.
  package init(playbook: CompiledPlaybook) throws(FunnelProgram.Failure) {
    self.playbook = playbook
    self.member = TaggingProgram(program: playbook.member, zone: playbook.zone)
    self.community = TaggingProgram(program: playbook.community, zone: playbook.zone)
    self.memberNames = ProjectedNames(playbook.member)
    self.communityNames = ProjectedNames(playbook.community)
    self.funnels = try FunnelProgram(funnels: playbook.funnels, zone: playbook.zone)
  }

  package func tagging(of kind: SubjectKind) -> TaggingProgram { kind == .community ? community : member }

  func projectedNames(of kind: SubjectKind) -> ProjectedNames { kind == .community ? communityNames : memberNames }

  package func definitions(of kind: SubjectKind) -> SubjectProgram {
    kind == .community ? playbook.community : playbook.member
  }
}
