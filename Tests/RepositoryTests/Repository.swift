import Foundation

/// The checkout that these tests were built from.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// Paths from the root of the files below a folder whose names end so, in order; hidden ones are passed over.
  static func files(under folder: String, suffix: String) -> [String] {
    guard let names = FileManager.default.enumerator(atPath: root + "/" + folder) else { return [] }
    var found: [String] = []
    while let name = names.nextObject() as? String {
      guard name.hasSuffix(suffix), !name.split(separator: "/").contains(where: { $0.hasPrefix(".") }) else { continue }
      found.append(folder + "/" + name)
    }
    return found.sorted()
  }

  static func folders(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root + "/" + folder)) ?? []
    return names.filter { name in
      var isFolder: ObjCBool = false
      let isThere = FileManager.default.fileExists(atPath: "\(root)/\(folder)/\(name)", isDirectory: &isFolder)
      return isThere && isFolder.boolValue && !name.hasPrefix(".")
    }.sorted()
  }

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root + "/" + path) }

  static func text(of path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: root + "/" + path)), as: UTF8.self)
  }

  static func lines(of path: String) throws -> [Substring] {
    try text(of: path).split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// Lines without those that are only a comment, nor what stands behind `//`, each with its number.
  static func code(of path: String) throws -> [(number: Int, line: Substring)] {
    try lines(of: path).enumerated().compactMap { index, line in
      let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
      return code.allSatisfy(\.isWhitespace) ? nil : (index + 1, code)
    }
  }

  /// Modules that a file imports.
  static func imports(of path: String) throws -> [String] {
    try code(of: path).compactMap { _, line in
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
        words[..<place].allSatisfy({ ["package", "internal", "private"].contains($0) || $0.hasPrefix("@") })
      else { return nil }
      let isDeclaration = ["struct", "class", "enum", "func", "protocol", "typealias", "let", "var"]
        .contains(words[place + 1])
      let name = isDeclaration && place + 2 < words.count ? words[place + 2] : words[place + 1]
      return name.split(separator: ".").first.map(String.init)
    }
  }
}
