"""Erlang B and C against tables and figures that others published."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from forecast.staffing.erlang import erlang_b, erlangs, line
from forecast.staffing.needs import Targets, agents_needed

# Rappaport, "Wireless Communications", table 3.4, "Capacity of an Erlang B system": erlangs at a grade of service
CAPACITY = {
    (2, 0.01): 0.153,
    (4, 0.01): 0.869,
    (5, 0.01): 1.36,
    (10, 0.01): 4.46,
    (20, 0.01): 12.0,
    (24, 0.01): 15.3,
    (40, 0.01): 29.0,
    (70, 0.01): 56.1,
    (100, 0.01): 84.1,
    (5, 0.001): 0.762,
    (10, 0.001): 3.09,
    (20, 0.005): 11.1,
    (40, 0.002): 25.7,
    (100, 0.001): 75.2,
}
# Collins, "Carrier Grade Voice over IP", 2nd ed., appendix A, "Table of Erlang B": one decimal
ONE_DECIMAL = {
    (5, 0.02): 1.7,
    (6, 0.05): 3.0,
    (8, 0.01): 3.1,
    (9, 0.03): 4.7,
    (10, 0.001): 3.1,
    (7, 0.0001): 1.1,
}


def carried(lines: int, blocking: float) -> float:
    """The load at which so many lines block that share."""
    return float(brentq(lambda load: erlang_b(load, lines)[0] - blocking, 1e-6, 2.0 * lines))


@pytest.mark.parametrize(("cell", "load"), CAPACITY.items())
def test_a_published_table_of_erlang_b_is_met_to_its_last_digit(cell: tuple[int, float], load: float) -> None:
    assert carried(*cell) == pytest.approx(load, rel=6e-3)


@pytest.mark.parametrize(("cell", "load"), ONE_DECIMAL.items())
def test_a_second_table_is_met_to_its_one_decimal(cell: tuple[int, float], load: float) -> None:
    assert carried(*cell) == pytest.approx(load, abs=0.0501)


def test_single_figures_are_met() -> None:
    assert carried(15, 0.01) == pytest.approx(8.108, abs=6e-4)  # manual of the calculator at erlang.com
    assert erlang_b(25, 30)[0] == pytest.approx(0.05, abs=6e-3)  # Mathematica's documentation of Erlang B


def test_the_example_of_a_planners_handbook_is_met() -> None:
    # Call Centre Helper, "Erlang C Formula - Made Simple": 100 calls of 3 minutes in half an hour, 80 % within 20 s
    load = erlangs(100, 180, 1800)
    found = line(load, 180, 14, None)
    assert agents_needed(load, 180, Targets(0.8, 20, max_occupancy=1)).tolist() == [14]
    assert found.waiting[0] == pytest.approx(0.174, abs=6e-4)  # type: ignore[attr-defined]
    assert found.service_level(20)[0] == pytest.approx(0.888, abs=6e-4)
    assert found.asa[0] == pytest.approx(7.8, abs=0.06)
    assert found.occupancy[0] == pytest.approx(0.714, abs=6e-4)


def test_two_servers_wait_as_the_textbook_fraction_says() -> None:
    # M/M/2: C = a^2 / (2 + a); Gross & Harris, "Fundamentals of Queueing Theory"
    load = np.array([0.2, 1.0, 1.5, 1.9])
    found = line(load, 60.0, 2.0, None)
    assert found.waiting == pytest.approx(load**2 / (2 + load))  # type: ignore[attr-defined]
