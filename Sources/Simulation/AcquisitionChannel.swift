/// By what a simulated member came to know the brand.
package enum AcquisitionChannel: String, Sendable, CaseIterable {
  case storeQR = "store_qr"
  case article
  case shortVideo = "short_video"
  case note
  case hospital
  case referral

  /// 门店二维码 and so on.
  package var label: String {
    switch self {
    case .storeQR: "门店二维码"
    case .article: "公众号文章"
    case .shortVideo: "短视频"
    case .note: "种草笔记"
    case .hospital: "妇产医院"
    case .referral: "老带新"
    }
  }

  /// Of 100 exposures.
  var share: Int {
    switch self {
    case .storeQR, .article, .shortVideo: 18
    case .note, .hospital: 16
    case .referral: 14
    }
  }

  /// 诱饵: what is promised for joining.
  var hook: String {
    switch self {
    case .storeQR: "试用装"
    case .article: "辅食食谱"
    case .shortVideo: "十元券"
    case .note: "囤货清单"
    case .hospital: "待产包清单"
    case .referral: "双人礼"
    }
  }

  /// Yuan for a thousand exposures.
  var costPerThousand: Int {
    switch self {
    case .storeQR: 60
    case .article: 90
    case .shortVideo: 180
    case .note: 140
    case .hospital: 220
    case .referral: 40
    }
  }

  /// Those that may be planted as the best; that members bring members is no surprise.
  static let candidates: [AcquisitionChannel] = [.storeQR, .article, .shortVideo, .note, .hospital]
}
