/// Who a simulated member is. Nobody real: names are put together from syllables.
struct Profile: Sendable {
  let nickname: String
  let persona: Persona
  let city: String
  let babyStage: String

  /// Draws a profile; `index` is the member's.
  init(seed: UInt64, index: Int) {
    var stream = RandomStream(seed: seed, .profile, index)
    persona = Persona.allCases[stream.weighted(Persona.allCases.map(\.share))]
    city = Self.cities[stream.below(Self.cities.count)]
    babyStage = Self.babyStage(of: persona, &stream)
    nickname = Self.nickname(of: persona, &stream)
  }

  /// The profile of a story that is told, not drawn.
  init(nickname: String, persona: Persona, city: String, babyStage: String) {
    self.nickname = nickname
    self.persona = persona
    self.city = city
    self.babyStage = babyStage
  }

  private static func babyStage(of persona: Persona, _ stream: inout RandomStream) -> String {
    switch persona {
    case .expecting: "pregnant"
    case .newMother: ["0-6m", "6-12m"][stream.below(2)]
    default: ["0-6m", "6-12m", "1-3y", "1-3y"][stream.below(4)]
    }
  }

  private static func nickname(of persona: Persona, _ stream: inout RandomStream) -> String {
    let first = syllables[stream.below(syllables.count)]
    let second = syllables[stream.below(syllables.count)]
    let ending =
      switch persona {
      case .father: ["爸", "爸爸"]
      case .grandparent: ["奶奶", "外婆"]
      default: ["妈", "妈妈", "麻麻", "宝妈"]
      }
    let baby = stream.chance(percent: 40) ? first + first : first + second
    switch stream.below(10) {
    case 0...6: return baby + ending[stream.below(ending.count)]
    case 7: return signs[stream.below(signs.count)] + baby
    case 8: return baby + String(stream.between(18...25))
    default: return baby
    }
  }

  private static let syllables = [
    "糖", "果", "豆", "米", "朵", "柚", "桃", "橙", "乐", "安", "暖", "晨", "星", "月", "禾", "苗", "芽", "元", "宝", "贝", "可",
    "萌", "欣", "妍", "涵", "睿", "辰", "沐", "瑶", "希",
  ]
  private static let signs = ["小", "大", "阿", "爱吃的", "早起的", "努力的", "会飞的"]
  private static let cities = ["上海", "杭州", "苏州", "南京", "广州", "深圳", "成都", "重庆", "武汉", "西安", "北京", "天津"]
}
