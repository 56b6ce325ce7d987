"""Benchmarks: not tests. `./dev bench NAME` writes tables and pictures into docs/benchmarks."""
