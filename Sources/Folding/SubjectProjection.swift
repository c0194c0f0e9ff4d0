import EventModel
import Playbook

/// What queries read of a subject: `{"metrics":{…},"sequence":n,"tags":{"x":{"since","value"}}}`.
package enum SubjectProjection {
  /// The JSON object of a subject.
  package static func json(of fold: SubjectFold, program: FoldProgram) -> [UInt8] {
    Value.object(members(of: fold, program: program) + [.init("sequence", .whole(fold.tagSequence))]).canonicalJSON
  }

  /// `metrics` and `tags`: every one that the playbook declares, null where there is nothing.
  package static func members(of fold: SubjectFold, program: FoldProgram) -> [Value.Member] {
    let definitions = program.definitions(of: fold.subject.kind)
    let tagging = program.tagging(of: fold.subject.kind)
    let tags = zip(definitions.tags, fold.tagging.tagValues(program: tagging)).map { definition, standing in
      let since = standing.since.map(Value.time) ?? .null
      return Value.Member(definition.name, .object([.init("since", since), .init("value", standing.value)]))
    }
    let metrics = zip(definitions.metrics, fold.tagging.metricValues(program: tagging)).map { definition, metric in
      Value.Member(definition.name, metric.value)
    }
    return [.init("metrics", .object(metrics)), .init("tags", .object(tags))]
  }
}
