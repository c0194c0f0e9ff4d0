import Foundation
import KafkaClient

/// Where this installation keeps what its programs need.
package enum Installation {
  /// The folder of `schemas/`: `HEARTH_SCHEMAS`, else found upward from the executable, else from the working folder.
  package static func schemas() throws(CommandFailure) -> String {
    let files = FileManager.default
    if let path = ProcessInfo.processInfo.environment["HEARTH_SCHEMAS"] {
      guard files.fileExists(atPath: path + "/topics.yaml") else {
        throw CommandFailure(
          .invalidInput,
          "schemas are not there",
          at: "HEARTH_SCHEMAS",
          expected: "a folder with topics.yaml",
          got: path
        )
      }
      return path
    }
    for start in [executableFolder, files.currentDirectoryPath] {
      var folder = URL(fileURLWithPath: start)
      while folder.path != "/" {
        let candidate = folder.appendingPathComponent("schemas").path
        if files.fileExists(atPath: candidate + "/topics.yaml") { return candidate }
        folder.deleteLastPathComponent()
      }
    }
    throw CommandFailure(
      .invalidInput,
      "schemas are not there",
      at: executableFolder,
      expected: "schemas/topics.yaml above it",
      next: "set HEARTH_SCHEMAS to the folder schemas of the checkout"
    )
  }

  /// The topics as `schemas/topics.yaml` describes them.
  package static func catalogue() throws(CommandFailure) -> TopicCatalogue {
    let path = try schemas() + "/topics.yaml"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandFailure(.invalidInput, "topic catalogue cannot be read", at: path)
    }
    do {
      return try TopicCatalogue(yaml: String(decoding: data, as: UTF8.self), file: path)
    } catch {
      throw CommandFailure(.invalidInput, "topic catalogue cannot be used", at: path, got: "\(error)")
    }
  }

  /// Where this program lies, with its siblings.
  package static var executableFolder: String {
    let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(fileURLWithPath: link ?? CommandLine.arguments[0]).deletingLastPathComponent().path
  }

  package static func sibling(_ name: String) -> String { executableFolder + "/" + name }
}
