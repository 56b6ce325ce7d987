"""What the people of the demo's company know: who looks after which contact reason, and two causes of contact.

The company is simulated, and so is this. The fix that is registered is the level shift the simulator plants, so that
`forecall effect` has something true to find.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forecast.simulate import Company
    from store.causes import Cause

DESKS = {
    "outage": "Network desk",
    "billing": "Billing team",
    "moving": "Moving desk",
    "installation": "Field planning",
    "contract": "Contract desk",
    "app_website": "Digital team",
}
OTHERS = "Service desk"
FIXED = ("The bill did not show what a month costs.", "The monthly amount now stands on page one.")
OPEN = "People have to tell the same thing twice, on the site and on the phone."


def reasons(company: Company) -> dict[str, dict[str, str]]:
    """Contact reason -> owner, address and answer, as `reasons` in config.yaml has them."""
    topics = dict.fromkeys(queue.topic for queue in company.queues)
    return {
        topic: {
            "owner": DESKS.get(topic, OTHERS),
            "email": f"{topic}@example.org",
            "faq": f"https://example.org/answers/{topic}",
        }
        for topic in topics
    }


def causes(company: Company, truth: Path) -> tuple[Cause, ...]:
    """One that was fixed on the day of the planted shift, and one about which nothing was done yet.

    truth: the simulator's `truth.json`
    """
    from forecast.buckets import zone
    from store.causes import Cause

    day = dt.date.fromisoformat(str(json.loads(truth.read_text("utf-8"))["shift"])[:10])
    shifted = next(iter(company.shift.factors))
    queues = {queue.name: queue.topic for queue in company.queues}
    known = dict.fromkeys(queues.values())
    other = "moving" if "moving" in known else list(known)[-1]
    since = dt.datetime.combine(day, dt.time(), zone(company.zone)).astimezone(dt.UTC)
    why, changed = FIXED
    fixed = Cause(
        queues[shifted], why, shifted, DESKS.get(queues[shifted], OTHERS), changed, since, author="demo"
    )
    return fixed, Cause(other, OPEN, owner=DESKS.get(other, OTHERS), author="demo")
