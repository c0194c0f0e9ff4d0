#!/usr/bin/env python3
"""The demonstration's report computed a second way: SQL over the CSV files, reading none of Hearth's code.

`python3 Tests/Oracle/report_sql.py [--until 2018-01-01T05:00:00Z] [--data FOLDER]` prints JSON. The rules are those of
`services/demo/playbook/`, written again by hand: windows are `T - w < time <= T`, a date without a time stands at
12:00 UTC, demographics stand at the date of the first contact, a division rounds half-even to six places.
"""

import argparse
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "schemas"))
import environment  # noqa: E402

environment.ensure()

import duckdb  # noqa: E402

SOURCES = """
create macro micro(x) as cast(cast(x as decimal(18, 6)) * 1000000 as hugeint);
-- a / b of millionths, rounded half-even to millionths; both are >= 0 here
create macro quotient(a, b) as case when b = 0 then null else
  ((a * 1000000) // b) + case
    when 2 * ((a * 1000000) % b) > b then 1
    when 2 * ((a * 1000000) % b) = b and ((a * 1000000) // b) % 2 = 1 then 1
    else 0 end end;

create table orders as
  select household_id as member, store_id as community, cast(time as timestamp) as moment, micro(amount) as amount,
    micro(retail_discount) as discount, micro(coupon_discount) as coupon_discount, top_department as category, basket_id
  from read_csv('{data}/orders.csv.gz', all_varchar = true) where cast(time as timestamp) <= timestamp '{until}';
create table contacts as
  select household_id as member, campaign_id as campaign, cast(start_date as timestamp) + interval 12 hour as moment
  from read_csv('{data}/campaign_contacts.csv.gz', all_varchar = true)
  where cast(start_date as timestamp) + interval 12 hour <= timestamp '{until}';
create table redemptions as
  select household_id as member, campaign_id as campaign,
    cast(redemption_date as timestamp) + interval 12 hour as moment
  from read_csv('{data}/coupon_redemptions.csv.gz', all_varchar = true)
  where cast(redemption_date as timestamp) + interval 12 hour <= timestamp '{until}';
create table demographics as
  select household_id as member, age, income, household_size, kids_count
  from read_csv('{data}/demographics.csv.gz', all_varchar = true);
create table clock as select timestamp '{until}' as now;
"""

MEMBERS = """
create table members as
  select member from orders union select member from contacts union select member from redemptions
  union select member from demographics;
create table facts as
  select member, count(*) as orders, sum(amount) as spend, max(moment) as last_order,
    count(*) filter (moment > now - interval 30 day) as orders_30d,
    count(*) filter (moment > now - interval 90 day) as orders_90d,
    coalesce(sum(amount) filter (moment > now - interval 90 day), 0) as spend_90d,
    coalesce(sum(discount) filter (moment > now - interval 90 day), 0) as discount_90d,
    coalesce(sum(coupon_discount) filter (moment > now - interval 90 day), 0) as coupon_discount_90d,
    count(distinct category) filter (moment > now - interval 90 day) as categories_90d
  from orders, clock group by member;
create table redeemed as select member, count(*) as redemptions from redemptions group by member;
create table joined as
  select m.member, d.age, d.income, d.household_size, d.kids_count,
    coalesce(f.orders, 0) as orders, coalesce(f.spend, 0) as spend, f.last_order,
    coalesce(orders_30d, 0) as orders_30d, coalesce(orders_90d, 0) as orders_90d, coalesce(spend_90d, 0) as spend_90d,
    coalesce(discount_90d, 0) as discount_90d, coalesce(coupon_discount_90d, 0) as coupon_discount_90d,
    coalesce(categories_90d, 0) as categories_90d, coalesce(r.redemptions, 0) as redemptions
  from members m left join facts f using (member) left join redeemed r using (member)
    left join demographics d using (member);
create table states as
  select *, orders_30d >= 2 as active,
    coalesce(now - last_order > interval 90 day, false) as lost,
    coalesce(now - last_order > interval 30 day, false) and not coalesce(now - last_order > interval 90 day, false)
      as silent,
    least(100, greatest(0, 4 * orders_90d + 5 * categories_90d)) as loyalty,
    -- at most 100 by itself, as no discount is negative; null without a purchase
    quotient(100 * spend_90d, spend_90d + discount_90d + coupon_discount_90d) as satisfaction
  from joined, clock;
create table tags as
  select *,
    case when orders = 0 then 'prospect' when lost then 'lost' when silent then 'silent' when active then 'active'
      else 'occasional' end as stage,
    case when spend_90d >= 700000000 then 'high' when spend_90d >= 200000000 then 'middle' when spend_90d > 0 then 'low'
      else 'none' end as spend_band,
    redemptions > 0 as redeemer,
    case when loyalty >= 60 and satisfaction >= 86000000 then 'loyal'
      when loyalty >= 60 and satisfaction < 86000000 then 'bargain'
      when satisfaction >= 86000000 then 'demand'
      when satisfaction < 86000000 then 'low_demand' else '未分类' end as quadrant,
    silent and spend >= 1000000000 as silent_vip
  from states;
-- 30 % of the members, rounded up, by value, ties by the smaller id (bytes)
create table super as
  select member from (select member, row_number() over (order by spend_90d desc, encode(member)) as place from tags)
  where (place - 1) * 10 < (select count(*) from tags) * 3;
"""

