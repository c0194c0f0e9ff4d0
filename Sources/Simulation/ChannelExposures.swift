import EventModel

/// How often each channel was seen on each day: drawn first, so that whoever follows does so in proportion.
struct ChannelExposures: Sendable {
  private let days: Int
  /// By channel, then day.
  let counts: [[Int]]
  let total: Int

  /// Exposures that lead to one follower, on average.
  private static let perFollower = 38

  init(settings: SimulationSettings, period: SimulatedPeriod, campaigns: [BrandCampaign], followers: Int) {
    let perDay = followers * Self.perFollower / max(1, settings.days)
    days = settings.days
    counts = AcquisitionChannel.allCases.indices.map { channel in
      var stream = RandomStream(seed: settings.seed, .exposure, channel)
      return (0..<settings.days).map { day in
        var count = perDay * AcquisitionChannel.allCases[channel].share / 100
        count = count * period.liveliness(of: day) / 1000 * stream.between(820...1180) / 1000
        // A campaign is advertised for two days before it.
        if campaigns.contains(where: { (($0.day - 2)...$0.day).contains(day) }) { count = count * 13 / 10 }
        return max(1, count)
      }
    }
    total = counts.joined().reduce(0, +)
  }

  /// The channel and day of exposure number `position`, 0 ..< `total`.
  func place(below position: Int) -> (AcquisitionChannel, day: Int) {
    var rest = position
    for (channel, counts) in zip(AcquisitionChannel.allCases, counts) {
      for (day, count) in counts.enumerated() {
        rest -= count
        if rest < 0 { return (channel, day) }
      }
    }
    return (.storeQR, days - 1)
  }
}
