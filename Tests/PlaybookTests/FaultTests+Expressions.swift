extension FaultTests {
  static let expressions: [Golden] = [
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            a: {count: order.paid, where: amout > 0}
        """#,
      faults: #"""
        error: unknown name at playbook.yaml:5:35: expected a field of `order.paid`, got `amout`
        hint: did you mean `amount`?
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            A: {count: order.paid}
            and: {count: order.paid}
        """#,
      faults: #"""
        error: malformed name at playbook.yaml:5:5: expected a small letter, then small letters, digits and _, \#
        at most 128, got `A`
        error: reserved name at playbook.yaml:6:5: expected a name that is no word of expressions, got `and`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            messages_7d: {count: message.posted, window: 7d}
        tags:
          member:
            active: {rule: mesages_7d >= 3}
        """#,
      faults: #"""
        error: unknown name at playbook.yaml:8:20: expected a metric, tag or score of a member, got `mesages_7d`
        hint: did you mean `messages_7d`?
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        tags:
          member:
            b: {rule: a and true}
            a: {rule: "not b"}
        """#,
      faults: #"""
        error: tags in a circle at playbook.yaml:6:5: expected no tag that reads itself, got a → b → a
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        tags:
          member:
            a: {rule: 1 + 2}
        """#,
      faults: #"""
        error: kinds do not match at playbook.yaml:5:15: expected a boolean for `rule`, got a decimal, `1 + 2`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        tags:
          member:
            a: {rule: 1 <}
        """#,
      faults: #"""
        error: malformed expression at playbook.yaml:5:18: expected a value: a name, a number, a text, a \#
        duration, `(` or `not`, got the end
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        tags:
          member:
            a: {rule: 1 < 2 < 3}
        """#,
      faults: #"""
        error: chained comparison at playbook.yaml:5:21: expected one comparison, joined to the next by `and`, \#
        got `<`
        hint: write `a < b and b < c`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        tags:
          member:
            a: {rule: "(1 < 2"}
        """#,
      faults: #"""
        error: malformed expression at playbook.yaml:5:22: expected `)`, got the end
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        tags:
          member:
            a: {rule: 1.2345678 > 1}
        """#,
      faults: #"""
        error: number out of range at playbook.yaml:5:15: expected at most 6 places, got `1.2345678`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        tags:
          member:
            a: {rule: 1000000000000 > 1}
        """#,
      faults: #"""
        error: number out of range at playbook.yaml:5:15: expected less than 10^12, got `1000000000000`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        tags:
          member:
            a: {rule: 5x > 1}
        """#,
      faults: #"""
        error: malformed number at playbook.yaml:5:15: expected a number such as 12.5, or a duration in whole s, \#
        m, h or d such as 90s 30m 12h 7d, got `5x`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        tags:
          member:
            a: {rule: "1 in []"}
            b: {rule: "1 in [\"x\"]"}
        """#,
      faults: #"""
        error: malformed expression at playbook.yaml:5:22: expected a value: a name, a number, a text, a \#
        duration, `(` or `not`, got `]`
        error: kinds do not match at playbook.yaml:6:22: expected a decimal in the list, got a text, `"x"`
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        metrics:
          member:
            last_order: {last: order.paid}
        tags:
          member:
            a: {rule: last_order > 3}
            b: {rule: elapsed(last_order) + 1d > 3d}
            c: {value: elapsed(last_order)}
            d: {rule: elapsed(last_order) > elapsed(last_order)}
            e: {rule: floor(elapsed(last_order) / 0s) > 3}
            f: {rule: elapsed(last_order) > 3}
            g: {value: floor(3.5)}
        """#,
      faults: #"""
        error: kinds do not match at playbook.yaml:8:15: expected a time only in `elapsed` and `exists`, got a \#
        time, `last_order`
        hint: write `elapsed(last_order) > 14d`
        error: elapsed time whose next change cannot be computed at playbook.yaml:9:15: expected `elapsed(x)` \#
        compared with a duration free of the clock, or `floor(elapsed(x) / 1d)`, got `elapsed(last_order)` \#
        elsewhere
        error: elapsed time whose next change cannot be computed at playbook.yaml:10:16: expected `elapsed(x)` \#
        compared with a duration free of the clock, or `floor(elapsed(x) / 1d)`, got `elapsed(last_order)` \#
        elsewhere
        error: elapsed time whose next change cannot be computed at playbook.yaml:11:37: expected `elapsed(x)` \#
        compared with a duration free of the clock, or `floor(elapsed(x) / 1d)`, got `elapsed(last_order)` \#
        elsewhere
        error: wrong unit of elapsed time at playbook.yaml:12:43: expected a written duration of at least 1s, \#
        got `0s`
        error: kinds do not match at playbook.yaml:13:37: expected a duration for a comparison with `elapsed`, \#
        got a decimal, `3`
        error: malformed expression at playbook.yaml:14:16: expected `floor(elapsed(x) / 1d)`, got `floor(3.5)`
        hint: use `round(x, 0)` for numbers
        """#
    ),
    Golden(
      text: #"""
        playbook: p
        zone: UTC
        courtesy:
          quiet_hours: {from: 25:00, to: 8:00}
          caps: [{touches: 0, per: 1d}, {touches: 3}]
        """#,
      faults: #"""
        error: malformed time at playbook.yaml:4:23: expected HH:MM from 00:00 to 23:59, got `25:00`
        error: malformed time at playbook.yaml:4:34: expected HH:MM from 00:00 to 23:59, got `8:00`
        error: touches out of bounds at playbook.yaml:5:20: expected a whole number from 1 to 1000, got `0`
        error: missing key in cap at playbook.yaml:5:33: expected `per`, got no such key
        """#
    ),
  ]
}
