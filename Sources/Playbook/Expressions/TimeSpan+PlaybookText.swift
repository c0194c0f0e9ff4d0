import EventModel

extension TimeSpan {
  /// Reads `90s`, `30m`, `12h` or `7d`: a whole number below 10^9 and a unit; `nil` for anything else.
  init?(playbookText text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard let unit = bytes.last, (2...10).contains(bytes.count) else { return nil }
    var count: Int64 = 0
    for byte in bytes.dropLast() {
      guard (48...57).contains(byte) else { return nil }
      count = count * 10 + Int64(byte - 48)
    }
    switch unit {
    case UInt8(ascii: "s"): self = .seconds(count)
    case UInt8(ascii: "m"): self = .minutes(count)
    case UInt8(ascii: "h"): self = .hours(count)
    case UInt8(ascii: "d"): self = .days(count)
    default: return nil
    }
  }

  /// As an operator writes it, in the largest unit that divides it: `7d`.
  package var playbookText: String {
    for (unit, milliseconds) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)] as [(String, Int64)]
    where self.milliseconds != 0 && self.milliseconds % milliseconds == 0 {
      return "\(self.milliseconds / milliseconds)\(unit)"
    }
    return self.milliseconds == 0 ? "0s" : "\(self.milliseconds)ms"
  }
}
