import Foundation

/// What a process has used of the machine, read from /proc.
struct ProcessUsage: Sendable {
  /// User and system time.
  var cpuSeconds: Double
  /// The most memory it ever held.
  var peakBytes: Int

  /// nil when the process is not there.
  init?(pid: Int32) {
    guard
      let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat"),
      let status = FileManager.default.contents(atPath: "/proc/\(pid)/status")
    else { return nil }
    // The name in parentheses may hold spaces.
    let text = String(decoding: stat, as: UTF8.self)
    guard let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[end...].split(separator: " ")
    guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return nil }
    cpuSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    let peak = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    peakBytes = (peak?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1_024
  }

  /// The children of `pid`, with their first argument's last word.
  static func children(of pid: Int32) -> [Int32] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else { return [] }
    return names.compactMap { Int32($0) }.filter { child in
      guard let stat = FileManager.default.contents(atPath: "/proc/\(child)/stat") else { return false }
      let text = String(decoding: stat, as: UTF8.self)
      guard let end = text.lastIndex(of: ")") else { return false }
      let fields = text[end...].split(separator: " ")
      return fields.count > 2 && Int32(fields[2]) == pid
    }
  }
}
