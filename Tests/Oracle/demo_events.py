#!/usr/bin/env python3
"""The demonstration's data as events for `hearth fold` and the oracles: one CloudEvent a line, sorted by time, then id.

`python3 Tests/Oracle/demo_events.py > events.ndjson`. Made straight from the CSV files, without `hearth import` or its
mapping, so that the two can be compared.
"""

import csv
import gzip
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "services" / "demo" / "data" / "complete-journey"


def rows(name: str):
    with gzip.open(DATA / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def event(id_: str, kind: str, time: str, household: str, actor: str, data: dict, community: str | None = None) -> dict:
    made = {
        "specversion": "1.0",
        "id": id_,
        "source": "complete-journey",
        "type": kind,
        "time": time,
        "subject": f"member/{household}",
        "tenant": "complete-journey",
        "actor": actor,
        "data": data,
    }
    if community is not None:
        made["community"] = community
    return made


def number(text: str) -> float | int:
    value = float(text)
    return int(value) if value == int(value) else value


def all_events():
    for row in rows("orders"):
        data = {
            "order_id": row["basket_id"],
            "amount": number(row["amount"]),
            "lines": int(row["lines"]),
            "discount": number(row["retail_discount"]),
            "coupon_discount": number(row["coupon_discount"]),
            "category": row["top_department"],
        }
        yield event(
            f"order-{row['basket_id']}",
            "order.paid",
            row["time"] + ".000Z",
            row["household_id"],
            "member",
            {key: value for key, value in data.items() if value != ""},
            row["store_id"],
        )
    first = min(row["start_date"] for row in rows("campaign_contacts"))
    for row in rows("campaign_contacts"):
        data = {
            "kind": "campaign",
            "campaign": row["campaign_id"],
            "campaign_type": row["campaign_type"],
            "start_date": row["start_date"],
            "end_date": row["end_date"],
        }
        yield event(
            f"contact-{row['campaign_id']}-{row['household_id']}",
            "touch.delivered",
            row["start_date"] + "T12:00:00.000Z",
            row["household_id"],
            "system",
            data,
        )
    for place, row in enumerate(rows("coupon_redemptions"), 1):
        data = {"coupon_id": row["coupon_upc"], "campaign": row["campaign_id"]}
        yield event(
            f"redemption-{place}",
            "coupon.redeemed",
            row["redemption_date"] + "T12:00:00.000Z",
            row["household_id"],
            "member",
            data,
        )
    for row in rows("demographics"):
        named = {"age": "age_band", "income": "income_band"}
        traits = {named.get(key, key): value for key, value in row.items() if key != "household_id" and value != ""}
        yield event(
            f"demographics-{row['household_id']}",
            "member.identified",
            first + "T12:00:00.000Z",
            row["household_id"],
            "system",
            traits,
        )


def main() -> int:
    for made in sorted(all_events(), key=lambda item: (item["time"], item["id"])):
        print(json.dumps(made, ensure_ascii=False, separators=(",", ":")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
