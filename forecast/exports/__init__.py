"""The forecast as files that staffing suites import: `base.py`, one file per layout, and `registry.py`, which names them.

    stored forecast ─► Block per queue or planning group ─► lengths.py: the interval the suite wants ─► a layout ─► bytes

Every layout but our own two is written from public documentation and was never tried in the suite (`About.tried`).
"""
