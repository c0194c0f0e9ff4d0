import EventModel
import PipelinePorts

/// Reads a tenant's clock from the stored states of lanes.
package enum TenantClockReader {
  /// The least over the lanes that have heard of the tenant; nil when none has.
  package static func clock(of tenant: String, laneStates: [[UInt8]]) throws(AdapterFailure) -> Instant? {
    var least: Instant?
    for state in laneStates {
      guard let readings = try LaneBook(decoding: state).clocks.readings[tenant] else { continue }
      for entry in readings.entries { least = least.map { min($0, entry.instant) } ?? entry.instant }
    }
    return least
  }
}
