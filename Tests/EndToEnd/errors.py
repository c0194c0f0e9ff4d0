#!/usr/bin/env python3
"""What a person is told when something is wrong: runs the programs and compares with Tests/EndToEnd/golden.

    python3 Tests/EndToEnd/errors.py .build/debug            # all; needs PostgreSQL's server
    python3 Tests/EndToEnd/errors.py .build/debug Commands   # only what needs no running instance
    HEARTH_GOLDEN=write python3 Tests/EndToEnd/errors.py …    # writes the golden files anew

Only Python's own library is needed. Dead letters are counted with `kcat` where it is installed, metrics are also read
with `prometheus_client` where it is installed, and the full disk is a small tmpfs where the user is root.
"""

import base64
import difflib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"
PROGRAMS = ["hearth", "ingest", "tagger", "segmenter", "scheduler", "notifier"]
SERVICES = PROGRAMS[1:]
DEAD_LETTERS = "hearth.deadletter.v1"
EVENTS = "hearth.events.v1"
binaries = pathlib.Path(".build/debug")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(**settings):
    """This process's environment without any Hearth setting but `settings`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEARTH_")}
    return kept | {"HEARTH_SCHEMAS": str(ROOT / "schemas")} | settings


def run(program, *arguments, folder=None, timeout=60, **settings):
    done = subprocess.run(
        [str(binaries / program), *map(str, arguments)], cwd=folder, env=environment(**settings), timeout=timeout,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


class GoldenTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hearth-errors-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def golden(self, name, text, replacing=()):
        for found, stand_in in [*replacing, (str(self.folder), "FOLDER")]:
            text = text.replace(str(found), stand_in)
        path = GOLDEN / f"{name}.txt"
        if os.environ.get("HEARTH_GOLDEN") == "write":
            path.write_text(text, encoding="utf-8")
        wanted = path.read_text(encoding="utf-8") if path.exists() else ""
        if text != wanted:
            lines = difflib.unified_diff(wanted.splitlines(), text.splitlines(), f"golden/{path.name}", "told", lineterm="")
            self.fail("\n" + "\n".join(lines))

    def told(self, name, code, program, *arguments, replacing=(), **settings):
        """The program ends with `code` and tells on standard error what the golden file says."""
        found, _, errors = run(program, *arguments, folder=self.folder, **settings)
        self.golden(name, f"exit {found}\n{errors}", replacing)
        self.assertEqual(found, code)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


PLAYBOOK = """\
playbook: shop
zone: UTC
clock: log
metrics:
  member:
    orders: {count: order.paid}
    last_order: {last: order.paid}
tags:
  member:
