import Digests
import FoundationEssentials

/// One `NNN_name.sql`.
struct MigrationFile: Sendable {
  static let bytesMax = 1 << 20
  static let filesMax = 999

  var step: Migrations.Step
  var sql: String
  var sha256: [UInt8]

  /// The directory's files in order: numbers from 1 without gaps. Names that do not end in `.sql` are left alone.
  static func read(directory: String) throws(MigrationFailure) -> [MigrationFile] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: directory)
    } catch {
      throw .unreadable(path: directory)
    }
    var files: [MigrationFile] = []
    for name in names.filter({ $0.hasSuffix(".sql") }).sorted() {
      let file = try MigrationFile(name: name, path: "\(directory)/\(name)")
      guard file.step.number == Int32(files.count + 1) else {
        throw .gap(expected: Int32(files.count + 1), found: name)
      }
      files.append(file)
    }
    guard !files.isEmpty else { throw .noFiles(directory: directory) }
    return files
  }

  private init(name: String, path: String) throws(MigrationFailure) {
    let digits = name.prefix(3)
    guard name.count > 8, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int32(digits),
      name.dropFirst(3).first == "_"
    else { throw .name(file: name) }
    guard let data = FileManager.default.contents(atPath: path) else { throw .unreadable(path: path) }
    let bytes = [UInt8](data)
    guard bytes.count <= Self.bytesMax, let sql = String(validating: bytes, as: UTF8.self) else {
      throw .unreadable(path: path)
    }
    step = Migrations.Step(number: number, name: name)
    self.sql = sql
    sha256 = Digests.sha256(bytes)
  }
}
