import EventCodec
import EventModel
import IngestService
import Testing

@Suite("Event schemas")
struct SchemaTests {
  private func failure(_ schema: String, _ data: String) throws -> String? {
    let catalogue = try EventCatalogue(files: ["order.paid": Array(schema.utf8)])
    let parsed = try EventCodec.decode(
      Array(event("a", data: data).utf8),
      arrival: Arrival(tenant: "t", receivedAt: nil)
    )
    return catalogue.failure(of: parsed)?.description
  }

  @Test(
    "each keyword is kept",
    arguments: [
      (#"{"required":["a"]}"#, #"{"a":1}"#, nil),
      (#"{"required":["a"]}"#, "{}", "schema at /data/a: expected the field, found nothing"),
      (#"{"properties":{"a":{"type":"string"}}}"#, #"{"a":1}"#, "schema at /data/a: expected a string, found a number"),
      (#"{"properties":{"a":{"type":["integer","null"]}}}"#, #"{"a":null}"#, nil),
      (
        #"{"properties":{"a":{"type":["integer","null"]}}}"#, #"{"a":1.5}"#,
        "schema at /data/a: expected a whole number or null, found a number"
      ),
      (#"{"additionalProperties":false}"#, #"{"b":1}"#, "schema at /data/b: expected no such field, found one"),
      (
        #"{"additionalProperties":{"type":"number"}}"#, #"{"b":"x"}"#,
        "schema at /data/b: expected a number, found a string"
      ),
      (#"{"properties":{"a":{"enum":["x",1]}}}"#, #"{"a":1}"#, nil),
      (
        #"{"properties":{"a":{"enum":["x",1]}}}"#, #"{"a":"y"}"#,
        "schema at /data/a: expected one of 2 values, found another"
      ),
      (#"{"properties":{"a":{"const":"x"}}}"#, #"{"a":"x"}"#, nil),
      (#"{"properties":{"a":{"minimum":0.5}}}"#, #"{"a":0.5}"#, nil),
      (
        #"{"properties":{"a":{"maximum":3}}}"#, #"{"a":3.000001}"#,
        "schema at /data/a: expected at most 3, found a larger number"
      ),
      (#"{"properties":{"a":{"maxLength":2}}}"#, #"{"a":"奶粉"}"#, nil),
      (
        #"{"properties":{"a":{"minLength":3}}}"#, #"{"a":"奶粉"}"#,
        "schema at /data/a: expected at least 3 characters, found 2"
      ),
      (
        #"{"properties":{"a":{"items":{"type":"string"},"maxItems":2}}}"#, #"{"a":["x",{}]}"#,
        "schema at /data/a/1: expected a string, found an object"
      ),
      (
        #"{"properties":{"a":{"maxItems":1}}}"#, #"{"a":[1,2]}"#,
        "schema at /data/a: expected at most 1 elements, found 2"
      ),
    ] as [(String, String, String?)]
  )
  func keywords(_ schema: String, _ data: String, _ expected: String?) throws {
    #expect(try failure(schema, data) == expected)
  }

  @Test("a keyword that is not known is a fault, not a rule silently left out")
  func unknownKeyword() {
    let schema = Array(#"{"title":"x","properties":{"a":{"pattern":"^x"}}}"#.utf8)
    let fault = #expect(throws: SchemaFault.self) { try EventCatalogue(files: ["order.paid": schema]) }
    #expect(
      fault?.description == "schema of order.paid at /properties/a/pattern: expected a keyword that is known here"
    )
    #expect(throws: SchemaFault.self) { try EventCatalogue(files: ["order.paid": Array("{".utf8)]) }
    #expect(throws: SchemaFault.self) { try EventCatalogue(files: ["order.paid": Array(#"{"type":"money"}"#.utf8)]) }
  }

  @Test("types come from file names")
  func names() {
    #expect(EventCatalogue.type(ofFile: "order.paid.schema.json") == "order.paid")
    #expect(EventCatalogue.type(ofFile: "red_packet.sent.json") == "red_packet.sent")
    #expect(EventCatalogue.type(ofFile: "README.md") == nil)
  }
}
