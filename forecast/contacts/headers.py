"""Headers of files: the layouts there are, and which column of a file is what (`layouts`, `arranging`)."""

from __future__ import annotations

from forecast.contacts.arranging import arrange
from forecast.contacts.layouts import CONNECT, GENESYS, LAYOUTS, TIDY, Layout
from forecast.contacts.spellings import plain_name

__all__ = ["CONNECT", "GENESYS", "LAYOUTS", "TIDY", "Layout", "arrange", "plain_name"]