COMMUNITIES = """
create table shops as
  select community, count(*) filter (moment > now - interval 28 day) as orders_28d,
    count(*) filter (moment > now - interval 56 day and moment <= now - interval 28 day) as orders_28d_before
  from orders, clock group by community;
create table shop_tags as
  select *, orders_28d_before >= 20 and 10 * orders_28d < 8 * orders_28d_before as cooling from shops;
"""

# A household gets at most one contact a day, so an entry (member, local day) is a contact; 12:00 UTC is the same date
# in New York. It converts when any redemption of the household, of whichever campaign, stands within 60 days from it,
# both ends included (a redemption of the same day too: at the same instant the earlier step comes first).
FUNNEL = """
create table entries as
  select c.member, cast(c.moment as date) as day, c.campaign, c.moment,
    (select min(r.moment) from redemptions r 
      where r.member = c.member and r.moment >= c.moment and r.moment <= c.moment + interval 60 day)
      as redeemed_at,
    clock.now <= c.moment + interval 60 day as within
  from contacts c, clock;
"""

# Recency, frequency, money: fifths by rank among the households that bought; equal values share a fifth, 5 is best.
RFM = """
create table fifths as
  select spend, 5 - ((rank() over (order by last_order desc) - 1) * 5) // (count(*) over ()) as r,
    1 + ((rank() over (order by orders) - 1) * 5) // (count(*) over ()) as f,
    1 + ((rank() over (order by spend) - 1) * 5) // (count(*) over ()) as m
  from facts;
"""

# By weekday (Monday first) and hour of the shops' zone.
HEAT = """
create table hours as
  select isodow(local) - 1 as day, hour(local) as hour, count(*) as orders
  from (select (moment at time zone 'UTC') at time zone 'America/New_York' as local from orders) group by 1, 2;
"""


