// Any bytes as a workload: a file in one of the forms, and a statement. A clear answer, whatever
// they are; and no finding of the migration that it is held against is ever lost or lowered by it.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "checks/migration/lint.h"
#include "checks/migration/workload.h"
#include "checks/migration/workload_files.h"

namespace {

constexpr char kSchema[] =
    "CREATE TABLE orders (id int PRIMARY KEY, user_id int, note text NOT NULL DEFAULT '');"
    "CREATE TABLE users (id int PRIMARY KEY, name text);";
constexpr char kMigration[] =
    "ALTER TABLE orders ALTER note DROP DEFAULT; ALTER TABLE orders ALTER user_id SET NOT NULL;"
    "ALTER TABLE orders ALTER id TYPE bigint; ALTER TABLE orders DROP note;"
    "ALTER TABLE users ADD region text NOT NULL; ALTER TABLE users RENAME name TO title;"
    "DROP TABLE users;";

gate::v1::LintReport Lint(std::vector<gate::v1::WorkloadStatement> workload) {
  const gate::LintFile file{"1.sql", kMigration};
  gate::LintOptions options;
  options.schema = kSchema;
  options.workload = std::move(workload);
  return gate::LintMigrations({&file, 1}, options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const gate::v1::LintReport& without = *new gate::v1::LintReport(Lint({}));
  const std::string text(reinterpret_cast<const char*>(data), size);
  const gate::WorkloadFile files[] = {{"x.sql", text}, {"x.csv", text}, {"x.json", text}};
  std::vector<gate::v1::WorkloadStatement> workload(1);
  workload[0].set_sql(text);
  for (const gate::WorkloadFile& file : files) {
    gate::ParsedWorkload parsed = gate::ParseWorkload({&file, 1});
    if (parsed.issue.has_value() != parsed.statements.empty()) std::abort();
    if (parsed.issue && (parsed.issue->what.empty() || parsed.issue->line < 1)) std::abort();
    for (auto& statement : parsed.statements) workload.push_back(std::move(statement));
  }
  const gate::migration::Workload read(workload);
  if (read.entries().size() + read.lost().size() != workload.size()) std::abort();
  const gate::v1::LintReport report = Lint(std::move(workload));
  if (report.findings_size() != without.findings_size()) std::abort();
  for (int i = 0; i < report.findings_size(); ++i) {
    const gate::v1::Finding &with = report.findings(i), &bare = without.findings(i);
    if (with.rule() != bare.rule() || with.severity() != bare.severity() ||
        with.fingerprint() != bare.fingerprint()) {
      std::abort();
    }
    for (const gate::v1::Witness& witness : with.witnesses()) {
      if (witness.sql().empty() || witness.sqlstate().size() != 5) std::abort();
    }
  }
  return 0;
}
