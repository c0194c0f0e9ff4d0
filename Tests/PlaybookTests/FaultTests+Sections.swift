extension FaultTests {
  static let sections: [Golden] = [
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        segments:
          a: {top: 30, by: 1}
          b: {rule: unknown_tag}
        """#,
      faults: #"""
        error: malformed share at playbook.yaml:4:12: expected over 0% to 100%, at most 4 places, got `30`
        hint: write a share such as `30%`
        error: unknown name at playbook.yaml:5:13: expected a metric, tag or score of a member, got `unknown_tag`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        funnels:
          f:
            window: 181d
            steps: [{name: a, event: channel.exposed}]
          g:
            window: 1d
            order: any
            steps: [{name: a, event: order.paid}, {name: b, event: order.placed}]
            exclude: [{event: contact.deleted, from: a, to: c}]
          h:
            window: 1d
            steps: [{name: a, event: order.paid}, {name: b, event: order.placed}]
            exclude: [{event: contact.deleted, from: a, to: bb}]
            breakdown: {by: chanel, attribution: lst}
        """#,
      faults: #"""
        error: window out of bounds at playbook.yaml:5:13: expected 1m to 180d, got `181d`
        error: wrong form of event at playbook.yaml:6:30: expected an event of a member, got `channel.exposed`
        hint: a member-less total stands first, as `total:`
        error: exclusion in a funnel without order at playbook.yaml:11:14: expected `order: ordered` or \#
        `strict`, got `order: any`
        error: unknown step at playbook.yaml:15:53: expected a step with an event, got `bb`
        error: unknown name at playbook.yaml:16:21: expected a tag of a member, or a field of a step's events, \#
        got `chanel`
        hint: did you mean `channel`?
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        templates:
          t: {kind: promotion, text: "hello {{name"}
          u: {kind: promotion, text: "hello {{ | you}}"}
        calendars:
          c: {every: {week: [tuesdy], at: 20:00}, to: everyone, template: tt, misfire: onec}
        """#,
      faults: #"""
        error: malformed template at playbook.yaml:4:37: expected `}}` after `{{`, got the end
        error: malformed template at playbook.yaml:5:37: expected a name, or a name | a fallback, between `{{` and \#
        `}}`, got ` | you`
        error: unknown weekday at playbook.yaml:7:22: expected monday, tuesday, wednesday, thursday, friday, \#
        saturday, sunday, got `tuesdy`
        hint: did you mean `tuesday`?
        error: wrong form of to at playbook.yaml:7:47: expected all, {community_kind: ..} or {community_tag: \#
        ..}, got `everyone`
        error: unknown template at playbook.yaml:7:67: expected a name under `templates`, got `tt`
        error: unknown misfire at playbook.yaml:7:80: expected skip, once, all, got `onec`
        hint: did you mean `once`?
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        channels:
          hook: {webhook: "https://user:pw@example.com/", secret: "S3cr3t!"}
        """#,
      faults: #"""
        error: malformed address at playbook.yaml:4:19: expected https://host/path without user or password, got \#
        another form
        hint: secrets stand in `secret:`, by name only
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        journeys:
          j:
            start: {segment: nope}
            steps: [{send: t, channel: c}, {wait: {for: order.payd, at_most: 7d}}, {stop: true}]
        """#,
      faults: #"""
        error: unknown segment at playbook.yaml:5:22: expected a name under `segments`, got `nope`
        error: missing key in step at playbook.yaml:6:13: expected `expires`, got no such key
        error: unknown template at playbook.yaml:6:20: expected a name under `templates`, got `t`
        error: unknown channel at playbook.yaml:6:32: expected a name under `channels`, got `c`
        error: unknown event type at playbook.yaml:6:49: expected a type of the catalogue or of `events`, got \#
        `order.payd`
        hint: did you mean `order.paid`?
        error: unknown key in step at playbook.yaml:6:77: expected send, wait, delay, end, channel, expires, got \#
        `stop`
        """#
    ),
  ]
}
