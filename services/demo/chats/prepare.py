#!/usr/bin/env python3
"""Makes the rows that `services/demo/chats/mapping.yaml` imports from the chats as they were published.

`services/demo/chats/prepare.py` writes `talk.csv.gz`, `answers.csv.gz` and `ratings.csv.gz` beside the published files;
`--check` only says whether they are what the published files give. A mapping turns one row into one event, and some
things cannot be read from one message alone: who opened a conversation, that somebody else answered, and that it is a
person's first message in it or of a UTC day. Every message is counted: a row of `talk.csv.gz` is what one person wrote
in one conversation within one clock hour, with the number of messages.
"""

import argparse
import collections
import csv
import datetime
import gzip
import io
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "data" / "chitchat"
Rows = list[dict[str, object]]


def read(name: str) -> list[dict[str, str]]:
    with gzip.open(FOLDER / name, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def seconds(start: str, end: str) -> int:
    moments = [datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (start, end)]
    return int((moments[1] - moments[0]).total_seconds())


def topics() -> dict[str, str]:
    """What each conversation was to be about: its prompt, or nothing. At most 128 characters, as the schema says."""
    prompts = {row["prompt_id"]: row["prompt"][:128] for row in read("prompts.csv.gz")}
    return {row["conversation_id"]: prompts.get(row["prompt_id"], "") for row in read("conversations.csv.gz")}


def talk_and_answers(topic: dict[str, str]) -> tuple[Rows, Rows]:
    """Both in the order of the messages, which is that of time."""
    talk: dict[tuple[str, str, str], dict[str, object]] = {}
    opened: dict[str, dict[str, str]] = {}
    answers: dict[str, dict[str, object]] = {}
    days: set[tuple[str, str]] = set()
    joined: set[tuple[str, str]] = set()
    for message in read("messages.csv.gz"):
        conversation, person, time = message["conversation_id"], message["person_id"], message["time"]
        first = opened.setdefault(conversation, message)
        row = talk.setdefault(
            (conversation, person, time[:13]),
            {
                "time": time,
                "conversation_id": conversation,
                "person_id": person,
                "messages": 0,
                "characters": 0,
                "asks": 0,
                "opens": int(first is message),
                "joins": int((conversation, person) not in joined),
                "new_day": int((person, time[:10]) not in days),
                "topic": topic[conversation],
            },
        )
        days.add((person, time[:10]))
        joined.add((conversation, person))
        for name, amount in (("messages", 1), ("characters", message["characters"]), ("asks", message["asks"])):
            row[name] = int(str(row[name])) + int(amount)
        if person != first["person_id"] and conversation not in answers:
            answers[conversation] = {
                "time": time,
                "conversation_id": conversation,
                "opener": first["person_id"],
                "by": person,
                "seconds": seconds(first["time"], time),
                "topic": topic[conversation],
            }
    return list(talk.values()), list(answers.values())


def ratings() -> Rows:
    """The ratings have neither a time nor a rater: they stand at the start of their conversation."""
    names = ("witty", "upbeat", "interesting")
    return [
        {"time": row["start"], "conversation_id": row["conversation_id"], **{name: row[name] for name in names}}
        for row in read("conversations.csv.gz")
        if any(row[name] for name in names)
    ]


def packed(rows: Rows) -> bytes:
    """The same rows give the same bytes: no name and no time of the file in the gzip header."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    output = io.BytesIO()
    with gzip.GzipFile(fileobj=output, mode="wb", filename="", mtime=0) as file:
        file.write(text.getvalue().encode("utf-8"))
    return output.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 3 where a file differs")
    arguments = parser.parse_args()
    talk, answers = talk_and_answers(topics())
    differing = []
    for name, rows in (("talk", talk), ("answers", answers), ("ratings", ratings())):
        path = FOLDER / f"{name}.csv.gz"
        if not arguments.check:
            path.write_bytes(packed(rows))
        # What is packed is compared, not the packing: versions of zlib may pack in other ways.
        elif gzip.decompress(path.read_bytes()) != gzip.decompress(packed(rows)):
            differing.append(name)
        print(f"{name}: {len(rows)} rows")
    counted = collections.Counter()
    for row in talk:
        counted.update({name: int(str(row[name])) for name in ("messages", "opens", "new_day")})
    print(
        f"{counted['messages']} messages, {counted['opens']} conversations, {counted['new_day']} days of persons; "
        f"differing: {', '.join(differing) or 'none'}"
    )
    return 3 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
