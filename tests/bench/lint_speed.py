"""What `gatectl lint migrations` costs, whole processes, beside squawk on the same files.

  lint_speed.py GATECTL SQUAWK FOLDER...      (SQUAWK: the program of npm's squawk-cli; - leaves it out)

Prints processor time per megabyte of SQL and the ratio, the medians of rounds in which both take turns;
then a file of 20 MB (time, memory), and three small files as a hook of pre-commit runs them (wall time).
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 9


def run(command):
    """(processor seconds, wall seconds, peak bytes) of a whole process."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode < 0 or process.returncode in (1, 2, 3, 127):
        sys.exit(f"{command[:4]} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024


def sql_files(folders):
    for folder in folders:
        for directory, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                if name.endswith(".sql"):
                    yield os.path.join(directory, name)


def main():
    gatectl, squawk, *folders = sys.argv[1:]
    files = list(sql_files(folders))
    size = sum(os.path.getsize(path) for path in files) / 1e6
    print(f"{len(files)} files, {size:.2f} MB")
    ours = [gatectl, "lint", "migrations", "-o", "json", *files]
    theirs = [squawk, "--reporter", "json", *files]
    times = {"gatectl": [], "squawk": []}
    for _ in range(ROUNDS):
        times["gatectl"].append(run(ours)[0])
        if squawk != "-":
            times["squawk"].append(run_any(theirs)[0])
    for name, taken in times.items():
        if taken:
            median = statistics.median(taken)
            print(f"{name}: {median * 1000:.0f} ms of CPU, {size / median:.1f} MB/s")
    if squawk != "-":
        ratios = [b / a for a, b in zip(times["gatectl"], times["squawk"])]
        print(f"squawk / gatectl: median {statistics.median(ratios):.1f}, {min(ratios):.1f} to {max(ratios):.1f}")

    with tempfile.TemporaryDirectory() as folder:
        large = os.path.join(folder, "1_large.sql")
        with open(large, "w", encoding="utf-8") as file:
            at = 0
            while file.tell() < 20_000_000:
                at += 1
                file.write(f"CREATE TABLE t{at} (id bigint PRIMARY KEY, note text NOT NULL DEFAULT 'x{at}');\n"
                           f"INSERT INTO t{at} VALUES (1, 'some text'), (2, 'more of it');\n"
                           f"ALTER TABLE t{at} ADD COLUMN extra int;\n")
        measured = [run([gatectl, "lint", "migrations", large]) for _ in range(5)]
        print(f"20 MB: {statistics.median(m[1] for m in measured):.2f} s, "
              f"{max(m[2] for m in measured) / 1e6:.0f} MB resident")
        three = []
        for name, text in (("1_a.sql", "CREATE TABLE a (id bigint PRIMARY KEY);\n"),
                           ("2_b.sql", "ALTER TABLE a ADD COLUMN note text;\n"),
                           ("3_c.sql", "ALTER TABLE a DROP COLUMN note;\n")):
            three.append(os.path.join(folder, name))
            with open(three[-1], "w", encoding="utf-8") as file:
                file.write(text)
        measured = [run([gatectl, "lint", "migrations", *three]) for _ in range(51)]
        print(f"three files: {statistics.median(m[1] for m in measured) * 1000:.1f} ms, "
              f"{statistics.median(m[0] for m in measured) * 1000:.1f} ms of CPU")


def run_any(command):
    """As run, for a program whose exit code says that it found something."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begin = time.monotonic()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_utime + usage.ru_stime, time.monotonic() - begin, usage.ru_maxrss * 1024


main()
