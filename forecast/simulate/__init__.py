"""A company with known truth, for the demo and for tests of the evidence.

    world = simulate(energy_supplier(), days=300, end=now, seed=7)
    paths = write(world, folder)

company.py     its parameters, read from a data file (energy.yaml); load_company reads another company
timeline.py    half hours, days, holidays, one random stream per part
contacts.py    expected contacts and the counts drawn from them
mailings.py    letters and invoices: known ahead, with their effect
incidents.py   bursts of posts and the calls that follow
posts.py       when people write, about what; texts.py: in which words (texts_nl.yaml, texts_en.yaml)
world.py       all of it together; files.py: as the files a user would bring
"""

from forecast.simulate.company import Company, energy_supplier, load_company
from forecast.simulate.files import write
from forecast.simulate.world import Mention, Truth, World, simulate

__all__ = ["Company", "Mention", "Truth", "World", "energy_supplier", "load_company", "simulate", "write"]
