"""`python -m benchmarks NAME [--data FOLDER]`: tables and pictures into docs/benchmarks."""

from __future__ import annotations

import argparse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    arguments = _arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.name == "speed":
        from benchmarks import speed

        speed.run(arguments.data, arguments.out, arguments.jobs)
        return
    if arguments.name == "api":
        from benchmarks import api

        api.run(arguments.out)
        return
    if arguments.name == "pages":
        from benchmarks import pages

        pages.run(arguments.out)
        return
    if arguments.name == "loading":
        from benchmarks import loading

        loading.run(arguments.out, tuple(arguments.rows))
        return
    if arguments.name == "evidence":
        from benchmarks import evidence, evidence_real

        if arguments.runs:
            evidence.run(arguments.out, arguments.jobs, runs=arguments.runs, years=arguments.years)
        evidence_real.run(arguments.data, arguments.out)
        return
    if arguments.name == "social":
        from benchmarks import social

        social.run(arguments.data, arguments.out, score=arguments.score)
        return
    if arguments.name == "warnings":
        from benchmarks import warnings

        warnings.run(arguments.out)
        return
    if arguments.name == "quality":
        from benchmarks import quality

        quality.run(arguments.out, seeds=arguments.seeds)
        return
    if arguments.name == "staffing":
        from benchmarks import staffing

        staffing.run(arguments.out, runs=arguments.runs)
        return
    if arguments.name == "effect":
        from benchmarks import effect

        effect.run(arguments.out, runs=arguments.runs)
        return
    from benchmarks import accuracy

    accuracy.run(
        arguments.data,
        arguments.out,
        arguments.jobs,
        cutoffs=arguments.cutoffs,
        only=tuple(arguments.only),
        autogluon=arguments.with_autogluon,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder of the public data sets"
    )
    every.add_argument("--jobs", type=int, default=2, help="processes")
    every.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks", help="folder of the results")
    names = parser.add_subparsers(dest="name", required=True)
    names.add_parser("speed", parents=[every], help="a fit and a forecast, ours and Prophet's in turn")
    names.add_parser("api", parents=[every], help="reads against bare routes, streaming, posting meanwhile")
    names.add_parser("pages", parents=[every], help="how fast the pages answer, in a browser")
    loading = names.add_parser(
        "loading", parents=[every], help="a file of millions of rows into the database"
    )
    loading.add_argument(
        "--rows", type=int, nargs="+", default=[1_000_000, 2_500_000, 5_000_000], help="sizes of the file"
    )
    social = names.add_parser(
        "social", parents=[every], help="what the way of a post costs, how well it reads"
    )
    social.add_argument(
        "--score", action="store_true", help="score the labelled posts too, each set once a day; it is logged"
    )
    names.add_parser("warnings", parents=[every], help="how soon peak warnings come, beside a reference")
    evidence = names.add_parser(
        "evidence", parents=[every], help="is the gate honest? power, false openings, cost"
    )
    evidence.add_argument(
        "--runs", type=int, default=400, help="worlds of each kind; 0: the public data alone"
    )
    evidence.add_argument("--years", type=int, default=30, help="long worlds of each placebo")
    quality = names.add_parser(
        "quality", parents=[every], help="false findings of `forecall doctor data`, defects found"
    )
    quality.add_argument("--seeds", type=int, default=20, help="companies")
    staffing = names.add_parser(
        "staffing", parents=[every], help="Erlang, chat, mail: beside others and a simulation"
    )
    staffing.add_argument("--runs", type=int, default=12, help="simulations of each kind")
    effect = names.add_parser("effect", parents=[every], help="power and false claims of `forecall effect`")
    effect.add_argument("--runs", type=int, default=100, help="worlds of each kind")
    accuracy = names.add_parser("accuracy", parents=[every], help="the champion against bars and peers")
    accuracy.add_argument(
        "--cutoffs", type=int, default=10, help="cutoffs a series; 40 for intervals that judge"
    )
    accuracy.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="SERIES",
        help="these series alone; the others keep their figures",
    )
    accuracy.add_argument(
        "--with-autogluon",
        action="store_true",
        help="also AutoGluon-TimeSeries, in an environment of its own (some GB), four minutes of training a series",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
