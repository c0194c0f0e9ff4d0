import EventModel
import Playbook
import Testing

@Suite("The example playbook")
struct ExampleTests {
  @Test("compiles, with a warning for the predictive tag alone")
  func compiles() throws {
    let outcome = try compiled(ExamplePlaybook.text)
    #expect(
      outcome.warnings.map(\.text) == [
        """
        warning: predictive tag without its model at playbook.yaml:38:5: \
        expected a model that this version computes, got `bg_nbd.alive`: `alive` is null
        """
      ]
    )
  }

  @Test("orders tags by dependency, then name")
  func ordersTags() throws {
    let playbook = try compiled(ExamplePlaybook.text).playbook
    let expected = [
      "active", "alive", "city", "lost", "loyalty", "satisfaction", "quadrant", "silent", "spend_band", "stage",
    ]
    #expect(playbook.member.tags.map(\.name) == expected)
    #expect(playbook.member.metrics.map(\.name) == playbook.member.metrics.map(\.name).sorted())
  }
}
