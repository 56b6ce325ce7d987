"""The public data sets the accuracy bench runs on, and how each is read. They are no part of this project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cli.evaluation_files import Files, Say, read_archive
from forecast.buckets import Interval
from forecast.vintage import Archive


@dataclass(frozen=True)
class DataSet:
    """One file, how it is read, and which of its queues are scored."""

    name: str
    volumes: str
    tz: str
    interval: Interval
    horizon_days: int
    queues: tuple[str, ...]
    special_days: str | None = None
    signals: str | None = None

    def is_in(self, folder: Path) -> bool:
        """Is its file there?"""
        return (folder / self.volumes).exists()

    def archive(self, folder: Path, say: Say) -> Archive:
        """All its queues, its signals and special days, with the public holidays of its country."""
        files = Files(
            folder / self.volumes,
            folder / self.signals if self.signals else None,
            None,
            folder / self.special_days if self.special_days else None,
        )
        return read_archive(
            files,
            interval=self.interval,
            tz=self.tz,
            by="queue",
            country="auto",
            absent_is_zero=True,
            say=say,
        )


SETS = (
    DataSet(
        "bank calls, 30 min",
        "bank_calls_30min.csv",
        "America/New_York",
        Interval.HALF_HOUR,
        7,
        ("bank_phone",),
    ),
    DataSet(
        "Boston 311, hourly",
        "boston311_2015_hourly.csv",
        "America/New_York",
        Interval.HOUR,
        7,
        ("boston311_phone", "boston311_web", "boston311_app"),
    ),
    DataSet(
        "Kansas City 311, daily",
        "kc311_hourly.csv",
        "America/Chicago",
        Interval.DAY,
        28,
        ("kc311_phone",),
        signals="kc311_signals.csv",
    ),
    DataSet(
        "AirREGI, daily",
        "airregi_daily.csv",
        "Asia/Tokyo",
        Interval.DAY,
        28,
        ("airregi_phone",),
        special_days="airregi_special_days.csv",
        signals="airregi_signals.csv",
    ),
)
