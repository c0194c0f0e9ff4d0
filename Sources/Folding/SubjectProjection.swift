import EventModel
import Playbook
import Tagging

/// What queries read of a subject: `{"metrics":{…},"sequence":n,"tags":{"x":{"since","value"}}}`.
package enum SubjectProjection {
  /// The JSON object of a subject, canonical: written name by name, since it is written with every state.
  package static func json(of fold: SubjectFold, program: FoldProgram) -> [UInt8] {
    let names = program.projectedNames(of: fold.subject.kind)
    let tagging = program.tagging(of: fold.subject.kind)
    let tags = fold.tagging.tagValues(program: tagging)
    let metrics = fold.tagging.metricValues(program: tagging)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(names.usualBytes)
    bytes.append(contentsOf: #"{"metrics":{"#.utf8)
    for name in names.metrics {
      bytes.append(contentsOf: name.opening)
      JSONWriter.write(metrics[name.index].value, to: &bytes)
    }
    bytes.append(contentsOf: #"},"sequence":"#.utf8)
    JSONWriter.write(.whole(fold.tagSequence), to: &bytes)
    bytes.append(contentsOf: #","tags":{"#.utf8)
    for name in names.tags {
      bytes.append(contentsOf: name.opening)
      bytes.append(contentsOf: #"{"since":"#.utf8)
      JSONWriter.write(tags[name.index].since.map(Value.time) ?? .null, to: &bytes)
      bytes.append(contentsOf: #","value":"#.utf8)
      JSONWriter.write(tags[name.index].value, to: &bytes)
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(contentsOf: "}}".utf8)
    return bytes
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

/// The names of a projection in canonical order, with what stands before each value.
struct ProjectedNames: Sendable {
  struct Name: Sendable {
    /// Among the program's metrics or tags.
    let index: Int
    /// `"name":`, with a comma before it where it is not the first.
    let opening: [UInt8]
  }

  let metrics: [Name]
  let tags: [Name]
  /// About as many bytes as a projection takes.
  let usualBytes: Int

  init(_ program: SubjectProgram) {
    metrics = Self.sorted(program.metrics.map(\.name))
    tags = Self.sorted(program.tags.map(\.name))
    let names = (metrics + tags).reduce(0) { $0 + $1.opening.count }
    usualBytes = 64 + names + 12 * metrics.count + 64 * tags.count
  }

  private static func sorted(_ names: [String]) -> [Name] {
    let order = names.indices.sorted { precedesBytewise(names[$0], names[$1]) }
    return order.enumerated().map { place, index in
      var opening: [UInt8] = place == 0 ? [] : [UInt8(ascii: ",")]
      JSONWriter.write(names[index], to: &opening)
      opening.append(UInt8(ascii: ":"))
      return Name(index: index, opening: opening)
    }
  }
}
