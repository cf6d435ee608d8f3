// Any bytes as a migration: a clear answer, whatever they are. Also holds that places lie in the
// text and that the same text gives the same answer.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "checks/migration/lint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const size_t half = size / 2;
  const gate::LintFile files[] = {
      {"1.sql", text.substr(0, half)}, {"2.up.sql", text.substr(half)}, {"V3__a.sql", text}};
  gate::LintOptions options;
  options.schema = text;
  options.postgres_version = size % 2 ? 0 : 15;
  const gate::v1::LintReport report = gate::LintMigrations(files, options);
  options.release_unit = true;
  gate::LintMigrations(files, options);
  for (const gate::v1::Finding& finding : report.findings()) {
    const gate::v1::Location& at = finding.location();
    const bool forward =
        at.line() < at.end_line() || (at.line() == at.end_line() && at.column() <= at.end_column());
    if (at.line() < 1 || at.column() < 1 || !forward) std::abort();
    if (finding.message().empty() || finding.fingerprint().empty()) std::abort();
  }
  return 0;
}
