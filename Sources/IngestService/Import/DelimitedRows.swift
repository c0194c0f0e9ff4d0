/// Rows of a CSV file (RFC 4180), or of one parted by another character or by runs of spaces.
///
/// A row may end in LF or CRLF and hold line ends inside quotes. Blank lines are skipped, as is a byte order mark. A
/// row that is malformed ends at its first line end, so that the rows after it are read as they stand.
struct DelimitedRows {
  struct Row {
    /// Line of the file at which it begins, from 1.
    var line: Int
    var bytes: Range<Int>
    /// `nil`: malformed; `fault` says how.
    var cells: [String]?
    var fault = ""
    /// The fault is of the text's encoding.
    var isEncodingFault = false
  }

  private let bytes: [UInt8]
  private let delimiter: ImportSource.Delimiter
  private var index = 0
  private var line = 1

  init(_ bytes: [UInt8], delimiter: ImportSource.Delimiter) {
    self.bytes = bytes
    self.delimiter = delimiter
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
  }

  mutating func next() -> Row? {
    while index < bytes.count {
      let start = index
      let end = endOfLine(from: start)
      if bytes[start..<end].allSatisfy({ $0 == 32 || $0 == 13 }) {
        advance(to: end)
        continue
      }
      let row = delimiter == .spaces ? spaced(start, end) : delimited(start)
      guard row.cells == nil else {
        advance(to: row.bytes.upperBound)
        return row
      }
      var broken = row
      broken.bytes = start..<end
      advance(to: end)
      return broken
    }
    return nil
  }

  private func endOfLine(from start: Int) -> Int {
    bytes[start...].firstIndex(of: 10) ?? bytes.count
  }

  /// Past the line end that stands at or before `end`'s next line feed.
  private mutating func advance(to end: Int) {
    line += bytes[index..<end].count { $0 == 10 }
    index = end
    if index < bytes.count, bytes[index] == 10 {
      index += 1
      line += 1
    }
  }

  private func spaced(_ start: Int, _ end: Int) -> Row {
    var row = Row(line: line, bytes: start..<end)
    var cells: [String] = []
    for part in bytes[start..<end].split(whereSeparator: { $0 == 32 || $0 == 13 || $0 == 9 }) {
      guard let cell = text(part) else { return encodingFault(row) }
      cells.append(cell)
    }
    guard end - start <= ImportMapping.rowBytesMax else { return tooLong(row) }
    row.cells = cells
    return row
  }

  private func delimited(_ start: Int) -> Row {
    guard case .byte(let separator) = delimiter else { return Row(line: line, bytes: start..<start) }
    var row = Row(line: line, bytes: start..<start)
    var cells: [String] = []
    var here = start
    while true {
      let quoted = here < bytes.count && bytes[here] == UInt8(ascii: "\"")
      guard let (cell, after) = quoted ? quotedCell(here) : plainCell(here, separator) else {
        row.fault = "a quote that closes before a delimiter or the row's end"
        return row
      }
      guard let cell = text(cell) else { return encodingFault(row) }
      cells.append(cell)
      guard after - start <= ImportMapping.rowBytesMax else { return tooLong(row) }
      let byte = after < bytes.count ? bytes[after] : 10
      if byte == separator {
        here = after + 1
        continue
      }
      let end = byte == 13 ? after + 1 : after
      guard end >= bytes.count || bytes[end] == 10 else {
        row.fault = "a delimiter after a closing quote"
        return row
      }
      row.bytes = start..<end
      row.cells = cells
      return row
    }
  }

  private func plainCell(_ start: Int, _ separator: UInt8) -> (ArraySlice<UInt8>, Int)? {
    var end = start
    while end < bytes.count, bytes[end] != separator, bytes[end] != 10 { end += 1 }
    let endsRow = end == bytes.count || bytes[end] == 10
    let cellEnd = endsRow && end > start && bytes[end - 1] == 13 ? end - 1 : end
    return (bytes[start..<cellEnd], cellEnd)
  }

  private func quotedCell(_ start: Int) -> (ArraySlice<UInt8>, Int)? {
    var cell: [UInt8] = []
    var here = start + 1
    while here < bytes.count, cell.count <= ImportMapping.rowBytesMax {
      guard bytes[here] == UInt8(ascii: "\"") else {
        cell.append(bytes[here])
        here += 1
        continue
      }
      guard here + 1 < bytes.count, bytes[here + 1] == UInt8(ascii: "\"") else { return (cell[...], here + 1) }
      cell.append(UInt8(ascii: "\""))
      here += 2
    }
    return nil
  }

  private func text(_ bytes: ArraySlice<UInt8>) -> String? {
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else { return nil }
    return text
  }

  private func encodingFault(_ row: Row) -> Row {
    var row = row
    row.fault = "UTF-8 without NUL"
    row.isEncodingFault = true
    return row
  }

  private func tooLong(_ row: Row) -> Row {
    var row = row
    row.fault = "at most \(ImportMapping.rowBytesMax) bytes"
    return row
  }
}
