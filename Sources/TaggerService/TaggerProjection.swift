import EventModel
import PipelineRuntime
import Playbook

/// What queries read of a subject: `{"metrics":{…},"sequence":n,"tags":{"x":{"since","value"}}}`.
enum TaggerProjection {
  static func json(of state: TaggerState, program: TaggerProgram) -> [UInt8] {
    let kind = state.subject.kind
    let definitions = program.definitions(of: kind)
    let tagging = program.tagging(of: kind)
    var tags: [Value.Member] = []
    for (index, tag) in state.tagging.tagValues(program: tagging).enumerated() {
      let entry = Value.object([.init("since", .time(tag.since)), .init("value", tag.value)])
      tags.append(.init(definitions.tags[index].name, entry))
    }
    var metrics: [Value.Member] = []
    for (index, value) in state.tagging.metricValues(program: tagging).enumerated() {
      metrics.append(.init(definitions.metrics[index].name, value))
    }
    let projection = Value.object([
      .init("metrics", .object(metrics)), .init("sequence", .whole(state.tagSequence)), .init("tags", .object(tags)),
    ])
    return projection.canonicalJSON
  }
}
