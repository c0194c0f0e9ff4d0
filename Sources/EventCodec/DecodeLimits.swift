import EventModel

/// Bounds of one document, checked before and while it is read.
package struct DecodeLimits: Hashable, Sendable {
  /// Bytes of the whole document.
  package var bytesMax: Int
  /// Objects and arrays inside one another, the outermost counted.
  package var depthMax: Int

  package init(bytesMax: Int, depthMax: Int) {
    self.bytesMax = bytesMax
    self.depthMax = depthMax
  }

  /// An event: 64 KiB, `data` 16 deep.
  package static let event = DecodeLimits(
    bytesMax: AcceptanceLimits.eventBytesMax,
    depthMax: AcceptanceLimits.dataDepthMax + 1
  )
  /// A message of our own services (tags, funnels, dead letters …): 1 MiB.
  package static let message = DecodeLimits(bytesMax: 1 << 20, depthMax: 32)
}
