"""The page in a real browser: pointing, holding, keys, links. Without Chromium these are skipped, and say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from phintys.tools.opt import main

from .browser import Browser, find_browser

pytestmark = pytest.mark.skipif(
    find_browser() is None, reason="no Chromium: install one, or name it in PHINTYS_BROWSER, to try the page"
)

PROGRAM = """\
graph f(x: f64[?], y: f64[?]) {
  p = 1 / (1 + exp(-x))
  q = p * p
  return -sum(y * log(p)) + sum(q)
}
"""


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    (folder / "f.phi").write_text(PROGRAM)
    assert main([str(folder / "f.phi"), "--view", str(folder / "f.html")]) == 0
    return folder / "f.html"


@pytest.fixture(scope="module", params=["light", "dark"])
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    program = find_browser()
    assert program is not None
    with Browser(program, dark=request.param == "dark") as one:
        yield one
        assert one.problems == []


def lit(browser: Browser, where: str) -> list[str]:
    """What is marked as pointed at, as text."""
    found: list[str] = browser.js(f"[...document.querySelectorAll('{where} .on')].map(one => one.textContent.trim())")
    return found


def test_it_loads_itself_only(browser: Browser, view: Path) -> None:
    browser.open(view)
    assert browser.requests == [view.as_uri()]
    assert browser.js("document.title") == "f.phi"
    assert browser.js("document.querySelectorAll('#drawing .box').length") > 5


def test_pointing_at_a_box_shows_its_line_operands_and_users(browser: Browser, view: Path) -> None:
    browser.open(view, "#pass=written")
    number = browser.js("[...document.querySelectorAll('.box')].find(one => one.textContent.startsWith('exp')).dataset.n")
    browser.point(f"#b{number}")
    assert lit(browser, "#source") == ["p = 1 / (1 + exp(-x))"]
    assert browser.js("document.querySelector('#source .on mark').textContent") == "exp"
    assert browser.js("document.querySelector('.box.operand .title').textContent") == "neg"
    assert browser.js("document.querySelector('.box.user .title').textContent") == "add"
    assert "Became, after" in browser.js("document.getElementById('inspector').textContent")


def test_an_operation_is_followed_through_the_passes(browser: Browser, view: Path) -> None:
    browser.open(view, "#pass=written&mode=text")
    number = browser.js(
        "[...document.querySelectorAll('#text .ln[id]')].find(one => / nd.log /.test(one.textContent)).dataset.n"
    )
    browser.point(f"#t{number}", click=True)
    assert browser.js("location.hash") == f"#pass=written&op={number}&mode=text"
    browser.press("ArrowRight", shift=True)
    browser.press("ArrowRight", shift=True)
    assert any("nd.softplus" in line for line in lit(browser, "#text"))
    browser.open(view, "#pass=assembly&mode=text")
    browser.point("#source [data-line='3']", click=True)
    assert any("mul" in line for line in lit(browser, "#text"))
    assert lit(browser, "#source") == ["q = p * p"]
    browser.press("Escape")
    assert lit(browser, "#text") == []


def test_a_link_opens_the_page_there(browser: Browser, view: Path) -> None:
    browser.open(view, "#pass=fuse&mode=text")
    number = browser.js(
        "[...document.querySelectorAll('#text .ln[id]')].find(one => /nd.fused/.test(one.textContent)).dataset.n"
    )
    browser.open(view, f"#pass=fuse&op={number}&mode=text")
    assert "nd.fused" in lit(browser, "#text")[0]
    assert browser.js("document.querySelectorAll('.chip.traced').length") > 5


def test_keys_search_and_removed_lines(browser: Browser, view: Path) -> None:
    browser.open(view, "#pass=written&mode=text")
    browser.press("/")
    for letter in "log":
        browser.press(letter)
    assert browser.js("document.getElementById('search').value") == "log"
    assert "nd.log" in lit(browser, "#text")[0]
    browser.press("Escape")
    browser.open(view, "#pass=fuse&mode=text")
    assert browser.js("document.querySelectorAll('#text .gone').length") > 3
    browser.press("d")
    assert browser.js("document.querySelectorAll('#text .gone').length") == 0
    browser.press("g")
    assert browser.js("document.querySelectorAll('#drawing .box.fused').length") == 1


def test_every_step_can_be_shown(browser: Browser, view: Path) -> None:
    browser.open(view)
    for _ in range(browser.js("document.querySelectorAll('.chip').length")):
        browser.press("ArrowRight")
        browser.press("ArrowDown")
    assert browser.js("location.hash").startswith("#pass=assembly")
    assert browser.js("document.querySelectorAll('#text .on').length") == 1


def test_the_ladder_of_the_gpu(browser: Browser, tmp_path: Path) -> None:
    """Down to PTX; at level gpu, launches stand between the memory that they read and write."""
    (tmp_path / "f.phi").write_text(PROGRAM)
    assert main([str(tmp_path / "f.phi"), "--view", str(tmp_path / "g.html"), "--emit=ptx"]) == 0
    browser.open(tmp_path / "g.html", "#pass=convert-loops-to-gpu")
    assert (
        browser.js("[...document.querySelectorAll('.box')].filter(one => one.textContent.includes('gpu.launch_func')).length")
        > 1
    )
    assert browser.js("document.querySelectorAll('#drawing path').length") > 4
    browser.open(tmp_path / "g.html", "#pass=assemble")
    assert ".visible .entry f_0(" in browser.js("document.body.textContent")
