"""Models: one file each, listed in `catalogue.py`, all behind the two methods of `base.py`."""
