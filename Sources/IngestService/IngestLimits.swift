import EventModel

/// Bounds of one ingest process and of its requests.
package struct IngestLimits: Hashable, Sendable {
  /// Bytes of a request's body.
  package var bodyBytesMax: Int
  /// Events of one request.
  package var eventsMax: Int
  /// Bytes of all bodies held at once, from the first chunk read to the answer.
  package var inFlightBytesMax: Int
  /// A body must have come within this time.
  package var bodyTime: TimeSpan
  /// Events of one subject in a clock hour, by this process: what bounds the ids that deduplication keeps.
  package var subjectEventsPerHourMax: Int
  /// Subjects whose rate is followed at once.
  package var ratedSubjectsMax: Int
  /// How long a key is believed without asking the store again; a revoked key works this long.
  package var keyLifetime: TimeSpan
  /// Keys remembered; as many unknown ids again.
  package var keysCachedMax: Int
  /// Bytes of a refused payload that its dead letter keeps.
  package var deadLetterPayloadBytesMax: Int
  /// Bytes of a refused request's body that are read away so that its sender gets to read the answer.
  package var discardedBytesMax: Int

  package init(
    bodyBytesMax: Int = 5 << 20,
    eventsMax: Int = 2500,
    inFlightBytesMax: Int = 64 << 20,
    bodyTime: TimeSpan = .seconds(30),
    subjectEventsPerHourMax: Int = 20_000,
    ratedSubjectsMax: Int = 200_000,
    keyLifetime: TimeSpan = .seconds(30),
    keysCachedMax: Int = 10_000,
    deadLetterPayloadBytesMax: Int = 65_536,
    discardedBytesMax: Int = 32 << 20
  ) {
    self.bodyBytesMax = bodyBytesMax
    self.eventsMax = eventsMax
    self.inFlightBytesMax = inFlightBytesMax
    self.bodyTime = bodyTime
    self.subjectEventsPerHourMax = subjectEventsPerHourMax
    self.ratedSubjectsMax = ratedSubjectsMax
    self.keyLifetime = keyLifetime
    self.keysCachedMax = keysCachedMax
    self.deadLetterPayloadBytesMax = deadLetterPayloadBytesMax
    self.discardedBytesMax = discardedBytesMax
  }
}
