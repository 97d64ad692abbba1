#!/usr/bin/env python3
"""Measures loading and linting a large rule book, whole processes, and prints the table of docs/performance.md.

    benches/rules.py [--rules 1300000] [--courses 45000] [--colleges 20] [--rounds 3]

The book, its catalogue and the list of what is wrong with it are made by the project's own generator. What lint finds
is compared with that list both ways. Needs a release build (`cargo build --release --examples --bins`).
"""

import argparse
import csv
import json
import os
import pathlib
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
        if not compare(folder, report):
            raise SystemExit(1)


main()
