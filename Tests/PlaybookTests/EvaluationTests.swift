import EventModel
import Playbook
import Testing

@Suite("Evaluation of formulas")
struct EvaluationTests {
  private func value(_ expression: String) throws -> Value { try formula(expression).evaluate(in: Fixed()) }

  @Test(
    "rounds half-even to six places, and gives null for overflow and division by zero",
    arguments: [
      ("1 / 3", "0.333333"), ("2 / 3", "0.666667"), ("0.000001 / 2", "0"), ("0.000003 / 2", "0.000002"),
      ("0.000001 * 0.5", "0"), ("-1 / 3", "-0.333333"), ("round(2.5, 0)", "2"), ("round(3.5, 0)", "4"),
      ("round(-2.5, 0)", "-2"), ("round(1.245, 2)", "1.24"), ("abs(-3)", "3"), ("min(3, 1, 2)", "1"),
      ("max(3, 1, 2)", "3"), ("length(\"中文é\")", "3"), ("999999999999 + 0.999999", "999999999999.999999"),
      ("7 - 2 - 1", "4"), ("8 / 4 / 2", "1"), ("2 + 3 * 4", "14"), ("-2 * -3", "6"), ("coalesce(null, 5)", "5"),
    ]
  )
  func numbers(_ expression: String, _ expected: String) throws {
    #expect(try value(expression) == number(expected))
  }

  @Test(
    "gives null for a missing operand",
    arguments: [
      "1 / 0", "999999999999 + 1", "1000000 * 1000000", "null + 1", "abs(null)", "min(1, null)", "lower(null)",
      "length(null)", "coalesce(null, null)", "round(null, 2)", "-null", "null == 1", "1 < null", "null in [1]",
      "null between 1 and 2", "1 between null and 2", "not null", "contains(null, \"a\")", "starts_with(\"a\", null)",
    ]
  )
  func nulls(_ expression: String) throws {
    #expect(try value(expression) == .null)
  }

  @Test(
    "takes null as false in and, or",
    arguments: [
      ("null and true", false), ("null or true", true), ("null or false", false), ("null and null", false),
      ("not (null and true)", true), ("exists(null)", false), ("exists(1)", true), ("not exists(1 / 0)", true),
      ("1 == 1.000000", true), ("1 != 2", true), ("\"b\" > \"a\"", true), ("\"Z\" < \"a\"", true),
      ("2 between 2 and 2", true), ("3 between 1 and 2", false), ("2 in [1, 2]", true), ("3 in [1, 2]", false),
      ("-1 in [-1]", true), ("contains(\"abc\", \"bc\")", true), ("contains(\"abc\", \"\")", true),
      ("starts_with(\"中文\", \"中\")", true), ("lower(\"ÀB\") == \"àb\"", true), ("1d == 24h", true),
      ("1d + 12h == 36h", true), ("0.5 * 1d == 12h", true), ("1s * 0.0005 == 0s", true), ("true != false", true),
      ("1s * 0.0015 == 0.002 * 1s", true), ("-1d < 0s", true), ("abs(-1d) == 1d", true),
      ("true or false and false", true), ("not true or true", true), ("not 1 == 2", true),
    ]
  )
  func booleans(_ expression: String, _ expected: Bool) throws {
    #expect(try value(expression) == .bool(expected))
  }

  @Test("tells texts apart that are canonically equivalent but written otherwise")
  func bytes() throws {
    let composed = "\u{E9}"
    let decomposed = "e\u{301}"
    #expect(try value("\"\(composed)\" == \"\(decomposed)\"") == .bool(false))
    #expect(try value("\"\(composed)\" in [\"\(decomposed)\"]") == .bool(false))
  }

  @Test("gives null for kinds that do not match at run time")
  func kinds() {
    let context = Fixed(metrics: [.string("x"), .number(.zero), .bool(true), .list([.string("x")])])
    let text = Formula.metric(0)
    let zero = Formula.metric(1)
    let flag = Formula.metric(2)
    let list = Formula.metric(3)
    for formula: Formula in [
      .compare(.equal, text, zero), .compare(.less, flag, flag), .arithmetic(.add, text, zero), .negate(flag),
      .isIn(text, [.number(.zero)]), .between(text, zero, zero), .least([text, zero]), .not(zero), .length(zero),
      .elapsed(.greater, time: zero, span: .literal(.span(.days(1)))), .elapsedUnits(time: text, unit: .days(1)),
      .compare(.less, list, list), .startsWith(list, text), .lower(zero), .absolute(text), .round(text, places: 1),
    ] {
      #expect(formula.evaluate(in: context) == .null, "\(formula)")
    }
    #expect(Formula.contains(list, text).evaluate(in: context) == .bool(true))
    #expect(Formula.contains(list, zero).evaluate(in: context) == .bool(false))
    #expect(Formula.length(list).evaluate(in: context) == .number(FixedDecimal(1) ?? .zero))
    #expect(Formula.compare(.equal, list, list).evaluate(in: context) == .bool(true))
    #expect(Formula.and(zero, flag).evaluate(in: context) == .bool(false))
    #expect(!zero.holds(in: context))
  }

  @Test("reads fields of the event, an envelope word before data")
  func fields() {
    let member = Subject(tenant: "t", kind: .member, id: "m1")
    let event = Event(
      id: "1",
      source: "s",
      tenant: "t",
      type: "order.paid",
      time: Instant(milliseconds: 5),
      receivedAt: Instant(milliseconds: 6),
      actor: .member,
      subject: member,
      channel: "qr",
      data: .object([
        .init(name: "channel", value: .string("other")), .init(name: "amount", value: .number(.zero)),
        .init(name: "empty", value: .null),
      ])
    )
    let context = EventContext(event: event)
    #expect(Formula.field("channel").evaluate(in: context) == .string("qr"))
    #expect(Formula.field("amount").evaluate(in: context) == .number(.zero))
    #expect(Formula.field("empty").evaluate(in: context) == .null)
    #expect(Formula.field("none").evaluate(in: context) == .null)
    #expect(Formula.metric(0).evaluate(in: context) == .null)
  }

  @Test("lists what a formula reads, and whether the clock moves it")
  func references() throws {
    let metrics = "a: {count: order.paid}, b: {last: order.paid}"
    let clocked = try formula("a > 1 and elapsed(b) > 1d", key: "rule", metrics: metrics)
    #expect(clocked.references().metrics == [0, 1])
    #expect(clocked.references().tags == [])
    #expect(!clocked.isClockFree)
    #expect(try formula("a > 1", key: "rule", metrics: metrics).isClockFree)
    #expect(try !formula("floor(elapsed(b) / 1d)", metrics: metrics).isClockFree)
    #expect(Formula.and(.field("x"), .isIn(.tag(3), [])).fieldNames == ["x"])
    #expect(Formula.and(.field("x"), .isIn(.tag(3), [])).references().tags == [3])
  }
}
