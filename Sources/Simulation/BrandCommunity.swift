import EventModel

/// One community of the simulated brand.
package struct BrandCommunity: Sendable {
  /// The three-group strategy (超用群, 会员群, 快闪群).
  package enum Kind: String, Sendable {
    case superUser = "super_user"
    case member
    case flash
  }

  /// `member-03` and the like.
  package let id: String
  package let kind: Kind
  /// Brand, region, purpose and number; says 模拟.
  package let name: String
  let region: String
  let theme: String
  let capacity: Int
  /// From 1 within its kind.
  let number: Int
  let operatorID: String
  /// The day it is opened: -1 for those that stood before.
  let createdDay: Int
  /// The campaign of a flash community.
  let campaign: BrandCampaign?

  /// The morning after the campaign.
  var dissolvedDay: Int? { campaign.map { $0.day + 1 } }

  private static let regions = ["华东", "华南", "华北", "西南"]

  /// A sixth (rounded, at least one) are super-user communities, as many flash ones, the rest those of members.
  static func all(count: Int, days: Int) -> (communities: [BrandCommunity], campaigns: [BrandCampaign]) {
    let sixth = max(1, (count + 3) / 6)
    let campaigns = Array(BrandCampaign.all(days: days).prefix(sixth))
    var communities: [BrandCommunity] = []
    for number in 1...sixth { communities.append(standing(.superUser, "super", "超级用户群", number, capacity: 100)) }
    for number in 1...max(1, count - 2 * sixth) {
      communities.append(standing(.member, "member", "会员群", number, capacity: 500))
    }
    for number in 1...sixth where !campaigns.isEmpty {
      communities.append(flash(number, campaigns[(number - 1) % campaigns.count]))
    }
    return (communities, campaigns)
  }

  private static func standing(
    _ kind: Kind,
    _ prefix: String,
    _ purpose: String,
    _ number: Int,
    capacity: Int
  ) -> BrandCommunity {
    let region = regions[(number - 1) % regions.count]
    return BrandCommunity(
      id: "\(prefix)-\(twoDigits(number))",
      kind: kind,
      name: "小禾(模拟)·\(region)\(purpose)\(twoDigits(number))",
      region: region,
      theme: kind == .superUser ? "network" : "knowledge",
      capacity: capacity,
      number: number,
      operatorID: "op-\(twoDigits((number - 1) / 3 + 1))",
      createdDay: -1,
      campaign: nil
    )
  }

  private static func flash(_ number: Int, _ campaign: BrandCampaign) -> BrandCommunity {
    BrandCommunity(
      id: "flash-\(twoDigits(number))",
      kind: .flash,
      name: "小禾(模拟)·\(campaign.label)快闪群\(twoDigits(number))",
      region: regions[(number - 1) % regions.count],
      theme: "marketing",
      capacity: 500,
      number: number,
      operatorID: "op-\(twoDigits(number))",
      createdDay: campaign.day - 2 - number % 2,
      campaign: campaign
    )
  }
}

/// A day on which the brand sells with a drum: everybody orders more.
struct BrandCampaign: Sendable {
  let id: String
  let label: String
  let day: Int

  /// The first on day 6 (8 March with the usual start), then every ten days while the flash community can end in time.
  static func all(days: Int) -> [BrandCampaign] {
    var campaigns: [BrandCampaign] = []
    var day = 6
    while day + 2 < days {
      let number = campaigns.count + 1
      campaigns.append(BrandCampaign(id: "fan-day-\(number)", label: "第\(number)期宠粉日", day: day))
      day += 10
    }
    return campaigns
  }
}

func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
