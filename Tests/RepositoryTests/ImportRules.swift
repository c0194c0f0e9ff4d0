import Testing

/// The architecture as its imports show it.
@Suite("Imports")
struct ImportRules {
  /// Each C library has one importer.
  private static let wrappers = [
    "CRDKafka": "KafkaClient", "CPostgreSQL": "PostgresClient", "CSimdJSON": "EventCodec", "CCurl": "HTTPChannels",
    "COpenSSL": "Digests",
  ]

  /// What the pure libraries may see: each other, downward, and what is named here with its reason.
  private static let pure: [String: Set<String>] = [
    // Synchronization: the table of zones is read once and shared.
    "EventModel": ["Synchronization"],
    // Yams: a parser is a function of its text.
    "Playbook": ["EventModel", "Yams"],
    "Tagging": ["EventModel", "Playbook"],
    "Funnels": ["EventModel", "Playbook"],
    "Segmentation": ["EventModel", "Playbook"],
    "Scheduling": ["EventModel", "Playbook"],
    "Messaging": ["EventModel", "Playbook"],
    "Insights": [],
    "Drawings": [],
    "Simulation": ["EventModel"],
    "Folding": ["EventModel", "Playbook", "Tagging", "Funnels", "Segmentation"],
    "PipelinePorts": ["EventModel"],
  ]

  /// Files of pure libraries that may import Foundation.
  private static let foundation = [
    "Sources/EventModel/CalendarZone.swift", "Sources/EventModel/ZoneTable.swift",  // the system's zone data
  ]

  /// Files of pure libraries that see the environment, in builds with mutants alone.
  private static let mutants = ["Sources/EventModel/Mutant.swift": "Glibc"]

  private static let adapters: Set<String> = [
    "KafkaClient", "PostgresClient", "PostgresStores", "HTTPChannels", "EventJournal",
  ]

  @Test("Each C library is imported by its own adapter and by nothing else")
  func cLibraries() throws {
    for path in Repository.files(under: "Sources", suffix: ".swift") {
      let module = path.split(separator: "/")[1]
      for name in try Repository.imports(of: path) {
        guard let owner = Self.wrappers[name] else { continue }
        #expect(module == owner, "\(path) imports \(name), which is \(owner)'s")
      }
    }
  }

  @Test("Pure libraries see only each other, and Foundation only where it is named with a reason")
  func pureLibraries() throws {
    for (module, allowed) in Self.pure {
      for path in Repository.files(under: "Sources/\(module)", suffix: ".swift") {
        for name in try Repository.imports(of: path) where !allowed.contains(name) {
          let isNamed = name == "Foundation" && Self.foundation.contains(path) || Self.mutants[path] == name
          #expect(isNamed, "\(path) imports \(name)")
        }
      }
    }
    for path in Self.foundation { #expect(try Repository.imports(of: path).contains("Foundation"), "\(path)") }
  }

  @Test("Services reach the outside through ports: none imports an adapter")
  func services() throws {
    for module in Repository.folders(in: "Sources") where module.hasSuffix("Service") || module == "PipelineRuntime" {
      for path in Repository.files(under: "Sources/\(module)", suffix: ".swift") {
        let imports = Set(try Repository.imports(of: path))
        #expect(imports.isDisjoint(with: Self.adapters), "\(path)")
      }
    }
  }

  @Test("Adapters do not know services, the runtime or each other's stores")
  func adaptersAlone() throws {
    for module in Self.adapters {
      for path in Repository.files(under: "Sources/\(module)", suffix: ".swift") {
        for name in try Repository.imports(of: path) {
          let isAbove = name.hasSuffix("Service") || name == "PipelineRuntime" || name == "HearthCommand"
          let isBeside = Self.adapters.contains(name) && !(module == "PostgresStores" && name == "PostgresClient")
          #expect(!isAbove && (!isBeside || name == module), "\(path) imports \(name)")
        }
      }
    }
  }

  @Test("Tests see what every other target sees: no @testable")
  func noTestable() throws {
    for path in Repository.files(under: "Tests", suffix: ".swift") where !path.hasSuffix("/ImportRules.swift") {
      let lines = try Repository.code(of: path).filter { $0.line.contains("@testable import") }
      #expect(lines.isEmpty, "\(path)")
    }
  }
}
