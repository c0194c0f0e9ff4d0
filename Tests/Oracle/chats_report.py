#!/usr/bin/env python3
"""The chats' figures computed a second way, straight from the published files, and compared with a page's.

    Tests/Oracle/chats_report.py --report report.json      # of `hearth report --page … --json`
    Tests/Oracle/chats_report.py                           # only prints them

Reads none of Hearth's code, and neither the rows made by `services/demo/chats/prepare.py`: counts are SQL (DuckDB) over
`messages.csv.gz` and `conversations.csv.gz`, the path is every opening with every answer and return after it.
"""

import argparse
import datetime
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "schemas"))
import environment  # noqa: E402

environment.ensure()

import duckdb  # noqa: E402

DATA = ROOT / "services" / "demo" / "data" / "chitchat"
WINDOW = datetime.timedelta(days=14)
TOP = 10

TABLES = f"""
create table messages as
  select row_number() over () as place, cast(replace(time, 'Z', '') as timestamp) as moment,
    conversation_id as conversation, person_id as person
  from read_csv('{DATA}/messages.csv.gz', all_varchar = true);
create table openings as
  select conversation, arg_min(person, place) as opener, min(moment) as moment from messages group by 1;
create table answers as
  select conversation, opener as person, min(m.moment) as moment
  from messages m join openings o using (conversation) where m.person <> o.opener group by 1, 2;
create table days as select person, cast(moment as date) as day, min(moment) as moment from messages group by 1, 2;
"""


def path(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """Persons who opened, were answered, and were back another day within the window: each with the furthest."""

    def by_person(query: str) -> dict[str, list[datetime.datetime]]:
        found: dict[str, list[datetime.datetime]] = {}
        for person, moment in connection.execute(query).fetchall():
            found.setdefault(person, []).append(moment)
        return found

    opened = by_person("select opener, moment from openings")
    answered = by_person("select person, moment from answers")
    days = by_person("select person, moment from days")
    reached = [0, 0, 0]
    for person, openings in opened.items():
        best = 1
        for start in openings:
            for answer in answered.get(person, []):
                if start <= answer <= start + WINDOW:
                    returned = any(answer < day <= start + WINDOW for day in days[person])
                    best = max(best, 3 if returned else 2)
        for level in range(best):
            reached[level] += 1
    return reached


def figures() -> dict[str, object]:
    connection = duckdb.connect()
    connection.execute(TABLES)
    heat = [[0] * 24 for _ in range(7)]
    for day, hour, count in connection.execute(
        "select isodow(moment) - 1, hour(moment), count(*) from messages group by 1, 2"
    ).fetchall():
        heat[day][hour] = count
    top = connection.execute(
        """select person, count(*), (select count(*) from days d where d.person = m.person),
          count(distinct conversation), (select count(*) from openings o where o.opener = m.person),
          (select count(*) from answers a where a.person = m.person)
        from messages m group by person order by 2 desc, encode(person) limit ?""",
        [TOP],
    ).fetchall()
    ratings = {}
    for name in ("witty", "upbeat", "interesting"):
        total, count = connection.execute(
            f"select sum(cast({name} as bigint)), count({name}) from read_csv('{DATA}/conversations.csv.gz', all_varchar = true)"
        ).fetchone()
        # Half-even to six places, as SEMANTICS says of a mean.
        whole, rest = divmod(total * 10**6, count)
        whole += 2 * rest > count or (2 * rest == count and whole % 2 == 1)
        ratings[name] = f"{whole // 10**6}.{whole % 10**6:06d}".rstrip("0").rstrip(".")
    return {
        "members": connection.execute("select count(distinct person) from messages").fetchone()[0],
        "heat": heat,
        "ranking": {person: [str(value) for value in values] for person, *values in top},
        "ratings": ratings,
        "funnels": {"opened_path": {"members": path(connection)}},
    }


def differences(expected: object, got: object, at: str = "") -> tuple[int, list[str]]:
    if isinstance(expected, dict):
        total, faults = 0, []
        for key, value in expected.items():
            count, found = differences(value, got.get(key) if isinstance(got, dict) else None, f"{at}/{key}")
            total, faults = total + count, faults + found
        return total, faults
    return 1, [] if expected == got else [f"{at}: expected {expected}, got {got}"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--report")
    arguments = parser.parse_args()
    expected = figures()
    if not arguments.report:
        print(json.dumps(expected, indent=2))
        return 0
    page = json.loads(pathlib.Path(arguments.report).read_text(encoding="utf-8"))
    count, faults = differences(expected, page["tenants"]["chitchat"])
    for fault in faults:
        print(fault)
    print(f"{count} figures compared, {len(faults)} differ")
    return 3 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
