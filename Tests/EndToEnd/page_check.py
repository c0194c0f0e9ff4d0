#!/usr/bin/env python3
"""Looks at the demonstration's page in headless Chromium, as a phone and a desktop show it.

    Tests/EndToEnd/page_check.py PAGE.html [--screenshots FOLDER] [--expect TEXT …]

Checked: nothing is asked of any other host or file; no horizontal scrolling at 390 and 1280 pixels; every anchor of the
navigation has its section; each section says whether it is simulated or real; the choice of language hides the other
one; every TEXT stands on the page. Needs `chromium` (Debian's package). The last line is a count.
"""

import argparse
import functools
import html.parser
import http.server
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

WIDTHS = (390, 1280)
SECONDS = 120

# The page allows no script; a page around it, of the same origin, measures it in a frame.
HARNESS = """<!DOCTYPE html><html><body style="margin:0">
<iframe id="frame" src="page.html" style="border:0;width:{width}px;height:1600px"></iframe>
<pre id="result"></pre><script>
document.getElementById("frame").onload = () => {{
  const page = document.getElementById("frame").contentDocument;
  const root = page.documentElement;
  const shown = (language) => [...page.querySelectorAll("main ." + language)]
    .filter((element) => !element.closest("details") && element.getClientRects().length > 0).length;
  const languages = {{}};
  for (const choice of ["both", "zh", "en"]) {{
    page.getElementById("only-" + choice).checked = true;
    languages[choice] = {{ zh: shown("zh"), en: shown("en") }};
  }}
  page.getElementById("only-both").checked = true;
  const wide = [...page.querySelectorAll("body *")].filter((element) => {{
    const box = element.getBoundingClientRect();
    return box.right > root.clientWidth + 1 && !element.closest(".scroll") && !element.closest("svg");
  }});
  document.getElementById("result").textContent = "RESULT" + JSON.stringify({{
    scroll: root.scrollWidth, client: root.clientWidth, languages,
    wide: wide.slice(0, 5).map((element) => element.tagName + "." + element.className),
    drawings: page.querySelectorAll("svg").length,
  }}) + "END";
}};
</script></body></html>"""


class Reader(html.parser.HTMLParser):
    """Anchors, sections with their classes, and whatever a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[str] = []
        self.sections: dict[str, str] = {}
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a":
            self.anchors.append((values.get("href") or "").removeprefix("#"))
        if tag == "section" and values.get("id"):
            self.sections[str(values["id"])] = values.get("class") or ""
        if tag in {"script", "link", "img", "iframe", "object", "embed", "video", "audio", "source", "base", "form"}:
            self.fetched.append(tag)
        self.fetched += [name for name in ("src", "srcset", "data", "action", "onload", "onclick") if name in values]


class Checks:
    def __init__(self) -> None:
        self.passed = 0
        self.faults: list[str] = []

    def __call__(self, holds: bool, what: str) -> None:
        if holds:
            self.passed += 1
        else:
            self.faults.append(what)


class Served(http.server.SimpleHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def chromium(*arguments: str) -> str:
    # Any name but the loopback's leads nowhere: a page that needs the net would show it.
    command = [
        "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", *arguments,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout


def text_checks(page: str, expected: list[str], check: Checks) -> None:
    reader = Reader()
    reader.feed(page)
    check(not reader.fetched, f"the page would fetch or run something: {reader.fetched[:5]}")
    for unwanted in ("http:", "https:", "url(", "@import", "javascript:"):
        check(unwanted not in page, f"the page holds {unwanted}")
    check("default-src 'none'" in page, "no content security policy")
    for anchor in reader.anchors:
        check(anchor in reader.sections, f"the anchor #{anchor} leads nowhere")
    for name, classes in reader.sections.items():
        if name != "method":
            check(("simulated" in classes) != ("real" in classes), f"section {name} does not say where it comes from")
    body = re.sub(r"<[^>]+>", "", page)
    for text in expected:
        check(text in body, f"not on the page: {text}")


def shown_checks(folder: str, width: int, check: Checks) -> None:
    pathlib.Path(folder, f"harness-{width}.html").write_text(HARNESS.format(width=width), encoding="utf-8")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Served, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}/harness-{width}.html"
        dom = chromium("--window-size=1400,1800", "--virtual-time-budget=8000", "--dump-dom", address)
    finally:
        server.shutdown()
        server.server_close()
    found = re.search(r"RESULT(\{.*?\})END", dom.replace("&quot;", '"'), re.DOTALL)
    check(found is not None, f"at {width} px: the page could not be measured")
    if found is None:
        return
    result = json.loads(found.group(1))
    check(result["client"] == width, f"at {width} px: the frame is {result['client']} wide")
    check(
        result["scroll"] <= result["client"] and not result["wide"],
        f"at {width} px: {result['scroll']} px wide, past the edge: {result['wide']}",
    )
    check(result["drawings"] > 0, f"at {width} px: no drawing")
    shown = result["languages"]
    check(shown["both"]["zh"] > 0 and shown["both"]["en"] > 0, f"at {width} px: one language is missing")
    check(shown["zh"]["zh"] > 0 and shown["zh"]["en"] == 0, f"at {width} px: Chinese alone shows {shown['zh']}")
    check(shown["en"]["en"] > 0 and shown["en"]["zh"] == 0, f"at {width} px: English alone shows {shown['en']}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--screenshots", type=pathlib.Path)
    parser.add_argument("--expect", nargs="*", default=[])
    arguments = parser.parse_args()
    page = arguments.page.read_text(encoding="utf-8")
    check = Checks()
    text_checks(page, arguments.expect, check)
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "page.html").write_text(page, encoding="utf-8")
        for width in WIDTHS:
            shown_checks(folder, width, check)
        asked = {path for path in Served.asked if not path.startswith("/harness-")} - {"/favicon.ico"}
        check(asked == {"/page.html"}, f"asked for besides the page: {sorted(asked)}")
        if arguments.screenshots:
            arguments.screenshots.mkdir(parents=True, exist_ok=True)
            for width in WIDTHS:
                frame = f'<body style="margin:0"><iframe src="page.html" style="border:0;width:{width}px;height:9000px">'
                pathlib.Path(folder, "frame.html").write_text(frame, encoding="utf-8")
                picture = arguments.screenshots.resolve() / f"page-{width}.png"
                chromium(f"--window-size={max(width, 500)},9000", f"--screenshot={picture}", f"file://{folder}/frame.html")
    for fault in check.faults:
        print(fault)
    print(f"{check.passed} checks hold, {len(check.faults)} do not")
    return 3 if check.faults else 0


if __name__ == "__main__":
    sys.exit(main())
