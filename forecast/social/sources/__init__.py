"""Where mentions come from: one file per supplier behind the `Source` protocol of `base.py`."""
