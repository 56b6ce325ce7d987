"""When has a page come to rest? Not by silence on the line: a stream of events stays open."""

from __future__ import annotations

import time

from playwright.sync_api import Page

COUNTING = """() => {
  if (window.__asked) return;
  window.__asked = { open: 0, last: performance.now() };
  const real = window.fetch;
  window.fetch = (...all) => {
    window.__asked.open += 1;
    return real(...all).finally(() => { window.__asked.open -= 1; window.__asked.last = performance.now(); });
  };
}"""


def watched(page: Page) -> Page:
    """Count what the page asks for, from its next load on."""
    page.add_init_script(f"({COUNTING})()")
    return page


def at_rest(page: Page, *, quiet: float = 0.4, longest: float = 60.0) -> None:
    """Wait until a page has a heading and has asked for nothing for a while."""
    page.locator("h1").first.wait_for(timeout=1000 * longest)
    ends = time.monotonic() + longest
    while time.monotonic() < ends:
        open_, since = page.evaluate("[window.__asked.open, performance.now() - window.__asked.last]")
        if open_ == 0 and since > 1000 * quiet:
            return
        time.sleep(0.05)
    raise AssertionError(f"{page.url} did not come to rest")
