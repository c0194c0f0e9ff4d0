import EventCodec
import EventModel

/// What became of one item of a batch.
package enum ItemVerdict: Sendable {
  case accepted(Event)
  /// `subject` where the envelope could be read, `id` where at least that could.
  case rejected(DecodeFailure, id: String?, subject: Subject?)
}

/// Decides item by item: reads it, then asks the rules in the order type and schema, lateness, rate.
package struct ItemJudge: Sendable {
  private let schemas: any EventSchemaCheck

  package init(schemas: any EventSchemaCheck) { self.schemas = schemas }

  /// `admits` counts against the subject's rate, last of all.
  package func judge(
    _ bytes: UnsafeBufferPointer<UInt8>,
    arrival: Arrival,
    admits: (Subject) -> Bool
  ) -> ItemVerdict {
    let event: Event
    do throws(DecodeFailure) {
      event = try EventCodec.decode(bytes, arrival: arrival)
    } catch {
      return .rejected(error, id: Self.identifier(in: bytes), subject: nil)
    }
    func reject(_ failure: DecodeFailure) -> ItemVerdict {
      .rejected(failure, id: event.id, subject: event.subject)
    }
    if let failure = schemas.failure(of: event) { return reject(failure) }
    if let failure = Acceptance.failure(of: event) { return reject(failure) }
    guard admits(event.subject) else {
      return reject(
        DecodeFailure(.rate, path: "/subject", expected: "fewer events of one subject in an hour", found: "too many")
      )
    }
    return .accepted(event)
  }

  /// The id of an item that could not be read as an event, where it is JSON with a proper one.
  private static func identifier(in bytes: UnsafeBufferPointer<UInt8>) -> String? {
    guard bytes.count <= AcceptanceLimits.eventBytesMax,
      case .string(let id)? = (try? JSONReader.parse(bytes))?["id"], EnvelopeForms.isText(id.utf8)
    else { return nil }
    return id
  }
}
