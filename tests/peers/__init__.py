"""Servers on loopback that behave as the suppliers of posts do: one file per supplier, its pages cited there."""
