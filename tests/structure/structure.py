"""What holds for the text of the whole repository. Usage: structure.py RULE ROOT

includes  proto <- checks <- gate; clients see proto and checks only
purity    checks/ has no I/O, clock, log, randomness or locks
words     no path of somebody's machine, nothing left for later
format    clang-format has nothing to change

Prints each breach as path:line: message, and exits 1 when there is one.
"""
import os
import re
import shutil
import subprocess
import sys

SOURCE = (".cc", ".h")
FOLDERS = ("checks", "gate", "clients", "tests")

# What a folder may include besides itself, the standard library and other projects.
MAY_INCLUDE = {"checks": {"checks"}, "gate": {"checks", "gate"}, "clients": {"checks", "clients"}}

# What pure code has no use for.
IMPURE_HEADERS = re.compile(
    r"#\s*include\s*<(mutex|shared_mutex|thread|jthread|stop_token|future|condition_variable|atomic|"
    r"semaphore|latch|barrier|chrono|ctime|time\.h|random|fstream|iostream|cstdio|stdio\.h|filesystem|"
    r"unistd\.h|fcntl\.h|sys/[a-z/]+\.h|netdb\.h|pthread\.h|curl/.*|spdlog/.*|openssl/rand\.h|"
    r"grpcpp/.*|libpq-fe\.h|sqlite3\.h)>"
    r"|#\s*include\s*\"(absl/time/clock\.h|absl/synchronization/.*|absl/random/.*|absl/log/.*)\"")
IMPURE_CALLS = re.compile(
    r"\b(absl::Now|absl::LocalTimeZone|absl::SleepFor|std::(?:c(?:out|err|log|in)|[io]?fstream|mutex|thread|"
    r"random_device|mt19937(?:_64)?|(?:secure_)?getenv|f?printf|system|rand)|"
    r"(?:secure_)?getenv|gettimeofday|clock_gettime|localtime(?:_r)?|f?printf|fopen|srand|arc4random|"
    r"(?<![\w.>:])(?:time|rand|clock|system|popen)(?=\s*\(\s*(?:NULL|nullptr|0|\"|\))))\b(?![\"'])")

# Written so that this file does not break its own rule.
FORBIDDEN_WORDS = re.compile(
    r"(?<![\w.~-])/(?:wo" r"rk|ro" r"ot|ho" r"me/\w+)/|\bTO" r"DO\b|\bFIX" r"ME\b|\bXX" r"X\b|\bHA" r"CK\b")
TEXT = SOURCE + (".proto", ".py", ".sh", ".md", ".txt", ".cmake", ".yaml", ".yml", ".json", ".sql",
                 ".js", ".mjs", ".service", ".conf", ".ics")


def files(root, folders, endings):
    """Paths relative to root, sorted. Not what is built, installed or handed in as test material."""
    for folder in folders:
        for directory, names, found in os.walk(os.path.join(root, folder)):
            names[:] = sorted(n for n in names if n not in ("node_modules", "build", ".git", ".cache"))
            for name in sorted(found):
                if name.endswith(endings):
                    yield os.path.relpath(os.path.join(directory, name), root)


def lines(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return list(enumerate(file.read().split("\n"), 1))


def without_comment(line):
    return re.sub(r"//.*", "", line)


def includes(root):
    """Generated headers ("gate/v1/x.pb.h") are proto's, and open to all. A header that is not in the
    tree is one of the installed package."""
    for path in files(root, MAY_INCLUDE, SOURCE):
        folder = path.split("/")[0]
        for number, line in lines(root, path):
            found = re.match(r'\s*#\s*include\s*[<"]((?:checks|gate|clients|tests)/[^>"]+)[>"]', line)
            if not found:
                continue
            header = found[1]
            target = header.split("/")[0]
            if header.endswith(".grpc.pb.h"):
                if folder == "checks":
                    yield f"{path}:{number}: checks know no services: {header}"
            elif os.path.exists(os.path.join(root, header)) and target not in MAY_INCLUDE[folder]:
                yield f"{path}:{number}: {folder} may not include {header}"


def purity(root):
    for path in files(root, ["checks"], SOURCE):
        for number, line in lines(root, path):
            found = IMPURE_HEADERS.search(line) or IMPURE_CALLS.search(
                re.sub(r'"(?:[^"\\]|\\.)*"', '""', without_comment(line)))
            if found:
                yield f"{path}:{number}: not pure: {found[0].strip()}"


def words(root):
    top = [n for n in os.listdir(root) if n.endswith(TEXT) and os.path.isfile(os.path.join(root, n))]
    for path in sorted(top) + list(files(root, FOLDERS + ("proto", "deploy", ".ci"), TEXT)):
        for number, line in lines(root, path):
            found = FORBIDDEN_WORDS.search(line)
            if found:
                yield f"{path}:{number}: {found[0]!r} has no place in the repository"


def format(root):  # pylint: disable=redefined-builtin
    tool = shutil.which("clang-format-14")
    if tool is None:
        yield "clang-format-14 is not installed: deploy/install-dependencies.sh"
        return
    sources = list(files(root, FOLDERS, SOURCE))
    batches = [sources[i::4] for i in range(4)]
    running = [subprocess.Popen([tool, "--dry-run", "-Werror", *batch], cwd=root,
                                stderr=subprocess.PIPE, text=True) for batch in batches if batch]
    for process in running:
        said = process.communicate()[1]
        for line in said.split("\n"):
            if "error:" in line:
                yield line + " (cmake --build --preset debug --target format)"
        if process.returncode != 0 and "error:" not in said:
            yield f"{tool} failed: {said}"


RULES = {"includes": includes, "purity": purity, "words": words, "format": format}

if __name__ == "__main__":
    breaches = sorted(set(RULES[sys.argv[1]](sys.argv[2])))
    print("\n".join(breaches))
    sys.exit(1 if breaches else 0)
