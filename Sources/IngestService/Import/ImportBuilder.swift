import EventCodec
import EventModel

/// A row that did not become an event.
package struct RejectedRow: Hashable, Sendable {
  /// As the mapping names it.
  package var file: String
  /// From 1.
  package var line: Int
  /// A failure class, or `row` for a row that is not of the file's form.
  package var rejectClass: String
  /// JSON pointer into the event; empty for the whole row.
  package var path: String
  /// What was expected and what was found, without the value.
  package var message: String
  /// The row as it stands in the file.
  package var row: [UInt8]

  /// The reject file's first line.
  package static let header = Array("file,line,class,path,message,row\r\n".utf8)

  /// The row of the reject file (RFC 4180).
  package var csv: [UInt8] {
    var bytes: [UInt8] = []
    let cells = [
      Array(file.utf8), Array(String(line).utf8), Array(rejectClass.utf8), Array(path.utf8), Array(message.utf8), row,
    ]
    for (index, cell) in cells.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      let special: Set<UInt8> = [UInt8(ascii: "\""), UInt8(ascii: ","), 10, 13]
      guard cell.contains(where: { special.contains($0) }) else {
        bytes += cell
        continue
      }
      bytes.append(UInt8(ascii: "\""))
      for byte in cell {
        if byte == UInt8(ascii: "\"") { bytes.append(byte) }
        bytes.append(byte)
      }
      bytes.append(UInt8(ascii: "\""))
    }
    return bytes + [13, 10]
  }
}

/// Gathers the events of all sources of a mapping, then sorts them.
package struct ImportBuilder {
  private let mapping: ImportMapping
  private let tenant: String
  private var events = SortedImport()

  package init(mapping: ImportMapping, tenant: String) {
    self.mapping = mapping
    self.tenant = tenant
  }

  /// Reads one source's file, unpacked. Rows that do not become events go to `reject`, in order; past
  /// `ImportMapping.eventsMax` events all do.
  ///
  /// Throws when the header lacks a column that the mapping uses.
  package mutating func add(
    source index: Int,
    content: [UInt8],
    reject: (RejectedRow) -> Void
  ) throws(MappingFault) {
    let source = mapping.sources[index]
    switch source.format {
    case .csv: try addRows(source, index, content, reject)
    case .ndjson, .events: try addLines(source, index, content, reject)
    }
  }

  /// All events, by (time, id); those equal in both as they were added.
  package func sorted() -> SortedImport {
    var sorted = events
    sorted.sort()
    return sorted
  }

  private mutating func addRows(
    _ source: ImportSource,
    _ index: Int,
    _ content: [UInt8],
    _ reject: (RejectedRow) -> Void
  ) throws(MappingFault) {
    var rows = DelimitedRows(content, delimiter: source.delimiter)
    let header: [String]
    if let columns = source.columns { header = columns } else { header = try headerCells(&rows, source) }
    let positions = try positions(header, source)
    let mapper = RowMapper(source: source, tenant: tenant, importName: mapping.name)
    var number = 0
    while let row = rows.next() {
      number += 1
      do throws(DecodeFailure) {
        let made = try mapper.event(of: try Self.cells(row, header.count, positions), number: number)
        try add(made, source: index, line: row.line)
      } catch {
        let isRow = row.cells?.count != header.count && !row.isEncodingFault
        reject(rejected(error, source, row.line, Array(content[row.bytes]), isRow: isRow))
      }
    }
  }

  private static func cells(
    _ row: DelimitedRows.Row,
    _ count: Int,
    _ positions: [Int]
  ) throws(DecodeFailure) -> RowMapper.Row {
    guard let cells = row.cells else {
      throw DecodeFailure(row.isEncodingFault ? .encoding : .envelope, expected: row.fault, found: "something else")
    }
    guard cells.count == count else {
      throw DecodeFailure(.envelope, expected: "\(count) columns", found: "\(cells.count)")
    }
    return .cells(cells, positions: positions)
  }

  private func headerCells(_ rows: inout DelimitedRows, _ source: ImportSource) throws(MappingFault) -> [String] {
    guard let cells = rows.next()?.cells, cells.count <= ImportMapping.columnsMax else {
      throw MappingFault(
        file: source.file,
        line: 1,
        column: 1,
        key: "header",
        expected: "1 to \(ImportMapping.columnsMax) names of columns",
        found: "something else"
      )
    }
    return cells
  }

  private func positions(_ header: [String], _ source: ImportSource) throws(MappingFault) -> [Int] {
    var positions: [Int] = []
    for name in source.used {
      guard let position = header.firstIndex(of: name) else {
        throw MappingFault(
          file: source.file,
          line: 1,
          column: 1,
          key: "header",
          expected: "a column `\(name)`",
          found: String(header.joined(separator: ",").prefix(80))
        )
      }
      positions.append(position)
    }
    return positions
  }

  private mutating func addLines(
    _ source: ImportSource,
    _ index: Int,
    _ content: [UInt8],
    _ reject: (RejectedRow) -> Void
  ) throws(MappingFault) {
    let mapper = RowMapper(source: source, tenant: tenant, importName: mapping.name)
    let paths = source.used.map { $0.split(separator: ".").map(String.init) }
    var number = 0
    var line = 0
    for part in content.split(separator: 10, omittingEmptySubsequences: false) {
      line += 1
      guard part.contains(where: { $0 != 32 && $0 != 13 && $0 != 9 }) else { continue }
      number += 1
      do throws(DecodeFailure) {
        try add(try made(Array(part), source, mapper, paths, number), source: index, line: line)
      } catch {
        reject(rejected(error, source, line, Array(part), isRow: false))
      }
    }
  }

  private func made(
    _ line: [UInt8],
    _ source: ImportSource,
    _ mapper: RowMapper,
    _ paths: [[String]],
    _ number: Int
  ) throws(DecodeFailure) -> (event: Event, bytes: [UInt8]) {
    guard source.format == .events else {
      let object = try JSONReader.parse(line, limits: .event)
      return try mapper.event(of: .object(object, paths: paths), number: number)
    }
    let event = try EventCodec.decode(line, arrival: Arrival(tenant: tenant, receivedAt: nil))
    return (event, EventCodec.encode(event))
  }

  private mutating func add(
    _ made: (event: Event, bytes: [UInt8]),
    source: Int,
    line: Int
  ) throws(DecodeFailure) {
    guard events.count < ImportMapping.eventsMax else {
      throw DecodeFailure(.size, expected: "at most \(ImportMapping.eventsMax) events an import", found: "more")
    }
    events.append(made.bytes, time: made.event.time, id: made.event.id, source: source, line: line)
  }

  private func rejected(
    _ failure: DecodeFailure,
    _ source: ImportSource,
    _ line: Int,
    _ row: [UInt8],
    isRow: Bool
  ) -> RejectedRow {
    RejectedRow(
      file: source.file,
      line: line,
      rejectClass: isRow ? "row" : failure.failureClass.rawValue,
      path: failure.path,
      message: "expected \(failure.expected), found \(failure.found)",
      row: row
    )
  }
}
