"""Settings of backlogs: by when an answer is in time."""

from __future__ import annotations

from pydantic import Field

from store.section import Section


class BacklogSettings(Section):
    target_hours: float = Field(24.0, gt=0, le=2000)
