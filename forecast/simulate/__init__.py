"""A company with known truth, for the demo and for tests of the evidence; docs/simulator.md says what is planted.

    world = simulate(company("energy"), days=300, end=now, seed=7)
    expected = oracle(world, cutoff, with_signal=True)
    paths = write(world, folder)

company.py     a company and the data files that come along (energy.yaml, telecom.yaml); laws.py: the blocks of such a file;
               kernels.py: delays and links
timeline.py    half hours, days, holidays, one random stream per part
contacts.py    expected contacts and the counts drawn from them
mailings.py    letters and invoices: known ahead, with their effect
hidden.py      common drivers that nobody sees      channels.py    contacts that move to another channel
incidents.py   bursts of posts and the calls that follow
answers.py     e-mails answered too late: backlog, and the calls and posts they create
posts.py       when people write, about what; texts.py: in which words (texts_LANGUAGE.yaml); mentions.py: as rows
strength.py    signal to noise of each link
world.py       all of it together; oracle.py: what could be expected at a cutoff; files.py: as the files a user would bring
"""

from forecast.simulate.company import COMPANIES, Company, company, energy_supplier, load_company
from forecast.simulate.files import write
from forecast.simulate.mentions import Mention
from forecast.simulate.oracle import oracle
from forecast.simulate.world import Truth, World, simulate

__all__ = [
    "COMPANIES",
    "Company",
    "Mention",
    "Truth",
    "World",
    "company",
    "energy_supplier",
    "load_company",
    "oracle",
    "simulate",
    "write",
]
