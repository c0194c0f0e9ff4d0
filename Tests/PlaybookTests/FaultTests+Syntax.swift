extension FaultTests {
  static let syntax: [Golden] = [
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            a: {count: order.paid}
            a: {count: order.paid}
        """#,
      faults: #"""
        error: doubled name at playbook.yaml:6:5: expected each name once, got `a` again
        hint: the first one is on line 5
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            a: {count: order.paid}
        tags:
          member:
            a: {rule: a > 1}
        """#,
      faults: #"""
        error: doubled name at playbook.yaml:8:5: expected each name once, got `a` again
        hint: the first one is on line 5
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: Asia/Shanghia
        clock: lvie
        metrcs: {}
        """#,
      faults: #"""
        error: unknown zone at playbook.yaml:2:7: expected an IANA name such as Asia/Shanghai, got \#
        `Asia/Shanghia`
        error: unknown clock at playbook.yaml:3:8: expected live, log, got `lvie`
        hint: did you mean `live`?
        error: unknown key in playbook at playbook.yaml:4:1: expected playbook, label, zone, clock, metrics, \#
        tags, scores, quadrants, segments, funnels, courtesy, templates, calendars, journeys, channels, events, \#
        got `metrcs`
        hint: did you mean `metrics`?
        """#
    ),
    Golden(
      text: #"""
        zone: UTC
        """#,
      faults: #"""
        error: missing key in playbook at playbook.yaml:1:1: expected `playbook: id`, got no such key
        """#
    ),
    Golden(
      text: #"""
        playbook: p
          zone: UTC
        """#,
      faults: #"""
        error: YAML syntax at playbook.yaml:2:7: expected well-formed YAML, got mapping values are not allowed \#
        in this context
        hint: put a text that holds `: ` in quotes
        """#
    ),
    Golden(
      text: #"""
        playbook: "p
        zone: UTC
        """#,
      faults: #"""
        error: YAML syntax at playbook.yaml:3:1: expected well-formed YAML, got found unexpected end of stream
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone:\#tUTC
        \#tlabel: x
        """#,
      faults: #"""
        error: YAML syntax at playbook.yaml:3:1: expected well-formed YAML, got found a tab character that \#
        violates indentation
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        ---
        zone: UTC
        """#,
      faults: #"""
        error: YAML syntax at playbook.yaml:2:1: expected one document in a file, got another document
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        label: {zh: a, zh: b}
        label: c
        """#,
      faults: #"""
        error: doubled name at playbook.yaml:3:16: expected each name once, got `zh` again
        hint: the first one is on line 3
        error: doubled name at playbook.yaml:4:1: expected each name once, got `label` again
        hint: the first one is on line 3
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        tags: *x
        """#,
      faults: #"""
        error: unknown alias at playbook.yaml:3:7: expected an anchor `&x` earlier in this file, got `*x`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        tags:
          member:
            a:
              label: "多语言"
              rule: >
                1 < 2 and
                mesages > 3
            b:
              rule: 'lower("x") == "it''s" and
                foo'
            c: {rule: "1 < 2 and \"\u4e2d\" == bar"}
            d:
              rule: |
                1 < 2 and
                  baz
        """#,
      faults: #"""
        error: unknown name at playbook.yaml:9:9: expected a metric, tag or score of a member, got `mesages`
        error: unknown name at playbook.yaml:12:9: expected a metric, tag or score of a member, got `foo`
        error: unknown name at playbook.yaml:13:40: expected a metric, tag or score of a member, got `bar`
        error: unknown name at playbook.yaml:17:11: expected a metric, tag or score of a member, got `baz`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        events:
          shelf.scanned: {code: string, weight: decimals}
          order.paid: {amount: decimal}
        metrics:
          member:
            w: {sum: shelf.scanned.wieght}
        """#,
      faults: #"""
        error: unknown field kind at playbook.yaml:4:41: expected boolean, decimal, string, list, unknown, got \#
        `decimals`
        hint: did you mean `decimal`?
        error: doubled name at playbook.yaml:5:16: expected a field that `order.paid` does not have, got `amount`
        error: unknown field at playbook.yaml:8:14: expected a field of `shelf.scanned`, got `wieght`
        """#
    ),
  ]
}
