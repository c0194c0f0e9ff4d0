/// The rules by which an event that reads well is accepted or refused (SEMANTICS "Accepting"); the same for ingest,
/// imports and `hearth fold`.
package enum Acceptance {
  /// `nil`: accepted. Else class `late` or `future`.
  ///
  /// An event exactly at a bound is accepted. An import has `receivedAt` = `time` and is never refused here.
  package static func failure(
    of event: Event,
    lateness: TimeSpan = AcceptanceLimits.lateness,
    ahead: TimeSpan = AcceptanceLimits.ahead
  ) -> DecodeFailure? {
    let behind = event.receivedAt - event.time
    if mutated(.latenessExclusive) ? behind >= lateness : behind > lateness {
      return DecodeFailure(
        .late,
        path: "/time",
        expected: "at most \(lateness.words) before it was received",
        found: behind.words
      )
    }
    let advance = event.time - event.receivedAt
    if advance > ahead {
      return DecodeFailure(
        .future,
        path: "/time",
        expected: "at most \(ahead.words) after it was received",
        found: advance.words
      )
    }
    return nil
  }
}

extension TimeSpan {
  /// The largest whole unit that says it to the person who reads a message: `72 h`, `5 min`, `1500 ms`.
  package var words: String {
    for (unit, name) in [(3_600_000, "h"), (60_000, "min"), (1000, "s")] as [(Int64, String)]
    where milliseconds % unit == 0 && milliseconds != 0 {
      return "\(milliseconds / unit) \(name)"
    }
    return "\(milliseconds) ms"
  }
}
