"""One file is one job: run(session, settings, now) -> Outcome."""
