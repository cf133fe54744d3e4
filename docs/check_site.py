"""Read the built site as a visitor would: ``python docs/check_site.py docs/_build/html``.

All links are followed in the files. Then Chromium opens every page from a server on this machine, light and dark, 1280
and 390 pixels wide: nothing on the console, no request that fails or leaves the machine, no scrolling sideways. Last,
the search has to find what readers look for. What is wrong is listed, and the exit code counts it.
"""

from __future__ import annotations

import argparse
import html.parser
import json
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

WIDTHS = (1280, 390)
SEARCHES = ("cure fraction", "numbers at risk", "forest plot", "hazard ratio")
TABS = 3
# An element that is wider than the window but scrolls in a box of its own is fine: only the page is measured.
MEASURE = """(() => {
  const page = document.scrollingElement, wide = [];
  if (page.scrollWidth > page.clientWidth + 1) {
    for (const part of document.querySelectorAll("main *, header *, footer *")) {
      const right = part.getBoundingClientRect().right;
      if (right > page.clientWidth + 1) wide.push(part.tagName + "." + part.className);
    }
  }
  return [document.documentElement.dataset.theme, page.scrollWidth - page.clientWidth, wide.slice(0, 3).join(", ")];
})()"""


# -- Links ---------------------------------------------------------------------------------------------------
class _Page(html.parser.HTMLParser):
    """The links and anchors of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.anchors.add(str(found["id"]))
        if tag == "a" and found.get("name"):
            self.anchors.add(str(found["name"]))
        target = found.get("href") if tag in ("a", "link") else found.get("src")
        if target:
            self.links.append(target)


def broken_links(site: Path, pages: list[Path]) -> Iterator[str]:
    """List links to files or places of the site that are not there."""
    read = {}
    for path in pages:
        read[path] = _Page()
        read[path].feed(path.read_text(encoding="utf-8"))
    for path, page in read.items():
        for link in sorted(set(page.links)):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link in ("#", "#top"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            name = path.relative_to(site)
            if not target.is_file():
                yield f"{name}: {link} is not there"
            elif parts.fragment and target in read and unquote(parts.fragment) not in read[target].anchors:
                yield f"{name}: {link} has no such place"


def raw_notebooks(site: Path) -> Iterator[str]:
    """List notebooks whose text holds markup that only Sphinx understands."""
    for path in sorted(site.glob("_downloads/*/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        found = re.findall(r":[a-z:]+:`[^`]*`|(?<!`)``(?!`)[^`]+``(?!`)|^\.\. [a-z-]+::", text, re.MULTILINE)
        if found:
            yield f"{path.name}: {found[0]} is no Markdown"


# -- A server and a browser ----------------------------------------------------------------------------------
class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve the site on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


@contextmanager
def browser(command: str) -> Iterator[str]:
    """Start a browser without a window; yield where its tabs are asked for."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = (
            "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run "
            "--disable-background-networking --disable-extensions --remote-debugging-port=0 about:blank"
        )
        process = subprocess.Popen(
            [command, f"--user-data-dir={profile}", *options.split()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port_file = Path(profile, "DevToolsActivePort")
            for _ in range(300):
                if port_file.is_file() and port_file.read_text().strip():
                    break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port_file.read_text().split()[0]}"
        finally:
            process.terminate()
            process.wait(20)


class Tab:
    """One tab, spoken to in the browser's own protocol."""

    def __init__(self, debugger: str, site: str, theme: str) -> None:
        from websockets.sync.client import connect

        request = urllib.request.Request(f"{debugger}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request) as answer:
            place = json.load(answer)["webSocketDebuggerUrl"]
        self.socket = connect(place, max_size=None).__enter__()  # as long as the browser
        self.site, self.count, self.heard = site, 0, list[dict[str, Any]]()
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        choose = f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}');"
        self.ask("Page.addScriptToEvaluateOnNewDocument", source=choose)

    def ask(self, method: str, **options: Any) -> dict[str, Any]:
        """Send a command, and return its answer; what happens meanwhile is kept in ``heard``."""
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": options}))
        while True:
            message = json.loads(self.socket.recv(timeout=60))
            if message.get("id") == self.count:
                return dict(message.get("result", {}))
            self.heard.append(message)

    def wait(self, event: str) -> None:
        """Listen until something has happened."""
        while not any(message.get("method") == event for message in self.heard):
            self.heard.append(json.loads(self.socket.recv(timeout=60)))

    def evaluate(self, script: str) -> Any:
        """Run a script in the page."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return answer["result"].get("value")

    def size(self, width: int, height: int = 900) -> None:
        """Set the width of the window."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def open(self, page: str) -> Iterator[str]:
        """Open a page; list what went wrong."""
        self.heard.clear()
        self.ask("Page.navigate", url=self.site + page)
        self.wait("Page.loadEventFired")
        self.evaluate("new Promise(done => setTimeout(done, 30))")
        for message in self.heard:
            yield from self._complaint(message.get("method"), message.get("params", {}))

    def _complaint(self, kind: str | None, said: dict[str, Any]) -> Iterator[str]:
        if kind == "Runtime.exceptionThrown":
            details = said["exceptionDetails"]
            yield (
                "script: " + details.get("exception", {}).get("description", details["text"]).splitlines()[0]
            )
        elif kind == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
            yield "console: " + " ".join(str(part.get("value", "")) for part in said["args"])
        elif kind == "Log.entryAdded" and said["entry"]["level"] == "error":
            yield f"console: {said['entry']['text']} {said['entry'].get('url', '')}"
        elif kind == "Network.requestWillBeSent":
            url = said["request"]["url"]
            if not url.startswith((self.site, "data:", "blob:", "about:")):
                yield f"asks another machine for {url}"


# -- What is looked at ---------------------------------------------------------------------------------------
def faults_of_page(tab: Tab, theme: str, page: str) -> Iterator[str]:
    """Open a page, and measure it at every width."""
    tab.size(WIDTHS[0])
    yield from (f"{page} ({theme}): {fault}" for fault in tab.open(page))
    for width in WIDTHS:
        tab.size(width)
        shown, beyond, wide = tab.evaluate(MEASURE)
        if shown != theme:
            yield f"{page}: shown {shown} where {theme} was chosen"
        if beyond > 1:
            yield f"{page} ({theme}, {width} px): scrolls sideways by {beyond} px: {wide}"


def faults_of_pages(debugger: str, url: str, pages: list[str]) -> list[str]:
    """Open every page in both themes, in a few tabs at once."""
    found: list[str] = []
    for theme in ("light", "dark"):
        waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        for page in pages:
            waiting.put(page)

        def work(theme: str = theme, waiting: queue.SimpleQueue[str] = waiting) -> None:
            tab = Tab(debugger, url, theme)
            while True:
                try:
                    page = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    found.extend(faults_of_page(tab, theme, page))
                except TimeoutError:
                    found.append(f"{page} ({theme}): does not answer within a minute")
                    tab = Tab(debugger, url, theme)

        threads = [threading.Thread(target=work) for _ in range(TABS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return found


def faults_of_search(debugger: str, url: str, site: Path) -> Iterator[str]:
    """Search for what readers look for: one of the first five pages must hold the words as they were typed."""
    tab = Tab(debugger, url, "light")
    for words in SEARCHES:
        yield from tab.open("search.html?q=" + words.replace(" ", "+"))
        hits: list[str] = []
        for _ in range(200):  # the summary is empty until the last page has been ranked and listed
            hits = tab.evaluate("[...document.querySelectorAll('#search-results li > a')].map(a => a.href)")
            if tab.evaluate(
                "(document.querySelector('#search-results p.search-summary')?.textContent || '').trim()"
            ):
                break
            time.sleep(0.1)
        pages = [site / urlsplit(hit).path.lstrip("/") for hit in hits[:5]]
        text = [" ".join(page.read_text(encoding="utf-8").lower().split()) for page in pages]
        print(
            f"search for {words!r}: "
            + (", ".join(str(page.relative_to(site)) for page in pages) or "nothing")
        )
        if not any(words in one for one in text):
            yield f"search: {words!r} is on none of the first pages found"


def pictures(debugger: str, url: str, pages: list[str], folder: Path) -> None:
    """Save pictures of pages in both themes and widths, to be looked at."""
    import base64

    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        tab = Tab(debugger, url, theme)
        for page in pages:
            for width in WIDTHS:
                tab.size(width, 1500)
                list(tab.open(page))
                data = tab.ask("Page.captureScreenshot", format="png")["data"]
                name = page.removesuffix(".html").replace("/", "-")
                (folder / f"{name}-{theme}-{width}.png").write_bytes(base64.b64decode(data))


def main() -> int:
    """Check the site, or take pictures of pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path)
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("chromium-browser"))
    parser.add_argument("--only", default="", help="open only pages whose address holds this pattern")
    parser.add_argument(
        "--pictures", type=Path, help="save pictures of the pages here instead of checking them"
    )
    options = parser.parse_args()
    site = options.site.resolve()
    files = [page for page in sorted(site.rglob("*.html")) if "_static" not in page.relative_to(site).parts]
    pages = [
        str(page.relative_to(site)) for page in files if re.search(options.only, str(page.relative_to(site)))
    ]
    before = time.monotonic()
    faults = list(broken_links(site, files))
    print(f"links of {len(files)} pages: {len(faults)} broken")
    faults += raw_notebooks(site)
    if options.chromium is None:
        print("SKIPPED: the pages in a browser (no chromium is installed: apt-get install chromium)")
    else:
        with served(site) as url, browser(options.chromium) as debugger:
            if options.pictures:
                pictures(debugger, url, pages, options.pictures)
                return 0
            faults += faults_of_pages(debugger, url, pages)
            faults += faults_of_search(debugger, url, site)
        seconds = time.monotonic() - before
        print(f"opened {len(pages)} pages, light and dark, {WIDTHS} pixels wide, in {seconds:.0f} s")
    for fault in sorted(set(faults)):
        print(fault)
    print(f"{len(set(faults))} faults" if faults else "no faults")
    return min(len(set(faults)), 100)


if __name__ == "__main__":
    sys.exit(main())
