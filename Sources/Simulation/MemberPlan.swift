import EventModel

/// The life of one simulated member, decided before any event is written.
struct MemberPlan: Sendable {
  let index: Int
  /// `m00001` and on.
  let id: String
  let profile: Profile
  /// nil: she was there before.
  let channel: AcquisitionChannel?
  /// The day on which she follows the account; -1 for those who were there before.
  let arrivalDay: Int
  var followedAt: Instant?
  var contactAt: Instant?
  var joinedAt: Instant?
  /// Index of her community; nil when she joined none.
  var community: Int?
  /// Messages of an average day, in millionths.
  var talkRate = 0
  /// From here on nothing is heard of her.
  var silentFrom = Instant.distantFuture
  /// She leaves her community.
  var leavesAt: Instant?
  var deletesContactAt: Instant?
  var programme: ProgrammePlan?
  var orders: [OrderPlan] = []
  /// How content she is, in thousandths of 10.
  var satisfaction = 750
  /// Her life is told, not drawn: nothing by chance is added to it.
  var isTold = false

  /// Her part in the check-in programme.
  struct ProgrammePlan: Sendable {
    /// Day of each check-in, ascending.
    var days: [Int]
    /// Second of the day of the first check-in; the others stand near it.
    var second: Int
    /// What she did shortly before the first one.
    var behaviours: Set<PlantedPlan.Behaviour>

    /// The day on which seven in a row are full.
    var streakDay: Int? {
      var run = 0
      for (position, day) in days.enumerated() {
        run = position > 0 && days[position - 1] == day - 1 ? run + 1 : 1
        if run == 7 { return day }
      }
      return nil
    }
  }

  struct OrderPlan: Sendable {
    var at: Instant
    var goods: Goods
    /// Before any coupon.
    var yuan: Int
    /// She uses a coupon if she has one.
    var usesCoupon: Bool
  }

  /// Whether she does anything in her community at `instant`.
  func isHeard(at instant: Instant) -> Bool {
    guard let joinedAt else { return false }
    return instant > joinedAt && instant < silentFrom && instant < leavesAt ?? .distantFuture
  }

  /// Whether she belongs to her community at `instant`, heard of or not.
  func belongs(at instant: Instant) -> Bool {
    guard let joinedAt else { return false }
    return instant > joinedAt && instant < leavesAt ?? .distantFuture
  }
}
