import EventModel
import Playbook
import Testing

@Suite("The example playbook")
struct ExampleTests {
  @Test("compiles, with warnings for the predictive tag and for traits that no tag brings into texts")
  func compiles() throws {
    let outcome = try compiled(ExamplePlaybook.text)
    #expect(
      outcome.warnings.map(\.text) == [
        """
        warning: predictive tag without its model at playbook.yaml:38:5: \
        expected a model that this version computes, got `bg_nbd.alive`: `alive` is null
        """,
        "warning: nothing fills a place at playbook.yaml:78:47: expected a tag, `member` or `community`, got `nickname`",
        "warning: nothing fills a place at playbook.yaml:78:71: expected a tag, `member` or `community`, got `coupon`",
        "warning: nothing fills a place at playbook.yaml:79:36: expected a tag, `member` or `community`, got `nickname`",
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
