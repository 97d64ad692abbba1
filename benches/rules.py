#!/usr/bin/env python3
"""Measures what a large rule book costs, whole processes, and prints the table of docs/performance.md.

    benches/rules.py [--rules 1300000] [--courses 45000] [--colleges 20] [--learners 200000] [--rounds 3]

The book, its catalogue and the list of what is wrong with it are made by the project's own generator. What lint finds
is compared with that list both ways. Then learners with ten results each convert at one college, and one with forty is told what
every college would take. Needs a release build (`cargo build --release --examples --bins`).
"""

import argparse
import csv
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CREDITBANK = os.environ.get("CREDITBANK", str(ROOT / "target/release/creditbank"))
GENERATOR = os.environ.get("GENERATOR", str(ROOT / "target/release/examples/rules"))
os.environ.setdefault("CREDITBANK_NOW", "2026-09-01T08:00:00Z")


class Run:
    """What one process took."""

    def __init__(self, *command, expected=0):
        begin = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        self.wall = time.monotonic() - begin
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss / 1024
        if os.waitstatus_to_exitcode(status) != expected:
            raise SystemExit(f"{' '.join(command)}: {status}\n{said.decode()}")


def line(what, runs, bound):
    """A row of the table: medians."""
    cpu, wall, peak = (statistics.median(getattr(run, figure) for run in runs) for figure in ("cpu", "wall", "peak"))
    print(f"| {what} | {cpu:.2f} s | {wall:.2f} s | {peak:.0f} MB | {bound} |", flush=True)


def bank(folder, name):
    """A bank with the catalogue in it, and no rules."""
    path = str(folder / name)
    for end in ("", "-wal", "-shm", "-journal"):
        pathlib.Path(path + end).unlink(missing_ok=True)
    Run(CREDITBANK, "--ledger", path, "init", "--name", "Bench", "--identifier", "bench.example", "--home-system",
        "US-SEM", "--time-zone", "America/New_York")
    for file in ("institutions", "catalogue"):
        Run(CREDITBANK, "--ledger", path, "import", str(folder / f"{file}.csv"), "--profile",
            str(ROOT / f"examples/rules/{file}.toml"))
    Run(CREDITBANK, "--ledger", path, "scale", "add", "College letters", "--grades", "F,D,C,B,A", "--pass", "D")
    return path


def transcripts(folder, name, learners, results):
    """A file of results in courses that are still taught, each learner's at one college."""
    chance, courses = random.Random(7), {}
    with open(folder / "catalogue.csv", newline="") as file:
        for row in csv.DictReader(file):
            if not row["last_day"] and row["credits"] not in ("", "0"):
                courses.setdefault(row["college"], []).append(row)
    with open(folder / name, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["learner", "college", "course", "credits", "grade", "date"])
        for learner in range(learners):
            college = chance.choice(sorted(courses))
            for row in chance.sample(courses[college], results):
                day = f"{chance.randint(2016, 2024)}-06-{chance.randint(1, 28):02}"
                out.writerow([f"L{learner:06}", college, row["course"], row["credits"], chance.choice("ABCCD"), day])


def with_results(folder, name, learners, results):
    """The bank of the rules, with learners in it."""
    path = str(folder / name)
    shutil.copy(folder / "bank.db", path)
    transcripts(folder, "transcripts.csv", learners, results)
    Run(CREDITBANK, "--ledger", path, "import", str(folder / "transcripts.csv"), "--profile",
        str(ROOT / "examples/rules/transcripts.toml"))
    return path


def compare(folder, report):
    """What was planted and not found, and the other way round."""
    with open(folder / "planted.csv", newline="") as file:
        planted = {(row["rule"], row["check"]) for row in csv.DictReader(file)}
    with open(report) as file:
        rows = (json.loads(row) for row in file)
        found = [(row["rule"], row["check"]) for row in rows if "what" in row]
    assert len(found) == len(set(found)), "a finding is told twice"
    missed, false = planted - set(found), set(found) - planted
    print(f"\n{len(planted)} faults planted, {len(planted) - len(missed)} found, {len(false)} findings that are false")
    for what, some in (("missed", missed), ("false", false)):
        for rule, check in sorted(some)[:10]:
            print(f"{what}: {rule} {check}")
    return not missed and not false


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rules", type=int, default=1_300_000)
    parser.add_argument("--courses", type=int, default=45_000)
    parser.add_argument("--colleges", type=int, default=20)
    parser.add_argument("--learners", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=pathlib.Path, help="keep what is made in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=ROOT / "target") as folder:
        folder = arguments.folder or pathlib.Path(folder)
        Run(GENERATOR, "--rules", str(arguments.rules), "--courses", str(arguments.courses), "--colleges",
            str(arguments.colleges), "--out", str(folder))
        print(f"{arguments.rules} rules, medians of {arguments.rounds} rounds\n")
        print("| what | CPU | wall | peak memory | bound |\n|---|---|---|---|---|")
        loads, lints, report = [], [], str(folder / "lint.ndjson")
        for _ in range(arguments.rounds):
            path = bank(folder, "bank.db")
            loads.append(Run(CREDITBANK, "--ledger", path, "rule", "load", str(folder / "rules.csv")))
        line("`rule load`", loads, "20 s CPU, 1 GB")
        for _ in range(arguments.rounds):
            lints.append(Run(CREDITBANK, "--ledger", path, "rule", "lint", "--level", "notice", "--output", report,
                             "--format", "ndjson", expected=4))
        line("`rule lint`", lints, "10 s CPU, 1 GB")
        path = with_results(folder, "one.db", 1, 40)
        quotes = [Run(CREDITBANK, "--ledger", path, "quote", "L000000") for _ in range(arguments.rounds)]
        line(f"`quote` of 40 results at {arguments.colleges} colleges", quotes, "0.2 s wall")
        path = with_results(folder, "many.db", arguments.learners, 10)
        converts = [Run(CREDITBANK, "--ledger", path, "convert", "--all", "--to", "C01")]
        line(f"`convert --all` of {arguments.learners} learners with 10 results", converts, "100,000 learners a minute")
        if not compare(folder, report):
            raise SystemExit(1)


main()
