"""Events of the fault runs, from a seed: every kind that the playbook counts, spread over members and communities, with
times that are shuffled within the lateness bound; and poison that must be refused item by item.
"""

import json
import random

MINUTE, HOUR = 60_000, 3_600_000
MEMBERS_PER_MINUTE = 120
CATEGORIES = ["tea", "茶", "cups", "honey", "salt"]
CHANNELS = ["store", "referral", "advertisement"]
TYPES = [
    ("message.posted", 34), ("checkin.done", 18), ("order.paid", 14), ("survey.answered", 12), ("account.followed", 8),
    ("contact.added", 7), ("community.joined", 7),
]
IN_COMMUNITY = {"message.posted", "community.joined"}


def text(ms: int) -> str:
    import datetime
    moment = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


class Generator:
    """New events, and poison. One seed gives one sequence of choices; times are relative to the moment of sending."""

    def __init__(self, seed: int, tenant: str, minutes: float):
        self.dice, self.tenant, self.made = random.Random(seed), tenant, 0
        # A subject stays well below the 1,024 events past which old ones are counted in buckets.
        self.members = max(150, int(MEMBERS_PER_MINUTE * minutes))
        self.communities = max(60, self.members // 2)

    def event(self, now: int) -> dict:
        self.made += 1
        dice = self.dice
        kind = dice.choices([name for name, _ in TYPES], [weight for _, weight in TYPES])[0]
        event = {
            "specversion": "1.0", "id": f"e{self.made}-{dice.getrandbits(40):010x}", "source": "torture/load",
            "type": kind, "time": text(now - self.age()), "subject": f"member/{dice.randrange(self.members)}",
            "tenant": self.tenant, "actor": "member", "datacontenttype": "application/json",
            "data": {"weight": round(dice.uniform(0, 1000), 4)},
        }
        if kind in IN_COMMUNITY:
            event["community"] = f"c{dice.randrange(self.communities)}"
        if kind in ("account.followed", "community.joined"):
            event["channel"] = dice.choice(CHANNELS)
        if kind == "order.paid":
            event["data"].update(amount=round(dice.uniform(1, 300), 2), category=dice.choice(CATEGORIES))
        elif kind == "survey.answered":
            event["data"]["score"] = dice.randrange(11)
        return event

    def age(self) -> int:
        """Milliseconds that an event comes late; never between 25 minutes and 30 hours (see the playbook)."""
        roll = self.dice.random()
        if roll < 0.6:
            return self.dice.randrange(2_000)
        if roll < 0.85:
            return self.dice.randrange(2_000, 55_000)
        if roll < 0.95:
            return self.dice.randrange(MINUTE, 25 * MINUTE)
        return self.dice.randrange(30 * HOUR, 60 * HOUR)

    def repeats(self) -> int:
        """Further copies of an event: 5 of it in all, for every third."""
        return 4 if self.dice.random() < 0.34 else 0

    def poison(self, now: int) -> tuple[bytes, str]:
        """An item that must be refused, and the class it must be refused with; every one has bytes of its own."""
        event = self.event(now)
        form = self.dice.randrange(7)
        if form == 0:
            event["data"]["weight"] = 1e15
            return encoded(event), "number"
        if form == 1:
            event["time"] = text(now - 80 * HOUR)
            return encoded(event), "late"
        if form == 2:
            event["time"] = text(now + HOUR)
            return encoded(event), "future"
        if form == 3:
            event["type"] = "nothing.known"
            return encoded(event), "type"
        if form == 4:
            event["data"]["padding"] = "x" * 70_000
            return encoded(event), "size"
        if form == 5:
            event["data"]["deep"] = json.loads("[" * 40 + "]" * 40)
            return encoded(event), "depth"
        del event["subject"]
        return encoded(event), "envelope"


def encoded(event: dict) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def raw_poison(dice: random.Random, number: int) -> bytes:
    """Bytes for the log itself, past ingest: what a broken producer could write."""
    mark = f"{number}-{dice.getrandbits(32):08x}".encode()
    return dice.choice([
        b'{"id":"' + mark, b"\xff\xfe\xc3" + mark, b"\x00" + mark + b"\x00", b"[" * 10_000 + mark,
        b"x" * 200_000 + mark, b'{"specversion":"1.0","id":"' + mark + b'"}', mark,
    ])
