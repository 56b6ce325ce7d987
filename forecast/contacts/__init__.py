"""Contacts: what a planner's files say about volumes, signals, drivers, special days and opening hours."""