"""
# Nothing listens on port 1 of the loopback address.
AWAY = {"HEARTH_KAFKA_BOOTSTRAP": "127.0.0.1:1", "HEARTH_STORE_URL": "host=127.0.0.1 port=1 user=hearth password=hunter2"}


class Commands(GoldenTest):
    """Commands and services that end before anything runs."""

    def test_playbook_with_a_type_error(self):
        rule = "    busy: {label: {zh: 忙, en: Busy}, rule: last_order >= 3}\n"
        self.write("playbook/shop.yaml", PLAYBOOK + rule)
        self.told("playbook-type", 3, "hearth", "playbook", "validate", "playbook")

    def test_playbook_with_a_cycle(self):
        rules = "".join(
            f"    {name}: {{label: {{zh: 甲, en: One}}, rule: not {other}}}\n"
            for name, other in [("first", "second"), ("second", "third"), ("third", "first")])
        self.write("playbook/shop.yaml", PLAYBOOK + rules)
        self.told("playbook-cycle", 3, "hearth", "playbook", "validate", "playbook")

    def test_playbook_that_is_not_there(self):
        self.told("playbook-none", 3, "hearth", "playbook", "validate", "nowhere")

    def test_configuration_with_three_faults(self):
        text = "store: {connections: many, url: host=x}\nhttp: {port: 99999}\nkafka: {bootstrap: b:1}\nnoise: {level: 3}\n"
        self.write("three.yaml", text)
        self.told("configuration-three", 3, "tagger", "--config", "three.yaml")

    def test_configuration_that_is_not_yaml(self):
        self.write("broken.yaml", "http:\n  port: [1\n")
        self.told("configuration-yaml", 3, "segmenter", "--config", "broken.yaml")

    def test_configuration_that_is_not_there(self):
        self.told("configuration-none", 3, "segmenter", "--config", "nowhere.yaml")

    def test_broker_settings(self):
        self.told(
            "broker-settings", 3, "tagger", HEARTH_KAFKA_PROPERTIES_ACKS="0", HEARTH_KAFKA_PROPERTIES_NO_SUCH="1",
            HEARTH_KAFKA_PROPERTIES_SASL_PASSWORD="hunter2", **AWAY)
        self.told("broker-settings-command", 3, "hearth", "topics", HEARTH_KAFKA_PROPERTIES_ACKS="0", **AWAY)

    def test_journal_that_cannot_be_made(self):
        self.told("journal-folder", 3, "ingest", HEARTH_JOURNAL_DIRECTORY="/proc/nowhere/journal", **AWAY)

    def test_unknown_option(self):
        self.told("unknown-option", 2, "tagger", "--frobnicate")
        self.told("unknown-command", 2, "hearth", "frobnicate")
        self.told("missing-argument", 2, "hearth", "playbook", "validate")

    def test_broker_down(self):
        self.told("broker-down-topics", 4, "hearth", "topics", **AWAY)

    def test_store_down(self):
        self.told("store-down-lag", 4, "hearth", "lag", **AWAY)
        self.told("store-down-keys", 4, "hearth", "keys", "list", **AWAY)
        self.told("store-down-migrate", 4, "hearth", "migrate", **AWAY)

    def test_no_instance(self):
        self.told("no-instance", 4, "hearth", "lag", "--dir", "nowhere")

    def test_port_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            replacing = [(f"127.0.0.1:{port}", "127.0.0.1:TAKEN")]
            for service in ["ingest", "tagger"]:
                self.told(
                    f"port-taken-{service}", 4, service, replacing=replacing, HEARTH_HTTP_PORT=str(port), **AWAY)
            code, _, errors = run("hearth", "up", "--dir", self.folder / "up", "--port", port)
            self.golden("port-taken-up", f"exit {code}\n" + re.sub(r"--port \d+", "--port FREE", errors), replacing)

    def test_reference_of_the_settings_is_accepted(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            for service in SERVICES:
                with self.subTest(service):
                    reference = ROOT / "services" / service / "config.reference.yaml"
                    settings = AWAY | {"HEARTH_HTTP_HOST": "127.0.0.1", "HEARTH_HTTP_PORT": str(port)}
                    if service == "ingest":
                        settings["HEARTH_JOURNAL_DIRECTORY"] = str(self.folder / "journal")
                    code, _, errors = run(service, "--config", reference, folder=self.folder, **settings)
                    self.assertEqual(code, 4, errors)
                    self.assertIn("port is taken", errors)

    def test_host_that_is_not_here(self):
        self.told("host-not-here", 3, "tagger", HEARTH_HTTP_HOST="192.0.2.1", HEARTH_HTTP_PORT="8081", **AWAY)

    def test_import_without_a_key(self):
        self.told("import-key", 2, "hearth", "import", "mapping.yaml")

    def test_fold(self):
        playbook = ROOT / "services" / "demo" / "playbook"
        arguments = ["fold", "--playbook", playbook, "--emit", "state", "--events"]
        self.told("fold-until", 2, "hearth", *arguments, "/dev/null", "--until", "yesterday")
        self.told("fold-no-file", 3, "hearth", *arguments, "nowhere.ndjson")
        self.told("fold-folder", 3, "hearth", *arguments, self.folder)

    def test_fold_counts_what_it_rejects(self):
        good = {"specversion": "1.0", "id": "a", "source": "s", "type": "order.paid", "time": "2017-03-05T10:00:00Z",
                "tenant": "t", "subject": "member/1", "data": {"amount": 1}}
        lines = [json.dumps(good), "{", json.dumps(good | {"id": "b", "data": {"amount": 1e12}}), json.dumps(good | {"id": 7})]
        self.write("events.ndjson", "\n".join(lines))
        playbook = ROOT / "services" / "demo" / "playbook"
        self.told(
            "fold-rejects", 0, "hearth", "fold", "--playbook", playbook, "--emit", "state", "--events", "events.ndjson")

    def test_simulate(self):
        self.told("simulate-nothing", 2, "hearth", "simulate")
        self.told("simulate-days", 2, "hearth", "simulate", "--truths", "--days", "3")
        self.told("simulate-plant", 2, "hearth", "simulate", "--truths", "--plant", "broken_step,luck")
        self.told("simulate-start", 2, "hearth", "simulate", "--truths", "--start", "2026-02-30")
        self.told("simulate-output", 3, "hearth", "simulate", "--output", "nowhere/brand.ndjson")
        stream = ["hearth", "simulate", "--key", "hk_a_b", "--to"]
        self.told("simulate-address", 2, *stream, "https://127.0.0.1:1")
        self.told("simulate-rate", 2, *stream, "http://127.0.0.1:1", "--rate", "fast")
        self.told("simulate-away", 4, *stream, "http://127.0.0.1:1")

    def test_tenant(self):
        self.told("tenant", 2, "hearth", "keys", "create", "--tenant", "Not Good", **AWAY)

    def test_healthcheck_of_a_service_that_does_not_run(self):
        self.told("healthcheck-away", 1, "tagger", "healthcheck", HEARTH_HTTP_PORT="1")

    def test_service_that_is_told_to_stop_while_store_and_broker_are_away(self):
        for service in ["ingest", "notifier"]:
            with self.subTest(service):
                process = subprocess.Popen(
                    [str(binaries / service)], cwd=self.folder, env=environment(HEARTH_HTTP_PORT=str(free_port()), **AWAY),
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                for line in process.stdout:
                    if b'"message":"listening"' in line:
                        break
                process.send_signal(signal.SIGTERM)
                _, errors = process.communicate(timeout=60)
                self.assertEqual((process.returncode, errors), (0, b""))

    def test_help(self):
        for program in PROGRAMS:
            code, text, errors = run(program, "--help")
            self.assertEqual((code, errors), (0, ""), program)
            self.assertIn(f"USAGE: {program}", text)
            code, text, errors = run(program, "--version")
            self.assertEqual((code, errors), (0, ""), program)
            self.assertRegex(text, r"^\d+\.\d+\.\d+\n$")


class Running:
    """`hearth up` in a folder of its own, its journal on a small file system where the user is root."""

    journal_bytes = 4 << 20

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hearth-errors-up-"))
        self.folder.chmod(0o755)
        self.dir = self.folder / "instance"
        self.journal = self.dir / "journal"
        self.journal.mkdir(parents=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={self.journal_bytes}", "tmpfs", str(self.journal)]
        self.is_small = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
        ready = self.folder / "ready"
        self.log = open(self.folder / "up.log", "wb")
        self.process = subprocess.Popen(
            [str(binaries / "hearth"), "up", "--dir", str(self.dir), "--port", str(free_port()), "--ready-file", str(ready)],
            env=environment(), stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 180
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                logs = [self.folder / "up.log", *sorted((self.dir / "logs").glob("*.log"))]
                text = "\n".join(f"{log.name}: {log.read_text(errors='replace')[-1000:]}" for log in logs)
                self.stop()
                raise RuntimeError("hearth up did not become ready:\n" + text)
            time.sleep(0.1)
        self.endpoints = json.loads((self.dir / "endpoints.json").read_text())
        lines = (self.dir / "keys").read_text().split()
        self.keys = dict(line.split("=", 1) for line in lines)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.code = self.process.wait(timeout=120)
        self.log.close()
        if self.is_small:
            subprocess.run(["umount", str(self.journal)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        return self.code

    def post(self, body, key="write", kind="application/json", timeout=30):
        """Status, headers and body of an answer; `key` is a name of the instance's keys, or a header's value."""
        # As many clients do: write everything, read the answer, close.
        headers = {"Content-Type": kind, "Connection": "close"}
        if key:
            headers["Authorization"] = f"Bearer {self.keys[key]}" if key in self.keys else key
        connection = http.client.HTTPConnection("127.0.0.1", self.endpoints["ingest"], timeout=timeout)
        try:
            connection.request("POST", "/v1/events", body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def records(self, topic):
        """All records of a topic but control records: (partition, offset) to value."""
        done = subprocess.run(
            ["kcat", "-C", "-q", "-e", "-b", self.endpoints["kafka"], "-t", topic, "-f", "%p\t%o\t%h\t%s\n"],
            capture_output=True, timeout=60, check=True)
        lines = [line.split(b"\t", 3) for line in done.stdout.split(b"\n") if line]
        return {(int(partition), int(offset)): json.loads(value)
                for partition, offset, headers, value in lines if b"hearth-control" not in headers}


def event(identifier, **changes):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    made = {"specversion": "1.0", "id": identifier, "source": "errors", "type": "order.paid", "time": now,
            "subject": "member/900", "data": {"amount": 5}}
    return made | changes


def encoded(identifier, data=None, **changes):
    """An event's bytes; `data` as JSON text that Python would not write."""
    text = json.dumps(event(identifier, **changes), ensure_ascii=False)
    return (text if data is None else text.replace('{"amount": 5}', data)).encode()


