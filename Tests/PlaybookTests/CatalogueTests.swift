import Playbook
import Testing

@Suite("The event catalogue")
struct CatalogueTests {
  private let catalogue = EventCatalogue.standard

  @Test("holds the sixty public types, in small letters, with plain field names")
  func types() {
    #expect(catalogue.types.count == 60)
    for (name, type) in catalogue.types {
      #expect(name == type.name)
      for field in type.fields.keys {
        #expect(field.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" }, "\(name).\(field)")
        #expect(!EventCatalogue.envelopeWords.contains(field), "\(name).\(field)")
      }
    }
    #expect(catalogue.types.values.filter(\.isAggregate).map(\.name).sorted() == ["channel.exposed", "channel.spent"])
    #expect(catalogue.types.values.filter(\.isOpen).map(\.name) == ["member.identified"])
  }

  @Test("splits a path after the longest known type")
  func split() {
    var catalogue = catalogue
    catalogue.declare(EventCatalogue.EventType(name: "order.paid.twice", fields: ["by": .string]))
    #expect(catalogue.split("order.paid.amount")?.type.name == "order.paid")
    #expect(catalogue.split("order.paid.amount")?.field == "amount")
    #expect(catalogue.split("order.paid.twice")?.type.name == "order.paid.twice")
    #expect(catalogue.split("order.paid.twice")?.field == nil)
    #expect(catalogue.split("order.paid.twice.by")?.field == "by")
    #expect(catalogue.split("order.payd")?.type.name == nil)
    #expect(catalogue.split("")?.type.name == nil)
  }

  @Test("knows envelope words before fields, and open types' unknown fields")
  func kinds() {
    #expect(catalogue.types["order.paid"]?.kind(of: "channel") == .string)
    #expect(catalogue.types["order.paid"]?.kind(of: "amount") == .decimal)
    #expect(catalogue.types["order.paid"]?.kind(of: "none") == nil)
    #expect(catalogue.types["member.identified"]?.kind(of: "anything") == .unknown)
  }

  @Test("tells behaviour from receipts and identity")
  func behaviour() {
    let others = catalogue.types.values.filter { !$0.isBehaviour }.map(\.name).sorted()
    #expect(
      others == [
        "channel.exposed", "channel.spent", "consent.changed", "member.aliased", "member.erased", "member.identified",
        "member.removed", "touch.bounced", "touch.clicked", "touch.delivered", "touch.opened", "touch.opted_out",
      ]
    )
  }

  @Test("a metric of a total is warned of")
  func totals() throws {
    let outcome = try compiled(heading + "metrics: {member: {a: {sum: channel.exposed.count}}}\n")
    #expect(
      outcome.warnings.map(\.text) == [
        """
        warning: metric of a total without member at playbook.yaml:3:29: \
        expected an event of a member or a community, got `channel.exposed`
        hint: totals are counted by reports and as `total:` of a funnel
        """
      ]
    )
  }
}
