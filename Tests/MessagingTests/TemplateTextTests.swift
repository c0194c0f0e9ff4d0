import EventModel
import Messaging
import Testing

@Suite struct TemplateTextTests {
  @Test("Places take their fields; a field without value gives its fallback and is named once")
  func render() throws {
    let template = try TemplateText("{{nickname}},好久不见,给你留了一张{{ coupon | 惊喜 }}, {{coupon}}")
    let fields: [String: Value] = ["nickname": .string("小明")]
    let rendering = template.render { fields[$0] }
    #expect(rendering.text == "小明,好久不见,给你留了一张惊喜, ")
    #expect(rendering.missing == ["coupon"])
    #expect(template.fields == ["nickname", "coupon"])
    #expect(try TemplateText("a{{x}}").render { _ in .null }.text == "a")
    #expect(try TemplateText("a{{x}}").render { _ in .object([]) }.missing == ["x"])
  }

  @Test("What is no place is plain text, and what a field brings in is never read again")
  func plain() throws {
    for text in ["", "{{", "}}", "{{}}", "{{a b}}", "{ {a} }", "{{a", "a}}", "{{-}}", "{{|x}}"] {
      #expect(try TemplateText(text).render { _ in .string("v") }.text == text)
    }
    #expect(try TemplateText("{{{a}}}").render { _ in .string("v") }.text == "{v}")
    #expect(try TemplateText("{{ {{a}} }}").render { _ in .string("{{b}}") }.text == "{{ {{b}} }}")
  }

  @Test("Values of every kind have a text, and control characters become spaces")
  func values() throws {
    let template = try TemplateText("{{x}}")
    func text(_ value: Value) -> String { template.render { _ in value }.text }
    #expect(text(.number(try FixedDecimal(json: "12.50".utf8))) == "12.5")
    #expect(text(.bool(true)) == "true")
    #expect(text(.list([.string("a"), .null, .string("b")])) == "a, b")
    #expect(text(.string("a\nb\u{202E}c\u{0}d")) == "a b c d")
    #expect(text(.string("👩‍👩‍👧")) == "👩‍👩‍👧")
  }

  @Test("Template, fields and result are bounded, and cut only between characters")
  func bounds() throws {
    #expect(throws: TemplateText.Failure.tooLong(bytes: 8193)) {
      try TemplateText(String(repeating: "a", count: 8193))
    }
    #expect(throws: TemplateText.Failure.tooManyPlaces(65)) {
      try TemplateText(String(repeating: "{{a}}", count: 65))
    }
    let long = String(repeating: "好", count: 400)
    #expect(try TemplateText("{{a}}").render { _ in .string(long) }.text == String(repeating: "好", count: 170))
    let full = try TemplateText(String(repeating: "{{a}}", count: 64)).render { _ in .string(long) }
    #expect(full.text.utf8.count <= TemplateText.renderedBytesMax && full.text.utf8.count > 16_380)
  }
}
