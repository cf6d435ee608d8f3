// Scripts that anyone can read, golden/cli/*.txt:
//
//   # What this shows.
//   file db/0001.sql
//       CREATE TABLE t (id int);
//   $ gatectl lint migrations db
//   | ✔ ALLOW  1 file: nothing found.
//   ! what it said on standard error
//   exit 0
//
// Each runs in a folder of its own, which is also HOME, with a gate (fake_gate.h) at $GATE_ADDR.
// `$` is run by bash; after it stand what went to standard output (|), to standard error (!) and
// the exit code. What differs from run to run is shown as a word: REQUEST, REVISION, PORT, TIME.
#ifndef TESTS_CLI_SCRIPT_H_
#define TESTS_CLI_SCRIPT_H_

#include <string>
#include <string_view>

namespace gate::testing {

// The script with what was said now in the place of what was expected.
std::string RunScript(std::string_view script, const std::string& gate_address);

}  // namespace gate::testing

#endif  // TESTS_CLI_SCRIPT_H_
