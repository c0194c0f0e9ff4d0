/// What kind of person a simulated member is: when she is awake, and what she buys and talks about.
package enum Persona: String, Sendable, CaseIterable {
  case newMother = "new_mother"
  case secondChild = "second_child"
  case workingMother = "working_mother"
  case stockUp = "stock_up"
  case expecting
  case father
  case grandparent

  /// 新手妈妈 and so on.
  package var label: String {
    switch self {
    case .newMother: "新手妈妈"
    case .secondChild: "二胎妈妈"
    case .workingMother: "职场妈妈"
    case .stockUp: "囤货达人"
    case .expecting: "孕期妈妈"
    case .father: "奶爸"
    case .grandparent: "隔代长辈"
    }
  }

  /// Of 100 members.
  var share: Int {
    switch self {
    case .newMother: 28
    case .secondChild: 16
    case .workingMother: 20
    case .stockUp: 12
    case .expecting: 12
    case .father: 7
    case .grandparent: 5
    }
  }

  /// Weights of the 24 hours of a working day. Mothers have their hands free after 22 h, at lunch, and at night feeds.
  var hours: [Int] {
    switch self {
    case .newMother: [14, 6, 9, 8, 7, 6, 8, 14, 22, 34, 40, 30, 26, 30, 40, 32, 24, 20, 18, 26, 40, 62, 96, 72]
    case .secondChild: [6, 2, 1, 1, 1, 2, 8, 18, 24, 44, 38, 26, 30, 46, 32, 24, 18, 16, 16, 24, 42, 70, 86, 36]
    case .workingMother: [5, 1, 1, 1, 1, 2, 10, 24, 42, 12, 12, 18, 84, 56, 12, 10, 10, 16, 30, 28, 44, 78, 90, 34]
    case .stockUp: [22, 6, 1, 1, 1, 2, 6, 14, 24, 40, 62, 32, 36, 24, 22, 20, 20, 18, 22, 34, 84, 76, 70, 58]
    case .expecting: [4, 2, 2, 2, 2, 4, 8, 18, 30, 44, 56, 36, 28, 24, 34, 46, 36, 22, 24, 36, 60, 62, 44, 12]
    case .father: [10, 3, 2, 1, 1, 2, 8, 20, 24, 14, 16, 20, 66, 36, 14, 12, 14, 18, 26, 30, 40, 58, 84, 56]
    case .grandparent: [1, 1, 1, 1, 4, 18, 46, 64, 62, 54, 48, 34, 20, 16, 32, 52, 50, 36, 30, 34, 26, 12, 4, 1]
    }
  }

  /// Weights of the goods she looks for, in the order of `Goods.allCases`.
  var goods: [Int] {
    switch self {
    case .newMother: [30, 26, 8, 10, 6, 14, 6]
    case .secondChild: [24, 22, 16, 14, 12, 10, 2]
    case .workingMother: [20, 16, 20, 12, 12, 10, 10]
    case .stockUp: [26, 34, 12, 8, 4, 16, 0]
    case .expecting: [8, 14, 2, 20, 4, 26, 26]
    case .father: [26, 22, 10, 6, 24, 8, 4]
    case .grandparent: [20, 16, 26, 22, 12, 4, 0]
    }
  }
}

/// What the brand sells. Prices are in fen (a hundredth of a yuan).
enum Goods: String, CaseIterable, Sendable {
  case milk = "奶粉"
  case nappies = "纸尿裤"
  case food = "辅食"
  case clothes = "童装"
  case toys = "玩具"
  case care = "洗护"
  case course = "课程"

  var prices: ClosedRange<Int> {
    switch self {
    case .milk: 168...398
    case .nappies: 79...199
    case .food: 29...119
    case .clothes: 59...219
    case .toys: 39...199
    case .care: 39...149
    case .course: 99...199
    }
  }
}
