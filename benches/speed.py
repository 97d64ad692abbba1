#!/usr/bin/env python3
"""Measures the import, whole processes, turn and turn about, and prints the table of docs/performance.md.

    benches/speed.py [--rows 1000000] [--rounds 5] [--large] [--profile FILE] [--workload FOLDER]

`--large` adds what is measured on five and ten times the rows. Without `--workload` the files are made by the
project's own generator; a folder brings its own: first.csv, and with --large base.csv, onto.csv, few.csv and ten.csv.
Needs sqlite3 and a release build (`cargo build --release --examples --bins`).
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CREDITBANK = os.environ.get("CREDITBANK", str(ROOT / "target/release/creditbank"))
WORKLOAD = str(ROOT / "target/release/examples/workload")
# Files that lie in the future of a real day are read as well.
os.environ.setdefault("CREDITBANK_NOW", "2060-01-01T00:00:00Z")
COLUMNS = "learner_id,institution,course_code,title,level,hours,credits,grade,award_date,source_type"


class Run:
    """What one process took."""

    def __init__(self, command, expected=(0,)):
        # What ran before is not to reach the disk while this is measured.
        os.sync()
        begin = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        self.wall = time.monotonic() - begin
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss / 1024
        if os.waitstatus_to_exitcode(status) not in expected:
            raise SystemExit(f"{' '.join(command)}: {status}\n{said.decode()}")


class Ledgers:
    """Files that are measured, in one folder."""

    def __init__(self, folder, profile):
        self.folder, self.profile = folder, profile

    def path(self, name):
        return str(self.folder / name)

    def fresh(self, name):
        for end in ("", "-wal", "-shm", "-journal"):
            pathlib.Path(self.path(name) + end).unlink(missing_ok=True)
        return self.path(name)

    def ours(self, file, again=False, name="bank.db"):
        if not again:
            subprocess.run(
                [CREDITBANK, "--ledger", self.fresh(name), "init", "--name", "Bench", "--identifier", "bench.example",
                 "--home-system", "CN", "--time-zone", "Asia/Shanghai"], check=True, stderr=subprocess.DEVNULL)
        return Run([CREDITBANK, "--ledger", self.path(name), "import", str(file), "--profile", self.profile])

    def check(self, file):
        return Run([CREDITBANK, "import-check", str(file), "--profile", self.profile], expected=(0, 4))

    def bare(self, file, before=(), keys=(), again=False, name="bare.db"):
        table = [] if again else [f"CREATE TABLE results ({COLUMNS})", *keys]
        path = self.path(name) if again else self.fresh(name)
        return Run(["sqlite3", path, *before, *table, ".mode csv", f".import --skip 1 {file} results"])


WAL = ("PRAGMA journal_mode = wal", "PRAGMA synchronous = full")
KEYS = ("CREATE UNIQUE INDEX key ON results (learner_id, institution, course_code, award_date)",
        "CREATE INDEX learner ON results (learner_id)")


def median(runs, figure):
    return statistics.median(getattr(run, figure) for run in runs)


def line(what, ours, theirs="", ratio="", bound=""):
    print(f"| {what} | {ours} | {theirs} | {ratio} | {bound} |", flush=True)


def against(what, ours, theirs, figure, bound, other_way=False):
    a, b = median(ours, figure), median(theirs, figure)
    line(what, f"{a:.2f} s", f"{b:.2f} s", f"{(b / a if other_way else a / b):.2f}", bound)


def size(path):
    return pathlib.Path(path).stat().st_size


def first(ledgers, file, rows, rounds):
    """A first import, against sqlite3 in several ways."""
    ways = {
        "ours": lambda: ledgers.ours(file),
        "bare": lambda: ledgers.bare(file),
        "wal": lambda: ledgers.bare(file, WAL),
        "indexed": lambda: ledgers.bare(file, ("PRAGMA cache_size = -262144",), KEYS, name="indexed.db"),
        "indexed, default cache": lambda: ledgers.bare(file, (), KEYS, name="indexed.db"),
        "check": lambda: ledgers.check(file),
    }
    runs = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            runs[name].append(way())
    record = size(ledgers.path("bank.db")) / rows
    against("import, wall, to `.import` into a bare table", runs["ours"], runs["bare"], "wall", "≤ 1.0")
    against("the same, CPU", runs["ours"], runs["bare"], "cpu", "≤ 1.5")
    against("wall, to the same with a write-ahead log and full sync", runs["ours"], runs["wal"], "wall", "")
    against("the same, CPU", runs["ours"], runs["wal"], "cpu", "")
    against("how much faster than `.import` with a unique key and an index on learners, 256 MB cache, wall",
            runs["ours"], runs["indexed"], "wall", "≥ 2.5", True)
    against("the same, default cache", runs["ours"], runs["indexed, default cache"], "wall", "≥ 4", True)
    line("bytes on disk a record", f"{record:.0f}", "", "", "≤ 150")
    line("peak memory", f"{median(runs['ours'], 'peak'):.0f} MB", "", "", "≤ 300")
    cpu = median(runs["check"], "cpu")
    line("`import-check` without a bank, CPU", f"{cpu:.2f} s", "", f"{rows / cpu / 1e6:.2f} million a second", "≥ 1")
    again, bare = [], []
    for _ in range(rounds):
        again.append(ledgers.ours(file, again=True))
        bare.append(ledgers.bare(file, again=True))
    against("the same file again, how much faster than `.import` again, wall", again, bare, "wall", "≥ 3", True)


def large(ledgers, files, rows, rounds):
    """On five times the rows, and ten times."""
    ledgers.ours(files["base"], name="base.db")
    onto, empty, few = [], [], []
    for _ in range(rounds):
        copy(ledgers, "base.db", "bank.db")
        onto.append(ledgers.ours(files["onto"], again=True))
        few.append(ledgers.ours(files["few"], again=True))
        empty.append(ledgers.ours(files["onto"]))
    against("onto five times as many, to the same onto an empty bank, CPU", onto, empty, "cpu", "≤ 1.2")
    line("1,000 rows onto six times as many, wall", f"{median(few, 'wall'):.3f} s", "", "", "≤ 0.3 s")
    pathlib.Path(ledgers.path("base.db")).unlink()
    beside, done = [0], threading.Event()

    def watch():
        while not done.wait(0.02):
            parts = (path for path in ledgers.folder.iterdir() if path.name not in ("bank.db", "base.db"))
            try:
                beside[0] = max(beside[0], sum(path.stat().st_size for path in parts))
            except FileNotFoundError:
                pass

    pathlib.Path(ledgers.path("bare.db")).unlink(missing_ok=True)
    pathlib.Path(ledgers.path("indexed.db")).unlink(missing_ok=True)
    watcher = threading.Thread(target=watch)
    watcher.start()
    ten = ledgers.ours(files["ten"])
    done.set()
    watcher.join()
    line("ten times the rows: wall, peak memory", f"{ten.wall:.1f} s, {ten.peak:.0f} MB", "", "", "≤ 300 MB")
    growth = size(ledgers.path("bank.db"))
    line("write-ahead log and temporary files, to the ledger's growth", f"{beside[0] / 1e6:.0f} MB",
         f"{growth / 1e6:.0f} MB", f"{beside[0] / growth:.2f}", "≤ 2.5")
    line("bytes on disk a record, ten times the rows", f"{growth / (10 * rows):.0f}", "", "", "≤ 150")


def copy(ledgers, source, target):
    ledgers.fresh(target)
    subprocess.run(["cp", ledgers.path(source), ledgers.path(target)], check=True)
    # Else the import would wait for the copy to reach the disk.
    os.sync()
    subprocess.run(["sync", ledgers.path(target)], check=True)


def make(folder, rows, with_large):
    """The files, by the project's own generator: five results a learner, and others on top."""
    learners = max(rows // 5, 1)
    wanted = {"first": (rows, learners, 0)}
    if with_large:
        wanted |= {"base": (5 * rows, 5 * learners, 0), "onto": (rows, 5 * learners, 5 * rows),
                   "few": (1000, 5 * learners, 6 * rows), "ten": (10 * rows, 10 * learners, 0)}
    for name, (count, people, start) in wanted.items():
        subprocess.run([WORKLOAD, "--rows", str(count), "--learners", str(people), "--start", str(start),
                        "--institutions", "200", "--courses", "25", "--out", str(folder / f"{name}.csv")], check=True)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--profile", default=str(ROOT / "examples/workload/profile.toml"))
    parser.add_argument("--workload", type=pathlib.Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=ROOT / "target") as folder:
        folder = pathlib.Path(folder)
        (folder / "ledgers").mkdir()
        source = arguments.workload or make(folder, arguments.rows, arguments.large)
        files = {name: source / f"{name}.csv" for name in ("first", "base", "onto", "few", "ten")}
        ledgers = Ledgers(folder / "ledgers", arguments.profile)
        print(f"{arguments.rows} rows, medians of {arguments.rounds} rounds\n")
        print("| what | creditbank | beside it | ratio | bound |\n|---|---|---|---|---|")
        first(ledgers, files["first"], arguments.rows, arguments.rounds)
        if arguments.large:
            large(ledgers, files, arguments.rows, min(arguments.rounds, 3))


main()
