import Foundation
import Testing

@Suite("House rules")
struct HouseRules {
  private static let fileLinesMax = 400
  private static let executableLinesMax = 40
  private static let executableNames = ["hearth", "ingest", "tagger", "segmenter", "scheduler", "notifier"]

  @Test("Nothing traps or runs loose: no try!, no fatalError, no detached task")
  func nothingTraps() throws {
    for path in Repository.files(under: "Sources", suffix: ".swift") {
      for (number, line) in try Repository.code(of: path) {
        for unwanted in ["try!", "fatalError(", "Task.detached", "as! "] {
          #expect(!line.contains(unwanted), "\(path):\(number) holds \(unwanted)")
        }
      }
    }
  }

  @Test("No file is longer than 400 lines")
  func fileLengths() throws {
    for folder in ["Sources", "Tests"] {
      for path in Repository.files(under: folder, suffix: ".swift") {
        let lines = try Repository.lines(of: path).count - 1
        #expect(lines <= Self.fileLinesMax, "\(path) has \(lines)")
      }
    }
  }

  @Test("Executables only parse and start: at most 40 lines each", arguments: executableNames)
  func executables(_ name: String) throws {
    let lines = try Repository.files(under: "Sources/\(name)", suffix: ".swift")
      .reduce(0) { $0 + (try Repository.lines(of: $1).count) - 1 }
    #expect((1...Self.executableLinesMax).contains(lines), "\(name) has \(lines)")
  }

  @Test("Nothing is left unfinished in the sources")
  func nothingUnfinished() throws {
    for path in Repository.files(under: "Sources", suffix: ".swift") {
      for (number, line) in try Repository.lines(of: path).enumerated() {
        for word in ["TODO", "FIXME", "XXX:"] { #expect(!line.contains(word), "\(path):\(number + 1) holds \(word)") }
      }
    }
  }

  @Test("Every schema and every example is JSON")
  func schemasParse() throws {
    let paths = Repository.files(under: "schemas", suffix: ".json")
    #expect(paths.count > 100)
    for path in paths {
      let data = try Data(contentsOf: URL(fileURLWithPath: Repository.root + "/" + path))
      #expect(throws: Never.self, "\(path)") { try JSONSerialization.jsonObject(with: data) }
    }
  }

  @Test("Every event type's schema has examples beside it")
  func schemasHaveExamples() {
    for folder in ["events", "messages"] {
      for path in Repository.files(under: "schemas/\(folder)", suffix: ".schema.json") {
        let name = path.split(separator: "/").last?.dropLast(".schema.json".count) ?? ""
        #expect(Repository.exists("schemas/examples/\(folder)/\(name).json"), "\(path)")
      }
    }
  }

  @Test("The store's migrations are numbered from 1 without a gap")
  func migrations() {
    let numbers = Repository.files(under: "schemas/postgres", suffix: ".sql")
      .compactMap { $0.split(separator: "/").last?.prefix(3) }.compactMap { Int($0) }
    #expect(!numbers.isEmpty && numbers == Array(1...numbers.count))
  }

  @Test("Every service that has a folder tells its settings: key, default and unit, each with a comment")
  func settings() throws {
    for name in Repository.folders(in: "services") where Self.executableNames.contains(name) {
      let path = "services/\(name)/config.reference.yaml"
      guard Repository.exists(path) else { continue }
      var isExplained = false
      var keys = 0
      for line in try Repository.lines(of: path) {
        let text = line.drop { $0 == " " }
        if text.isEmpty {
          isExplained = false
        } else if text.hasPrefix("#") {
          isExplained = true
        } else if text.contains(":"), !text.hasSuffix(":") {
          // One comment may explain the keys that stand together below it; a section's own line needs none.
          keys += 1
          #expect(isExplained, "\(path): \(text.prefix(60)) has no comment")
        }
      }
      #expect(keys > 0, "\(path) has no keys")
    }
  }

  @Test("Every folder of services says what it is")
  func servicesAreDescribed() {
    for name in Repository.folders(in: "services") where name != "lib" {
      #expect(Repository.exists("services/\(name)/README.md"), "services/\(name) has no README.md")
    }
  }

  @Test("The scripts can be run", arguments: ["services/run", "services/test", ".ci/run"])
  func scripts(_ path: String) throws {
    #expect(FileManager.default.isExecutableFile(atPath: Repository.root + "/" + path))
    #expect(try Repository.text(of: path).contains("set -euo pipefail"))
  }
}
