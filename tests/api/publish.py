"""`python -m tests.api.publish`: writes docs/openapi.json, unless that would break clients of the one that is there.

With `--breaking` it writes all the same: for a new version of the API.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from api.app import create_app
from store.database import connect, sessions
from store.settings import Settings
from tests.api.compatible import breaks

PUBLISHED = Path(__file__).parents[2] / "docs" / "openapi.json"


def main() -> int:
    document = create_app(Settings(), sessions(connect("sqlite://"))).openapi()
    if PUBLISHED.is_file() and "--breaking" not in sys.argv:
        found = breaks(json.loads(PUBLISHED.read_text(encoding="utf-8")), document)
        if found:
            sys.stderr.write("\n".join(["This would break clients:", *found, ""]))
            return 1
    PUBLISHED.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
