/// The named bounds of the loop.
package struct LoopLimits: Sendable {
  /// Records asked of the source at a time.
  package var recordsPerPoll = 5_000
  /// Whether deciding goes on while a flush is committed and published.
  package var overlap = FlushOverlap.free
  /// A flush is due when this many subjects are dirty …
  package var dirtySubjectsMax = 200_000
  /// … or this many messages wait to be published (about 1 kB each in memory) …
  package var outputsMax = 60_000
  /// … or this many bytes of a lane's records have been decided, which would all be read again after a crash …
  package var laneBytesMax = 4_000_000
  /// … or this long after the last flush, while the log is being caught up: what many records do to a subject is then
  /// written once …
  package var catchUpInterval = Duration.seconds(5)
  /// … or this long after it, while nobody waits: only tenants with `clock: log` have moved …
  package var replayInterval = Duration.seconds(1)
  /// … or this long after it, in quiet times and where the log is read to its end …
  package var quietInterval = Duration.milliseconds(40)
  /// … or, under load, this many times as long as the last flush took: what a flush costs but for its subjects is then
  /// at most half of what the store does …
  package var flushSpacing = 1
  /// … but no longer than this while a live tenant waits.
  package var liveInterval = Duration.milliseconds(500)
  /// How long a poll waits for records.
  package var pollTimeout = Duration.milliseconds(100)
  /// Subjects kept in memory a lane.
  package var subjectsPerLane = 50_000
  /// Effects (deliveries) under way at the same time.
  package var effectsAtOnce = 16
  /// Waits between tries against a store or broker that fails: doubled from the first to the last.
  package var retryFirst = Duration.milliseconds(50)
  package var retryLast = Duration.seconds(5)
  /// A partition whose fence was lost is claimed again after this long if the group still assigns it here.
  package var reclaimAfter = Duration.seconds(12)
  /// Frames read at a time when publishing what a predecessor left.
  package var framesPerRead = 100
  /// Progress of publication is written down at most this often.
  package var progressInterval = Duration.milliseconds(500)

  package init() {}
}
