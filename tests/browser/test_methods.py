"""Page Methods as an analyst uses it: a back-test asked for, watched, compared and stopped; a method pinned and unpinned."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard.methods import compare
from api.dashboard.words import Words
from forecast.method_names import NAMES
from jobs import backtest
from store.audit import load_audit
from store.backtests import Backtest, load_backtest, load_backtests, next_backtest, tell_backtest
from store.method_pins import load_pins
from store.runs import begin_run, finish_run
from store.scores import load_champions, load_scores, save_report
from store.settings import Settings
from tests.browser.filled import BANDS, NOW, QUEUES
from tests.browser.test_every_page import picture

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)
EN = Words("en")
QUEUE = "phone_billing"
HEAVIEST = {"phone_outage": "level_profile", "phone_billing": "dhr", "email_billing": "boosted"}


@pytest.fixture(scope="module", autouse=True)
def decided(own: sessionmaker[Session]) -> None:
    """The latest forecast says what it combined, as `predict` reports it."""
    with own() as session:
        run = begin_run(session, "predict", now=NOW, lease_seconds=60, config_hash="c", code_version="1")
        assert run is not None
        rows = [
            {"series": queue, "lead_band": band, "model": model, "weights": {model: 0.7, "mean8": 0.3}}
            for queue, model in HEAVIEST.items()
            for band in BANDS[:4]
        ]
        save_report(session, run.id, {"champions": rows})
        finish_run(session, run.id, now=NOW, state="done", outcome={"done": {"queues": 3}})
        session.commit()


def several(page: Page, name: str, wanted: tuple[str, ...]) -> None:
    """What is chosen in a list of several, and nothing else."""
    field = page.locator(f"#{name}")
    box = page.locator(".mantine-MultiSelect-root", has=field)
    expect(box).to_be_visible()
    while (left := box.locator(".mantine-Pill-remove")).count():
        held = left.count()
        left.first.click()
        expect(left).to_have_count(held - 1)
    box.locator(".mantine-MultiSelect-input").click()
    for one in wanted:  # the list stays open
        page.get_by_role("option", name=one, exact=True).click()
    page.keyboard.press("Escape")
    expect(box.locator(".mantine-Pill-label")).to_have_text(list(wanted))


def started(page: Page, address: str, own: sessionmaker[Session], *, cutoffs: int = 2) -> Backtest:
    """The smallest back-test that compares, filled in and asked for on the page."""
    page.goto(f"{address}/methods")
    several(page, "methods-bt-queues", (QUEUE,))
    several(page, "methods-bt-models", ("mean8", "level_profile"))
    for name, value in (("horizon_days", 2), ("cutoffs", cutoffs), ("draws", 50)):
        page.locator(f"#methods-bt-{name}").fill(str(value))
    page.locator("#methods-bt-social").click()
    page.get_by_role("button", name="Start the back-test").click()
    expect(page.locator("#methods-said")).to_contain_text("was asked for")
    with own() as session:
        made = load_backtests(session)[0]
    expect(page.locator("#methods-said")).to_contain_text(f"Back-test {made.id} was asked for")
    return made


def row_of(page: Page, number: int) -> Locator:
    return page.locator("#methods-bt-table tbody tr").filter(
        has=page.get_by_role("cell", name=str(number), exact=True)
    )


def points(value: float) -> str:
    return EN.number(100 * value, 1, sign=True)


def chosen(page: Page, field: str, option: str) -> None:
    page.locator(f"#{field}").click()
    page.get_by_role("option", name=option, exact=True).click()


def test_the_chosen_method_the_catalogue_and_the_scores_are_those_of_the_store(
    page: Page, house: str, own: sessionmaker[Session]
) -> None:
    page.goto(f"{house}/methods?queue={QUEUE}")
    rows = page.locator("#methods-chosen-table tbody tr")
    expect(rows).to_have_count(len(QUEUES))
    with own() as session:
        weights = {(row["series"], row["lead_band"]): row for row in load_champions(session)}
        scores = {(row["model"], row["lead_band"]): row["wape"] for row in load_scores(session, QUEUE)}
    for queue, model in HEAVIEST.items():
        cell = rows.filter(has_text=queue).locator("td").nth(1)
        share = weights[queue, BANDS[0]]["weights"][model]
        expect(cell.locator("strong")).to_have_text(model)
        expect(cell).to_contain_text(f"{model} {EN.percent(share, 0)}")
    expect(page.locator("#methods-catalogue-table tbody tr")).to_have_count(len(NAMES))
    expect(page.locator("#methods-catalogue-table tbody tr").first).to_contain_text(
        re.compile("champion.*makes the forecast")
    )
    score = page.locator("#methods-scores-table tbody tr")
    for place, model in enumerate(dict.fromkeys(model for model, _ in scores)):
        want = [EN.percent(scores[model, band], 1) for band in BANDS]
        expect(score.nth(place).locator("td")).to_have_text([model, *want])
    picture(page, "methods")


def test_a_back_test_is_asked_for_watched_finished_and_compared(
    page: Page, house: str, own: sessionmaker[Session]
) -> None:
    made = started(page, house, own)
    assert (made.plan.queues, made.plan.models) == ((QUEUE,), ("mean8", "level_profile"))
    assert (made.plan.horizon_days, made.plan.cutoffs, made.plan.draws, made.plan.social) == (2, 2, 50, False)
    row = row_of(page, made.id)
    expect(row).to_contain_text("2 days ahead from 2 past moments, 50 paths, without posts")
    expect(row).to_contain_text("waiting")
    assert backtest.take_up(Settings(), own, now=pd.Timestamp(NOW)) == 1  # what the scheduler does
    expect(row).to_contain_text("done")  # the page looks by itself
    expect(row.get_by_role("button", name="Stop")).to_have_count(0)

    left, right = f"{made.id}:mean8", f"{made.id}:level_profile"
    chosen(page, "methods-left", f"Back-test {made.id}: mean8")
    chosen(page, "methods-right", f"Back-test {made.id}: level_profile")
    with own() as session:
        report = load_backtest(session, made.id).report
        found = compare.pairs(compare.rows_of(session, left), compare.rows_of(session, right))
    wape = {(one["model"], one["lead_band"]): one["wape"] for one in report["scores"]}
    table = page.locator("#methods-compare-table tbody tr")
    expect(table).to_have_count(len(found))
    known = 0
    for place, one in enumerate(found):
        cells = table.nth(place).locator("td").all_inner_texts()
        mine, other = (wape[model, one.band] for model in ("mean8", "level_profile"))
        assert cells[1:4] == [EN.band(one.band), EN.percent(mine, 1), EN.percent(other, 1)]
        if mine is not None and other is not None:
            known += 1
            assert cells[4] == points(mine - other)
    assert known > 0
    expect(page.locator("#methods-verdict")).to_contain_text(f"{len(found)} rows")
    chosen(page, "methods-right", "In production: champion")
    expect(page.locator("#methods-verdict")).to_contain_text("do not decide by it")
    picture(page, "methods-compared")
    page.reload()  # it stays, also among what ran
    expect(page.locator("#methods-runs-table tbody tr").first).to_contain_text(re.compile("backtest.*done"))
    expect(row_of(page, made.id)).to_contain_text("done")


def test_one_that_runs_says_how_far_it_is_and_ends_when_it_is_stopped(
    page: Page, house: str, own: sessionmaker[Session]
) -> None:
    made = started(page, house, own, cutoffs=4)
    with own() as session:
        held = next_backtest(session, now=NOW)
        assert held is not None and held.id == made.id
        tell_backtest(session, made.id, done=2, what=QUEUE, now=NOW)
        session.commit()
    row = row_of(page, made.id)
    expect(row).to_contain_text(f"25{EN.percent(0.25, 0)[2:]} · {QUEUE}")
    expect(row.locator(".methods-bar > div")).to_have_attribute("style", re.compile("25%"))
    picture(page, "methods-running")
    row.get_by_role("button", name=f"Stop back-test {made.id}").click()
    expect(row).to_contain_text("Stopping after this step")
    expect(row.get_by_role("button")).to_have_count(0)
    backtest._do(held, Settings(), own, pd.Timestamp(NOW), None)  # what the scheduler is in the middle of
    expect(row).to_contain_text("stopped")
    with own() as session:
        assert (load_backtest(session, made.id).state, load_backtest(session, made.id).report) == (
            "stopped",
            {},
        )

    waits = started(page, house, own)
    row_of(page, waits.id).get_by_role("button", name=f"Stop back-test {waits.id}").click()
    expect(row_of(page, waits.id)).to_contain_text("stopped")
    assert backtest.take_up(Settings(), own, now=pd.Timestamp(NOW)) == 0


def test_a_method_is_pinned_with_a_reason_and_unpinned(
    page: Page, house: str, own: sessionmaker[Session]
) -> None:
    page.goto(f"{house}/methods")
    row = page.locator("#methods-chosen-table tbody tr").filter(has_text=QUEUE)
    expect(row).to_be_visible()
    several(page, "methods-pin-queues", (QUEUE,))
    chosen(page, "methods-pin-model", "level_profile")
    pin = page.get_by_role("button", name="Pin this method")
    pin.click()
    expect(page.locator("#methods-said [role=alert]")).to_contain_text("reason")
    with own() as session:
        assert load_pins(session) == []
    page.get_by_label("Why").fill("<i>steadier</i>")
    pin.click()
    expect(page.locator("#methods-said")).to_contain_text(f"Pinned: level_profile for {QUEUE}")
    expect(row).to_contain_text("<i>steadier</i>")
    with own() as session:
        assert [(one.queue, one.model) for one in load_pins(session)] == [(QUEUE, "level_profile")]
    picture(page, "methods-pinned")
    page.get_by_role("button", name=f"Unpin the method of {QUEUE}").click()
    expect(page.locator("#methods-said")).to_contain_text(f"No longer pinned: {QUEUE}")
    expect(row).not_to_contain_text("steadier")
    with own() as session:
        assert load_pins(session) == []
        assert len([one for one in load_audit(session) if "method" in one.act]) == 2


def test_what_cannot_be_replayed_is_said_and_nothing_is_asked_for(
    page: Page, house: str, own: sessionmaker[Session]
) -> None:
    with own() as session:
        before = len(load_backtests(session))
    page.goto(f"{house}/methods")
    page.locator("#methods-bt-cutoffs").fill("99")
    page.get_by_role("button", name="Start the back-test").click()
    expect(page.locator("#methods-said [role=alert]")).to_contain_text("Use 1 to 30")
    with own() as session:
        assert len(load_backtests(session)) == before


def test_who_may_only_look_sees_the_methods_and_no_button_that_changes_them(
    page: Page, house_of_viewers: str
) -> None:
    page.goto(f"{house_of_viewers}/methods")
    expect(page.locator("#methods-chosen-table")).to_be_visible()
    expect(page.locator("main")).to_contain_text("starting one takes somebody who may write")
    expect(page.locator("main")).to_contain_text("Pinning a method takes somebody who may write")
    for name in ("Start the back-test", "Pin this method", "Unpin", "Stop"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