BAD_ITEMS = {
    "malformed": b'{"id":"malformed",}',
    "wrong-type": encoded("wrong-type", '{"amount": "five"}'),
    "wrong-type-of-attribute": encoded("wrong-type-of-attribute", subject=7),
    "unknown-type": encoded("unknown-type", type="order.lost"),
    "one-megabyte": encoded("one-megabyte", '{"amount": 5, "note": "' + "x" * (1 << 20) + '"}'),
    "bad-utf-8": encoded("bad-utf-8", '{"amount": 5, "note": "@"}').replace(b"@", b"\xc3\x28"),
    "nul": encoded("nul", '{"amount": 5, "note": "a\\u0000"}'),
    "number-past-10-12": encoded("number-past-10-12", '{"amount": 1000000000000}'),
    "seven-places": encoded("seven-places", '{"amount": 0.1234567}'),
    "no-subject": json.dumps({name: value for name, value in event("no-subject").items() if name != "subject"}).encode(),
}


class Instance(GoldenTest):
    """A running instance."""

    @classmethod
    def setUpClass(cls):
        cls.running = Running()

    @classmethod
    def tearDownClass(cls):
        code = cls.running.stop()
        assert code == 0, f"hearth up ended with {code}"

    def answered(self, name, answer):
        status, headers, body = answer
        text = f"status {status}\n"
        for header in ["Retry-After", "WWW-Authenticate"]:
            found = {key.lower(): value for key, value in headers.items()}.get(header.lower())
            text += f"{header}: {found}\n" if found else ""
        text += json.dumps(json.loads(body), indent=1, ensure_ascii=False) + "\n"
        self.golden(name, text)

    def test_bad_items_alone(self):
        for name, body in BAD_ITEMS.items():
            with self.subTest(name):
                self.answered(f"event-{name}", self.running.post(b"[" + body + b"]"))

    def test_each_bad_item_is_one_dead_letter(self):
        if not shutil.which("kcat"):
            self.skipTest("kcat is not installed: dead letters are not counted")
        before = self.running.records(DEAD_LETTERS)
        items = [encoded("good-1"), *BAD_ITEMS.values(), encoded("good-2")]
        status, _, body = self.running.post(b"[" + b",\n".join(items) + b"]")
        verdicts = json.loads(body)
        self.assertEqual((status, verdicts["accepted"], verdicts["rejected"]), (200, 2, len(BAD_ITEMS)))
        after = self.running.records(DEAD_LETTERS)
        letters = [letter for place, letter in after.items() if place not in before]
        self.assertEqual(len(letters), len(BAD_ITEMS))
        told = sorted((item["class"], item["path"]) for item in verdicts["items"] if item["status"] == "rejected")
        self.assertEqual(sorted((letter["data"]["class"], letter["data"]["path"]) for letter in letters), told)
        payloads = {base64.b64decode(letter["data"]["payload"]) for letter in letters}
        cut = {body[:65_536] for body in BAD_ITEMS.values()}
        self.assertEqual(payloads, cut)
        kept = {item["id"] for item in self.running.records(EVENTS).values()}
        self.assertEqual(kept & ({"good-1", "good-2"} | set(BAD_ITEMS)), {"good-1", "good-2"})

    def test_bad_requests(self):
        post, body = self.running.post, b"[" + encoded("r") + b"]"
        self.answered("request-no-key", post(body, key=None))
        self.answered("request-wrong-key", post(body, key="Bearer hk_aaaaaaaaaaaaaaaa_" + "0" * 64))
        self.answered("request-read-key", post(body, key="read"))
        self.answered("request-not-json", post(b"not json"))
        self.answered("request-cut", post(b'[{"id":"a"'))
        self.answered("request-empty", post(b"[]"))
        self.answered("request-content-type", post(body, kind="text/plain"))
        self.answered("request-too-large", post(b"[" + b" " * (5 << 20) + b"]"))
        self.answered("request-too-many", post(b"[" + b",".join([b"1"] * 2501) + b"]"))

    def test_health_and_metrics_of_every_service(self):
        for name, port in self.running.endpoints["services"].items():
            for path, wanted in [("livez", "ok\n"), ("readyz", "ok\n")]:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as answer:
                    self.assertEqual((answer.status, answer.read().decode()), (200, wanted), f"{name} {path}")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
                self.check_metrics(name, answer.read().decode())
            self.assertEqual(run(name, "healthcheck", HEARTH_HTTP_PORT=str(port))[:2], (0, "ok\n"))

    def check_metrics(self, service, text):
        sample = re.compile(r'^(hearth_[a-z0-9_]+)(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? ([0-9.e+-]+|NaN|\+Inf|-Inf)$')
        kinds = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, family, kind = line.split(" ")
                self.assertNotIn(family, kinds)
                kinds[family] = kind
            elif not line.startswith("# HELP "):
                found = sample.match(line)
                self.assertTrue(found, f"{service}: {line}")
                family = re.sub("_(bucket|sum|count)$", "", found[1])
                self.assertTrue(found[1] in kinds or kinds.get(family) == "histogram", f"{service}: {line}")
        self.assertIn("hearth_build_info", kinds)
        if text_string_to_metric_families:
            families = {family.name: family for family in text_string_to_metric_families(text)}
            self.assertEqual(len(families), len(kinds))
            labels = [sample.labels["service"] for sample in families["hearth_build_info"].samples]
            self.assertEqual(labels, [service])

    def test_playbook_that_would_replace_another(self):
        apply = ["playbook", "apply", "playbook", "--dir", self.running.dir, "--tenant", "golden"]
        for bound, code in [(3, 0), (3, 0), (4, 5)]:
            rule = f"    busy: {{label: {{zh: 忙, en: Busy}}, rule: orders >= {bound}}}\n"
            self.write("playbook/shop.yaml", PLAYBOOK + rule)
            if code == 0:
                self.assertEqual(run("hearth", *apply, folder=self.folder)[0], 0)
        self.told("playbook-in-force", 5, "hearth", *apply)

    def test_explain_what_cannot_be_told(self):
        explain = ["explain", "--dir", self.running.dir]
        self.told("explain-subject", 2, "hearth", *explain, "alice", "--tenant", "explained")
        self.told("explain-instant", 2, "hearth", *explain, "member/9", "--tenant", "explained", "--at", "yesterday")
        self.told("explain-no-playbook", 3, "hearth", *explain, "member/9", "--tenant", "nobody")
        self.write("explained/shop.yaml", PLAYBOOK + "    busy: {label: {zh: 忙, en: Busy}, rule: orders >= 3}\n")
        apply = ["playbook", "apply", "explained", "--dir", self.running.dir, "--tenant", "explained"]
        self.assertEqual(run("hearth", *apply, folder=self.folder)[0], 0)
        self.told("explain-unknown", 3, "hearth", *explain, "member/9", "--tenant", "explained")

    def test_broker_down(self):
        self.told(
            "broker-down-lag", 4, "hearth", "lag", HEARTH_STORE_URL=self.running.endpoints["store"],
            HEARTH_KAFKA_BOOTSTRAP="127.0.0.1:1")

    def test_folder_in_use(self):
        self.told(
            "folder-in-use", 4, "hearth", "up", "--dir", self.running.dir,
            replacing=[(self.running.dir.resolve(), "INSTANCE"), (self.running.dir, "INSTANCE")])

    def test_every_service_stops_with_0_when_told_to(self):
        endpoints = self.running.endpoints
        for service in SERVICES:
            with self.subTest(service):
                port = free_port()
                settings = environment(
                    HEARTH_EMBEDDED="true", HEARTH_KAFKA_BOOTSTRAP=endpoints["kafka"],
                    HEARTH_STORE_URL=endpoints["store"], HEARTH_HTTP_PORT=str(port))
                log = open(self.folder / f"{service}.log", "w+b")
                process = subprocess.Popen(
                    [str(binaries / service)], cwd=self.folder, env=settings, stdout=log, stderr=log)
                try:
                    self.wait_until_live(port, process, log)
                    process.send_signal(signal.SIGTERM)
                    code = process.wait(timeout=40)
                finally:
                    process.kill()
                    process.wait()
                log.seek(0)
                self.assertEqual(code, 0, log.read().decode()[-2000:])
                log.close()

    def wait_until_live(self, port, process, log):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        log.seek(0)
        self.fail("not ready: " + log.read().decode()[-2000:])

    def test_journal_without_room(self):
        if not self.running.is_small:
            self.skipTest("only root may mount a small file system for the journal")
        batch = b"[" + b",".join(encoded(f"full-{number}", subject="member/full") for number in range(200)) + b"]"
        filler = self.running.journal / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                pass
        try:
            for _ in range(3):
                self.answered("journal-full", self.running.post(batch))
        finally:
            filler.unlink()
        status, _, body = self.running.post(batch)
        self.assertEqual((status, json.loads(body)["accepted"]), (200, 200))
        if shutil.which("kcat"):
            kept = [item["id"] for item in self.running.records(EVENTS).values() if item["id"].startswith("full-")]
            self.assertEqual(sorted(kept), sorted(f"full-{number}" for number in range(200)))


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    binaries = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
