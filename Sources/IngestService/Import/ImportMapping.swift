import EventModel

/// How the rows of files become events, as `MAPPING.md` describes it.
package struct ImportMapping: Sendable {
  /// Bytes of a mapping file.
  package static let bytesMax = 1 << 20
  /// Sources of a mapping.
  package static let sourcesMax = 64
  /// Columns of a file.
  package static let columnsMax = 512
  /// Bytes of one row.
  package static let rowBytesMax = 65_536
  /// Events of one import.
  package static let eventsMax = 20_000_000

  /// `[a-z0-9][a-z0-9-]{0,62}`; the events' `source` is `import/NAME`.
  package var name: String
  /// In the order of the file.
  package var sources: [ImportSource]

  /// Reads a mapping file. `file` stands in faults. Throws the first fault.
  package init(yaml: String, file: String) throws(MappingFault) {
    self = try MappingReader(file: file).read(yaml)
  }

  init(name: String, sources: [ImportSource]) {
    self.name = name
    self.sources = sources
  }
}

/// One file and what its rows become.
package struct ImportSource: Sendable {
  /// The form of a file.
  package enum Format: String, Sendable, CaseIterable {
    case csv
    case ndjson
    /// Each line is an event already.
    case events
  }

  /// What parts the cells of a row.
  package enum Delimiter: Hashable, Sendable {
    case byte(UInt8)
    /// Runs of spaces; no quotes.
    case spaces
  }

  /// As the mapping names it, relative to the mapping.
  package var file: String
  /// The form of the file.
  package var format: Format
  /// Only for CSV.
  package var delimiter: Delimiter
  /// Names of the columns where the file has no header.
  package var columns: [String]?
  var zone: CalendarZone
  var dayTime: TimeSpan
  var type = ""
  var actor = Actor.member
  var id = ImportTemplate()
  var subject = ImportTemplate()
  var time = ImportTemplate()
  var community: ImportTemplate?
  var channel: ImportTemplate?
  var `operator`: ImportTemplate?
  var fields: [ImportField] = []
  /// The columns that templates and fields use; they refer to them by index here.
  var used: [String] = []
}

/// One field of `data`.
struct ImportField: Sendable {
  enum Kind: String, Sendable, CaseIterable {
    case string
    case number
    case boolean
    case time
    case date
    case list
  }

  enum Origin: Sendable {
    /// Index into the source's used columns.
    case column(Int)
    case constant(String)
  }

  var name: String
  var origin: Origin
  var kind: Kind
  /// Between the elements of a list.
  var separator: String
}

/// A fault of a mapping, or of a file's header against it.
package struct MappingFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// The mapping, or the file whose header is at fault.
  package var file: String
  /// From 1; 0 when it has no place.
  package var line: Int
  /// From 1.
  package var column: Int
  /// Path of the key: `sources[0].time`.
  package var key: String
  /// What should have stood there.
  package var expected: String
  /// At most 80 characters of what stands there.
  package var found: String

  /// One line, without a final stop.
  package var description: String {
    let place = line > 0 ? "\(file):\(line):\(column)" : file
    return "import mapping at \(place) \(key): expected \(expected), got \(found)"
  }
}

/// Text with `{column}` in it.
struct ImportTemplate: Hashable, Sendable {
  enum Part: Hashable, Sendable {
    case text(String)
    /// Index into the source's used columns.
    case column(Int)
    case row
  }

  var parts: [Part] = []

  /// `nil` for a brace without its partner or an empty name; `column` gives a name its index.
  static func parse(_ text: String, column: (String) -> Int) -> ImportTemplate? {
    var template = ImportTemplate()
    var literal = ""
    var rest = text[...]
    while let first = rest.popFirst() {
      if (first == "{" || first == "}") && rest.first == first {
        literal.append(first)
        rest.removeFirst()
      } else if first == "{" {
        guard let end = rest.firstIndex(of: "}"), end > rest.startIndex else { return nil }
        let name = String(rest[..<end])
        rest = rest[rest.index(after: end)...]
        if !literal.isEmpty { template.parts.append(.text(literal)) }
        literal = ""
        template.parts.append(name == "row" ? .row : .column(column(name)))
      } else if first == "}" {
        return nil
      } else {
        literal.append(first)
      }
    }
    if !literal.isEmpty { template.parts.append(.text(literal)) }
    return template
  }

  /// `nil` when a column of it is empty.
  func render(row: Int, _ column: (Int) -> String) -> String? {
    var text = ""
    for part in parts {
      switch part {
      case .text(let literal): text += literal
      case .row: text += String(row)
      case .column(let index):
        let value = column(index)
        guard !value.isEmpty else { return nil }
        text += value
      }
    }
    return text
  }
}
