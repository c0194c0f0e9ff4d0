import EventCodec
import EventModel

/// The event types that ingest knows, with the compiled schema of each one's `data`.
package struct EventCatalogue: EventSchemaCheck {
  /// What becomes of an event whose type is not in the catalogue.
  package enum UnknownTypes: String, Sendable, CaseIterable {
    /// Dead letter, class `type`.
    case reject
    /// Taken as it is.
    case accept
  }

  private let schemas: [String: CompiledSchema]
  private let unknownTypes: UnknownTypes

  /// Compiles the files of `schemas/events`: type name to JSON text. Throws the first fault, in order of the names.
  package init(files: [String: [UInt8]], unknownTypes: UnknownTypes = .reject) throws(SchemaFault) {
    var schemas: [String: CompiledSchema] = [:]
    for (name, text) in files.sorted(by: { $0.key < $1.key }) {
      let document: Value
      do throws(DecodeFailure) {
        document = try JSONReader.parse(text)
      } catch {
        throw SchemaFault(name: name, path: error.path, expected: "JSON (\(error.failureClass.rawValue))")
      }
      schemas[name] = try SchemaCompiler(name: name).compile(document)
    }
    self.schemas = schemas
    self.unknownTypes = unknownTypes
  }

  /// The type that a schema file is of: `order.paid.schema.json` or `order.paid.json`; `nil` for another name.
  package static func type(ofFile name: String) -> String? {
    for suffix in [".schema.json", ".json"] where name.hasSuffix(suffix) {
      let type = String(name.dropLast(suffix.count))
      return EnvelopeForms.isType(type.utf8) ? type : nil
    }
    return nil
  }

  /// The known types, sorted.
  package var types: [String] { schemas.keys.sorted() }

  /// `nil`, or class `type` or `schema` with the path under `/data`.
  package func failure(of event: Event) -> DecodeFailure? {
    guard let schema = schemas[event.type] else {
      guard unknownTypes == .reject else { return nil }
      return DecodeFailure(.type, path: "/type", expected: "a type of the catalogue", found: "another")
    }
    return schema.failure(of: event.data)?.under("data")
  }
}
