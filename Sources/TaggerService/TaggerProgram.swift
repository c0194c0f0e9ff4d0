import EventModel
import Funnels
import PipelinePorts
import Playbook
import Tagging

/// A tenant's playbook as the tagger computes with it.
struct TaggerProgram: Sendable {
  let playbook: CompiledPlaybook
  let member: TaggingProgram
  let community: TaggingProgram
  let funnels: FunnelProgram

  init(playbook: CompiledPlaybook) {
    self.playbook = playbook
    self.member = TaggingProgram(program: playbook.member, zone: playbook.zone)
    self.community = TaggingProgram(program: playbook.community, zone: playbook.zone)
    self.funnels = FunnelProgram(funnels: playbook.funnels, zone: playbook.zone)
  }

  func tagging(of kind: SubjectKind) -> TaggingProgram { kind == .community ? community : member }

  func definitions(of kind: SubjectKind) -> SubjectProgram {
    kind == .community ? playbook.community : playbook.member
  }
}
