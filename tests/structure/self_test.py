"""That each rule of structure.py finds what it is for, and leaves its near misses alone."""
import os
import tempfile
import unittest

import structure


class StructureTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, path, text):
        full = os.path.join(self.folder.name, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)

    def run_rule(self, rule):
        return list(structure.RULES[rule](self.folder.name))

    def test_includes(self):
        self.write("gate/base/clock.h", "")
        self.write("checks/a.cc", '#include "gate/base/clock.h"\n')
        self.write("clients/b.cc", '#include "gate/base/clock.h"\n')
        self.write("checks/c.cc", '#include "gate/v1/gate.grpc.pb.h"\n')
        self.write("checks/fine.cc", '#include "gate/v1/gate.pb.h"\n#include "checks/check.h"\n')
        self.write("gate/fine.cc", '#include "checks/check.h"\n#include "gate/base/clock.h"\n')
        self.write("clients/fine.cc", '#include "gate/v1/gate.grpc.pb.h"\n#include "gate/client.h"\n')
        found = self.run_rule("includes")
        self.assertEqual([f.split(":")[0] for f in found], ["checks/a.cc", "checks/c.cc", "clients/b.cc"])

    def test_purity(self):
        for i, line in enumerate([
                "#include <mutex>", "#include <chrono>", '#include "absl/time/clock.h"', "#include <fstream>",
                "absl::Time t = absl::Now();", 'getenv("X");', "std::cout << 1;", "time(nullptr);",
                "std::mt19937 r;", "#include <unistd.h>", "int x = rand();"]):
            self.write(f"checks/bad{i:02}.cc", line + "\n")
        for i, line in enumerate([
                '#include "absl/time/time.h"', "// absl::Now() is not called here", "FromProto(x.time());",
                'Issue("uses rand() and time()");', "window.time(0);", "int random_access = 0;",
                "std::snprintf(b, n, f);", "const auto time = Now(context);"]):
            self.write(f"checks/fine{i:02}.cc", line + "\n")
        found = self.run_rule("purity")
        self.assertEqual([f.split(":")[0] for f in found], [f"checks/bad{i:02}.cc" for i in range(11)])

    def test_words(self):
        self.write("gate/a.cc", "// TO" "DO: later\n")
        self.write("deploy/b.sh", "cd /wo" "rk/main\n")
        self.write("tests/c.py", 'open("/ro' 'ot/x")\n')
        self.write("gate/fine.cc", "// network/root: /var/lib/gate, ToDo list, tests/work/x\n")
        found = self.run_rule("words")
        self.assertEqual(sorted(f.split(":")[0] for f in found), ["deploy/b.sh", "gate/a.cc", "tests/c.py"])

    def test_format(self):
        self.write(".clang-format", "BasedOnStyle: Google\n")
        self.write("gate/a.cc", "int  x =1;\n")
        self.write("gate/fine.cc", "int x = 1;\n")
        found = self.run_rule("format")
        self.assertEqual({f.split(":")[0] for f in found}, {"gate/a.cc"})


if __name__ == "__main__":
    unittest.main()
