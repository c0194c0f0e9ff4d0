import EventModel
import Testing

@Suite("Acceptance")
struct AcceptanceTests {
  private func failure(receivedAfter delay: TimeSpan) -> FailureClass? {
    let time = Instant(milliseconds: 1_500_000_000_000)
    let event = Event(
      id: "1",
      source: "test",
      tenant: "t",
      type: "order.paid",
      time: time,
      receivedAt: time + delay,
      actor: .member,
      subject: Subject(tenant: "t", kind: .member, id: "1"),
      data: .object([])
    )
    return Acceptance.failure(of: event)?.failureClass
  }

  @Test("An event exactly 72 h old is taken, one a millisecond older is late")
  func late() {
    #expect(failure(receivedAfter: .hours(72)) == nil)
    #expect(failure(receivedAfter: TimeSpan(milliseconds: 72 * 3_600_000 + 1)) == .late)
  }

  @Test("An event dated exactly 5 min ahead is taken, one a millisecond further is of the future")
  func future() {
    #expect(failure(receivedAfter: .minutes(-5)) == nil)
    #expect(failure(receivedAfter: TimeSpan(milliseconds: -5 * 60_000 - 1)) == .future)
  }
}