def counts(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> dict[str, int]:
    rows = connection.execute(f"select {column}, count(*) from {table} group by 1 order by 1 nulls last").fetchall()
    return {
        ("null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)): number
        for value, number in rows
    }


def scalar(connection: duckdb.DuckDBPyConnection, query: str) -> object:
    return connection.execute(query).fetchone()[0]


def decimal(millionths: int) -> str:
    whole, part = divmod(millionths, 1_000_000)
    return f"{whole}.{part:06d}".rstrip("0").rstrip(".")


def funnel(connection: duckdb.DuckDBPyConnection) -> dict[str, object]:
    entries = connection.execute("select count(*), count(redeemed_at) from entries").fetchone()
    members = connection.execute(
        "select count(distinct member), count(distinct member) filter (redeemed_at is not null) from entries"
    ).fetchone()
    status = connection.execute(
        "select count(*) filter (redeemed_at is not null), count(*) filter (redeemed_at is null and within), "
        "count(*) filter (redeemed_at is null and not within) from entries"
    ).fetchone()
    by = connection.execute(
        "select campaign, count(*), count(redeemed_at) from entries group by 1 order by cast(campaign as integer)"
    ).fetchall()
    return {
        "entries": list(entries),
        "members": list(members),
        "status": dict(zip(("converted", "open", "dropped"), status)),
        "by_campaign": {campaign: [reached, converted] for campaign, reached, converted in by},
    }


def rfm(connection: duckdb.DuckDBPyConnection) -> dict[str, list[object]]:
    rows = connection.execute("select r, f, m, count(*), sum(spend) from fifths group by 1, 2, 3 order by 1, 2, 3").fetchall()
    return {f"{r}{f}{m}": [members, decimal(spend)] for r, f, m, members, spend in rows}


def heat(connection: duckdb.DuckDBPyConnection) -> list[list[int]]:
    table = [[0] * 24 for _ in range(7)]
    for day, hour, orders in connection.execute("select day, hour, orders from hours").fetchall():
        table[day][hour] = orders
    return table


def parts(connection: duckdb.DuckDBPyConnection) -> dict[str, list[int]]:
    """Households by campaign, each once: with the best entry, then the latest."""
    rows = connection.execute(
        """select campaign, count(*), count(redeemed_at) from (
          select member, campaign, redeemed_at,
            row_number() over (partition by member order by redeemed_at is null, day desc) as place from entries)
        where place = 1 group by 1 order by 1"""
    ).fetchall()
    return {campaign: [members, redeemed] for campaign, members, redeemed in rows}


def report(data: str, until: str) -> dict[str, object]:
    connection = duckdb.connect()
    stamp = until.replace("T", " ").replace("Z", "")
    connection.execute(SOURCES.replace("{data}", data).replace("{until}", stamp))
    connection.execute(MEMBERS + COMMUNITIES + FUNNEL + RFM + HEAT)
    tags = (
        "age",
        "income",
        "household_size",
        "kids_count",
        "active",
        "lost",
        "silent",
        "stage",
        "spend_band",
        "redeemer",
        "quadrant",
    )
    duplicates = scalar(connection, "select count(*) - count(distinct basket_id) from orders")
    return {
        "until": until,
        "events": {
            name: scalar(connection, f"select count(*) from {name}")
            for name in ("orders", "contacts", "redemptions", "demographics")
        },
        "orders": scalar(connection, "select count(*) from orders"),
        "orders_with_a_doubled_id": duplicates,
        "revenue": decimal(scalar(connection, "select sum(amount) from orders")),
        "members": scalar(connection, "select count(*) from members"),
        "members_with_orders": scalar(connection, "select count(distinct member) from orders"),
        "communities": scalar(connection, "select count(*) from shops"),
        "tags": {
            "member": {tag: counts(connection, "tags", tag) for tag in tags},
            "community": {"cooling": counts(connection, "shop_tags", "cooling")},
        },
        "scores": {
            "loyalty_at_or_over_cut": scalar(connection, "select count(*) from tags where loyalty >= 60"),
            "loyalty_sum": str(scalar(connection, "select sum(loyalty) from tags")),
            "satisfaction_at_or_over_cut": scalar(
                connection, "select count(*) from tags where satisfaction >= 86000000"
            ),
            "satisfaction_sum": decimal(scalar(connection, "select sum(satisfaction) from tags")),
            "satisfaction_null": scalar(connection, "select count(*) from tags where satisfaction is null"),
        },
        "segments": {
            "silent_vip": scalar(connection, "select count(*) from tags where silent_vip"),
            "super": scalar(connection, "select count(*) from super"),
        },
        "funnels": {"campaign_path": funnel(connection)},
        "rfm": rfm(connection),
        "heat": heat(connection),
        "parts": parts(connection),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--until", default="2018-01-01T05:00:00Z")
    parser.add_argument("--data", default=str(ROOT / "services" / "demo" / "data" / "complete-journey"))
    arguments = parser.parse_args()
    print(json.dumps(report(arguments.data, arguments.until), ensure_ascii=False, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
