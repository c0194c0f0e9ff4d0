import ArgumentParser
import HearthCommand
import Testing

@Suite("A fault as a person reads it")
struct CommandFailureTests {
  @Test("has one line with place, expectation and finding, and one with the next command")
  func whole() {
    let failure = CommandFailure(
      .invalidInput,
      "window out of bounds",
      at: "metrics.yaml:3:9",
      expected: "1m to 400d",
      got: "500d",
      next: "hearth playbook validate playbook"
    )
    #expect(
      failure.description == """
        error: window out of bounds at metrics.yaml:3:9: expected 1m to 400d, got 500d
        next: hearth playbook validate playbook
        """
    )
  }

  @Test("leaves out what is not known")
  func parts() {
    #expect(CommandFailure(.usage, "a").description == "error: a")
    #expect(CommandFailure(.usage, "a", at: "b").description == "error: a at b")
    #expect(CommandFailure(.usage, "a", expected: "x").description == "error: a: expected x")
    #expect(CommandFailure(.usage, "a", at: "b", got: "y").description == "error: a at b: got y")
  }

  @Test("shows at most 80 characters of what it got, on one line")
  func bounded() {
    let got = "first\nsecond\t\u{1B}[31m" + String(repeating: "蕉", count: 200)
    let text = CommandFailure(.usage, "a", got: got).description
    #expect(text.split(separator: "\n").count == 1)
    #expect(text.hasPrefix("error: a: got first second  [31m蕉"))
    #expect(text.count == "error: a: got ".count + 80)
  }

  @Test("ends with the exit code of its kind")
  func codes() {
    let codes: [CommandFailure.Code] = [.usage, .invalidInput, .unreachable, .wouldLoseData]
    #expect(codes.map(\.rawValue) == [2, 3, 4, 5])
  }

  @Test("the argument parser's own message takes the same form")
  func usage() {
    let help = "Error: Unknown option '--x'\nUsage: tagger run\n  See 'tagger run --help' for more information."
    let text = CommandExit.usage("Unknown option '--x'\nmore", help: help)
    #expect(text == "error: unknown option '--x'\nnext: tagger run --help")
    #expect(CommandExit.usage("Unknown option '--x'", help: "") == "error: unknown option '--x'")
  }

  @Test("a tenant's name is a lower-case name of 1 to 63 characters", arguments: ["a", "a-1", "7", "mengbao"])
  func goodTenant(_ name: String) throws {
    try TenantName.check(name)
  }

  @Test("any other is a usage fault", arguments: ["", "-a", "A", "a_b", "a/b", "a b", "é", "a\0"])
  func badTenant(_ name: String) {
    let failure = #expect(throws: CommandFailure.self) { try TenantName.check(name) }
    #expect(failure?.code == .usage)
    #expect(
      failure?.description.hasPrefix("error: tenant cannot be used at --tenant: expected [a-z0-9][a-z0-9-]{0,62}, got")
        == true
    )
  }

  @Test("64 characters are too many for a tenant's name")
  func longTenant() throws {
    try TenantName.check(String(repeating: "a", count: 63))
    #expect(throws: CommandFailure.self) { try TenantName.check(String(repeating: "a", count: 64)) }
  }
}
