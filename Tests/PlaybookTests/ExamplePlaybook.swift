/// The example of the playbook language, whole; with the template `draw` that its calendar names.
enum ExamplePlaybook {
  static let text = #"""
    playbook: mother-and-baby          # id
    label: {zh: 母婴私域, en: Mother and baby}   # or one text for all languages
    zone: Asia/Shanghai                # IANA; days, quiet hours
    clock: live                        # live | log (SEMANTICS)

    metrics:
      member:
        messages_7d:     {count: message.posted, window: 7d}
        spend_90d:       {sum: order.paid.amount, window: 90d}
        orders_30d:      {count: order.paid, window: 30d, where: amount > 0}
        orders_before:   {count: order.paid, window: {between: [60d, 30d]}}
        orders_june:     {count: order.paid, window: {from: 2026-06-01, to: 2026-07-01}}
        today_checkins:  {count: checkin.done, window: today}
        last_active:     {last: [message.posted, checkin.done, order.paid]}      # a time
        last_channel:    {last: community.joined.channel}                        # a value
        checkin_streak:  {streak: checkin.done}
        categories_180d: {distinct: order.paid.category, window: 180d}
        paid_orders:     {count: order.paid}                                     # lifetime
        survey_mean:     {mean: survey.answered.score, window: 180d}
      community:
        speakers_7d:     {distinct: message.posted.member, window: 7d}
        last_message:    {last: message.posted}

    tags:
      member:
        city:       {label: 城市, fact: member.identified.city, category: 画像}
        active:     {label: 活跃, rule: messages_7d >= 3 or checkin_streak >= 3}
        lost:       {label: 流失, rule: elapsed(last_active) > 60d}
        silent:     {label: 沉默, rule: elapsed(last_active) > 14d and not lost}
        stage:                                        # enum: the first case that holds
          label: 生命周期
          cases:
            - {when: paid_orders == 0, value: 新人}
            - {when: lost, value: 流失}
            - {when: silent, value: 沉默}
            - {else: 活跃}
        spend_band: {label: 消费档, value: "round(spend_90d, 0)"}                # a decimal tag
        alive:      {label: 存活概率, model: bg_nbd.alive, over: order.paid, places: 2}
      community:
        cooling:    {label: 降温, rule: elapsed(last_message) > 2d or speakers_7d < 5}

    scores:                                           # decimal tags 0–100, clamped
      loyalty:      {label: 忠诚度, value: 20 * paid_orders + 10 * checkin_streak, cut: 60}
      satisfaction: {label: 满意度, value: "coalesce(survey_mean * 10, 50)", cut: 60}
    quadrants:                                        # the enum tag `quadrant`
      x: satisfaction
      y: loyalty
      labels:                                         # ordered; the first that holds; else 未分类
        - {label: 忠实型, when: loyalty >= loyalty.cut and satisfaction >= satisfaction.cut, strategy: 高客单新品 一对一服务}
        - {label: 羊毛型, when: loyalty >= loyalty.cut, strategy: 组合优惠 提升客单}
        - {label: 需求型, when: satisfaction >= satisfaction.cut, strategy: 复购提醒}
        - {label: 低需求, when: paid_orders <= 1}

    segments:
      silent_vip: {label: 沉默高价值, rule: silent and spend_90d >= 500}
      super:      {label: 超级用户, top: 30%, by: spend_90d, refresh: 1h}

    funnels:
      path:
        label: 成交路径
        window: 14d
        order: ordered                                # ordered | strict | any
        steps:
          - {name: exposed,  label: 曝光, total: channel.exposed}                # node 0, no members
          - {name: followed, label: 关注, event: account.followed}
          - {name: contact,  label: 加微, event: contact.added}
          - {name: joined,   label: 入群, event: community.joined}
          - {name: paid,     label: 付费, event: order.paid, where: amount > 0}
        exclude: [{event: contact.deleted, from: contact, to: paid}]
        breakdown: {by: channel, attribution: first}  # step 1 | step k | first | last; by a field, community, operator or tag

    courtesy:
      quiet_hours: {from: 23:00, to: 08:00}           # member's zone, else the tenant's
      caps:
        - {touches: 3, per: 7d}                       # per member over everything
        - {kind: promotion, touches: 1, per: 1d}
    templates:
      recall: {kind: promotion, voice: 小蜜, text: "{{nickname}},好久不见,给你留了一张{{coupon}}"}
      draw:   {kind: promotion, text: "{{nickname}},今晚八点抽奖"}
    calendars:
      tuesday_draw: {label: 周二抽奖, every: {week: [tuesday], at: 20:00}, to: {community_kind: member}, template: draw, misfire: once}
    journeys:
      silent_recall:
        start: {segment: silent_vip, on_entered: true}
        again_after: 30d
        steps:
          - {send: recall, channel: shop_hook, expires: 2d}
          - {wait: {for: order.paid, at_most: 7d}}
          - {end: true}
    channels:
      shop_hook: {webhook: https://example.com/hook, secret: shop_hook_secret}   # secrets by name only
    """#
}
