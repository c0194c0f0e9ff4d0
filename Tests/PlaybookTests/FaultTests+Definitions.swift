extension FaultTests {
  static let definitions: [Golden] = [
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            orders: {count: order.payd}
        """#,
      faults: #"""
        error: unknown event type at playbook.yaml:5:21: expected a type of the catalogue or of `events`, got \#
        `order.payd`
        hint: did you mean `order.paid`?
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            spend: {sum: order.payd.amount}
        """#,
      faults: #"""
        error: unknown event type at playbook.yaml:5:18: expected a type of the catalogue or of `events`, got \#
        `order.payd.amount`
        hint: did you mean `order.paid.amount`?
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            spend: {sum: order.paid.amout}
        """#,
      faults: #"""
        error: unknown field at playbook.yaml:5:18: expected a field of `order.paid`, got `amout`
        hint: did you mean `amount`?
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            spend: {sum: order.paid.currency}
        """#,
      faults: #"""
        error: kinds do not match at playbook.yaml:5:18: expected a decimal field for `sum`, got a text
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            spend: {sum: order.paid}
        """#,
      faults: #"""
        error: missing field at playbook.yaml:5:18: expected a field such as `order.paid.amount` for `sum`, got \#
        `order.paid`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            spend: {cuont: order.paid}
        """#,
      faults: #"""
        error: unknown key in metric `spend` at playbook.yaml:5:13: expected count, sum, min, max, mean, first, \#
        last, distinct, streak, where, window, actor, got `cuont`
        hint: did you mean `count`?
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            spend: {count: order.paid, sum: order.paid.amount}
        """#,
      faults: #"""
        error: wrong form of metric `spend` at playbook.yaml:5:12: expected one of count, sum, min, max, mean, \#
        first, last, distinct, streak, got count and sum
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            a: {count: order.paid, window: 401d}
        """#,
      faults: #"""
        error: window out of bounds at playbook.yaml:5:36: expected 1m to 400d, got `401d`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            a: {count: order.paid, window: 30s}
        """#,
      faults: #"""
        error: window out of bounds at playbook.yaml:5:36: expected 1m to 400d, got `30s`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            a: {count: order.paid, window: todya}
        """#,
      faults: #"""
        error: malformed window at playbook.yaml:5:36: expected a duration such as 7d, today, this_week, \#
        this_month, {between: ..} or {from: .., to: ..}, got `todya`
        hint: did you mean `today`?
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            a: {count: order.paid, window: {between: [30d, 60d]}}
        """#,
      faults: #"""
        error: window out of order at playbook.yaml:5:46: expected the longer duration first, got [30d, 60d]
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            a: {count: order.paid, window: {from: 2026-07-01, to: 2026-06-01}}
        """#,
      faults: #"""
        error: window out of order at playbook.yaml:5:36: expected `from` before `to`, got \#
        2026-07-01T00:00:00.000Z to 2026-06-01T00:00:00.000Z
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            a: {count: order.paid, where: amount > "x"}
        """#,
      faults: #"""
        error: kinds do not match at playbook.yaml:5:44: expected a decimal to compare with, got a text, `"x"`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            a: {count: order.paid, actor: membr}
        """#,
      faults: #"""
        error: unknown actor at playbook.yaml:5:35: expected member, operator, insider, system, got `membr`
        hint: did you mean `member`?
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          membr: {}
        """#,
      faults: #"""
        error: unknown key in metrics at playbook.yaml:4:3: expected member, community, got `membr`
        hint: did you mean `member`?
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        scores:
          s: {value: 1}
        """#,
      faults: #"""
        error: missing key in score `s` at playbook.yaml:4:6: expected `cut`, got no such key
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        scores:
          s: {value: 1, cut: 100.5}
        quadrants:
          x: s
          y: t
          labels: [{label: a, when: s >= s.cut}]
        """#,
      faults: #"""
        error: cut out of bounds at playbook.yaml:4:22: expected 0 to 100, got `100.5`
        error: unknown score at playbook.yaml:7:6: expected a name under `scores`, got `t`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        tags:
          member:
            a: {cases: [{else: x}, {when: true, value: y}]}
        """#,
      faults: #"""
        error: wrong form of case at playbook.yaml:5:17: expected `else` alone, in the last case, got `else`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        tags:
          member:
            a: {label: x}
        """#,
      faults: #"""
        error: wrong form of tag `a` at playbook.yaml:5:8: expected one of fact, rule, cases, value, model, got \#
        none
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        tags: [a, b]
        """#,
      faults: #"""
        error: wrong form of `tags` at playbook.yaml:3:7: expected a mapping, got a list
        """#
    ),
  ]
}
