import Playbook
import Testing

/// Every fault as a person reads it, to the column.
@Suite("Faults of a playbook")
struct FaultTests {
  struct Golden: CustomTestStringConvertible {
    let text: String
    let faults: String
    var testDescription: String { faults.split(separator: "\n").first.map(String.init) ?? "" }
  }

  @Test("are located and say what was expected", arguments: definitions + expressions + sections + syntax)
  func located(_ golden: Golden) {
    #expect(faults(golden.text + "\n").joined(separator: "\n") == golden.faults)
  }
}
