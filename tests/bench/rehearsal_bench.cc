// How long a rehearsal takes: 20 migration statements against 200 tables, 100 functions and 1,000
// statements of the running version, part by part. Without the initdb, which happens once.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gate/evidence/rehearsal/rehearse.h"

namespace gate {
namespace {

using std::chrono::steady_clock;

constexpr int kTables = 200, kStatements = 20, kWorkload = 1000, kRounds = 10;

std::string Schema() {
  std::string sql = "CREATE TYPE state AS ENUM ('open', 'done');\n";
  for (int i = 0; i < kTables; ++i) {
    const std::string t = absl::StrCat("t", i);
    absl::StrAppend(&sql, "CREATE TABLE ", t,
                    " (id bigint NOT NULL, parent bigint, name varchar(80) NOT NULL, amount int"
                    " NOT NULL DEFAULT 0, state state NOT NULL DEFAULT 'open', note text, made"
                    " timestamptz NOT NULL DEFAULT now());\n");
    absl::StrAppend(&sql, "ALTER TABLE ONLY ", t, " ADD CONSTRAINT ", t,
                    "_pkey PRIMARY KEY (id);\nCREATE INDEX ", t, "_parent ON ", t, " (parent);\n");
    absl::StrAppend(&sql, "CREATE UNIQUE INDEX ", t, "_name ON ", t, " (name);\n");
    if (i > 0) {
      absl::StrAppend(&sql, "ALTER TABLE ONLY ", t, " ADD CONSTRAINT ", t,
                      "_fk FOREIGN KEY (parent) REFERENCES t", i - 1, "(id);\n");
    }
    if (i % 2 == 0) {
      absl::StrAppend(&sql, "CREATE FUNCTION keep", i,
                      "() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  NEW.name := lower("
                      "NEW.name);\n  IF NEW.note IS NULL THEN\n    UPDATE ",
                      t,
                      " SET amount = amount + 1 WHERE id = NEW.parent;\n  END IF;\n  RETURN "
                      "NEW;\nEND $$;\nCREATE TRIGGER keep BEFORE INSERT ON ",
                      t, " FOR EACH ROW EXECUTE FUNCTION keep", i, "();\n");
    }
  }
  return sql;
}

std::string Migration() {
  std::string sql;
  for (int i = 0; i < kStatements; ++i) {
    const std::string t = absl::StrCat("ALTER TABLE t", i);
    switch (i % 5) {
      case 0:
        absl::StrAppend(&sql, t, " ADD COLUMN region text;\n");
        break;
      case 1:
        absl::StrAppend(&sql, t, " DROP COLUMN note;\n");
        break;
      case 2:
        absl::StrAppend(&sql, t, " ALTER COLUMN amount TYPE bigint;\n");
        break;
      case 3:
        absl::StrAppend(&sql, "CREATE INDEX ON t", i, " (made);\n");
        break;
      case 4:
        absl::StrAppend(&sql, t, " ADD CHECK (amount >= 0) NOT VALID;\n");
        break;
    }
  }
  return sql;
}

v1::SchemaChange Change() {
  v1::SchemaChange change;
  change.set_schema_before(Schema());
  v1::MigrationFile& file = *change.add_files();
  file.set_path("0002.sql");
  file.set_sql(Migration());
  for (int i = 0; i < kWorkload; ++i) {
    const std::string t = absl::StrCat("t", i % kTables);
    const std::string parent = absl::StrCat("t", (i + kTables - 1) % kTables);
    std::string sql;
    switch (i / kTables) {
      case 0:
        sql = absl::StrCat("SELECT id, name, note FROM ", t, " WHERE id = $1");
        break;
      case 1:
        sql = absl::StrCat("INSERT INTO ", t, " (id, name) VALUES ($1, $2)");
        break;
      case 2:
        sql = absl::StrCat("UPDATE ", t, " SET note = $1, state = $2 WHERE id = $3");
        break;
      case 3:
        sql = absl::StrCat("INSERT INTO ", t,
                           " (id, name) VALUES ($1, $2) ON CONFLICT (name) DO "
                           "UPDATE SET amount = ",
                           t, ".amount + 1");
        break;
      case 4:
        sql = absl::StrCat("SELECT a.name, sum(b.amount) FROM ", t, " a JOIN ", parent,
                           " b ON b.id = a.parent WHERE a.made > $1 GROUP BY a.name");
        break;
    }
    change.add_running_workload()->set_sql(sql);
  }
  return change;
}

// Of this process and of those that it has waited for: the servers that are gone.
double ProcessorMilliseconds() {
  double total = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    for (const timeval& part : {usage.ru_utime, usage.ru_stime}) {
      total += static_cast<double>(part.tv_sec) * 1e3 + static_cast<double>(part.tv_usec) / 1e3;
    }
  }
  return total;
}

// Down parts of Migration().
std::string Down() {
  std::string sql;
  for (int i = 0; i < kStatements; ++i) {
    const std::string t = absl::StrCat("ALTER TABLE t", i);
    switch (i % 5) {
      case 0:
        absl::StrAppend(&sql, t, " DROP COLUMN region;\n");
        break;
      case 1:
        absl::StrAppend(&sql, t, " ADD COLUMN note text;\n");
        break;
      case 2:
        absl::StrAppend(&sql, t, " ALTER COLUMN amount TYPE int;\n");
        break;
      case 3:
        absl::StrAppend(&sql, "DROP INDEX t", i, "_made_idx;\n");
        break;
      case 4:
        absl::StrAppend(&sql, t, " DROP CONSTRAINT t", i, "_amount_check;\n");
        break;
    }
  }
  return sql;
}

double Milliseconds(steady_clock::time_point from, steady_clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

// A row of figures for each part.
class Figures {
 public:
  void Add(const char* what, double value) {
    for (auto& [name, values] : rows_) {
      if (name == what) return values.push_back(value);
    }
    rows_.push_back({what, {value}});
  }
  void Print() {
    for (auto& [what, values] : rows_) {
      std::ranges::sort(values);
      absl::PrintF("  %-28s median %6.0f ms, best %6.0f ms, worst %6.0f ms\n", what,
                   values[values.size() / 2], values.front(), values.back());
    }
  }

 private:
  std::vector<std::pair<std::string, std::vector<double>>> rows_;
};

// Rounds of the same rehearsal; `skipped` of them, the first, are not told of.
bool Measure(const char* what, const ScratchClusters& clusters, const v1::SchemaChange& change,
             int skipped) {
  Figures figures;
  v1::Rehearsal last;
  for (int round = 0; round < kRounds + skipped; ++round) {
    const double used = ProcessorMilliseconds();
    const auto t0 = steady_clock::now();
    auto cluster = clusters.Start(t0 + std::chrono::seconds(30), change.schema_before());
    const auto t1 = steady_clock::now();
    if (!cluster.ok()) return false;
    auto rehearsal = Rehearse(**cluster, change, {});
    const auto t2 = steady_clock::now();
    cluster->reset();
    const auto t3 = steady_clock::now();
    if (!rehearsal.ok() || rehearsal->end() != v1::REHEARSAL_END_COMPLETED) return false;
    last = *std::move(rehearsal);
    if (round < skipped) continue;
    figures.Add("copy and start", Milliseconds(t0, t1));
    figures.Add("load, try, run, try, compare", Milliseconds(t1, t2));
    figures.Add("  bodies of functions, of that",
                static_cast<double>(last.bodies_took().nanos()) / 1e6 +
                    static_cast<double>(last.bodies_took().seconds()) * 1e3);
    figures.Add("end and remove", Milliseconds(t2, t3));
    figures.Add("whole", Milliseconds(t0, t3));
    figures.Add("processor time of all", ProcessorMilliseconds() - used);
  }
  absl::PrintF(
      "%s\n  PostgreSQL %d: %d tables, %d migration statements, %d statements of the running "
      "version (%d covered), %d functions (%d covered)\n",
      what, last.postgres_major_version(), kTables, last.statements_size(),
      last.workload_statements(), last.covered_statements(), last.bodies(), last.covered_bodies());
  absl::PrintF("  found: %d statements broken, %d results changed, %d effects, %d differences\n",
               last.broken_statements_size(), last.result_changes_size(), last.effects_size(),
               last.undo().after_down_size());
  figures.Print();
  return !change.files(0).down_sql().empty() == last.has_undo();
}

// What is as large as a rehearsal takes: is it bounded, in time, memory and what it tells?
bool MeasureLargest(const ScratchClusters& clusters) {
  v1::SchemaChange change;
  std::string& schema = *change.mutable_schema_before();
  for (int i = 0; i < 5000; ++i) {
    absl::StrAppend(&schema, "CREATE TABLE t", i, " (id bigint PRIMARY KEY, name text, n int);\n");
  }
  change.add_files()->set_path("0002.sql");
  std::string& sql = *change.mutable_files(0)->mutable_sql();
  for (int i = 0; i < 10'000; ++i) {
    const std::string t = absl::StrCat("ALTER TABLE t", i % 5000);
    absl::StrAppend(&sql, t, i < 5000 ? " DROP COLUMN name;\n" : " ALTER COLUMN n SET NOT NULL;\n");
  }
  for (int i = 0; i < 20'000; ++i) {
    change.add_running_workload()->set_sql(
        absl::StrCat(i % 2 == 0 ? "SELECT id, name, " : "UPDATE t1 SET n = $1 WHERE id > ", i,
                     i % 2 == 0 ? absl::StrCat(" FROM t", i % 5000) : ""));
  }
  const auto t0 = steady_clock::now();
  auto cluster = clusters.Start(t0 + std::chrono::seconds(300));
  if (!cluster.ok()) return false;
  RehearsalLimits limits;
  limits.total = std::chrono::seconds(300);
  const auto rehearsal = Rehearse(**cluster, change, limits);
  if (!rehearsal.ok()) return false;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  absl::PrintF(
      "5000 tables, 10000 migration statements, 20000 statements of the running version\n"
      "  %s after %.1f s, %d MiB of ours, files of %d MiB, a message of %.1f MiB\n"
      "  %d statements ran, %d covered, left out: %s %s\n",
      v1::RehearsalEnd_Name(rehearsal->end()), Milliseconds(t0, steady_clock::now()) / 1e3,
      usage.ru_maxrss >> 10, (*cluster)->DiskBytes() >> 20,
      static_cast<double>(rehearsal->ByteSizeLong()) / (1 << 20), rehearsal->statements_size(),
      rehearsal->covered_statements(), rehearsal->left_out().ShortDebugString(),
      rehearsal->failure().ShortDebugString());
  return true;
}

int Main(bool largest) {
  const auto loading = ScratchClusters::Open({.keep_schemas = false});
  const auto keeping = ScratchClusters::Open({});
  if (!loading.ok() || !keeping.ok()) {
    absl::FPrintF(stderr, "%s\n", loading.status().ToString());
    return 1;
  }
  if (largest) return MeasureLargest(**loading) ? 0 : 1;
  const v1::SchemaChange change = Change();
  v1::SchemaChange with_down = change;
  with_down.mutable_files(0)->set_down_sql(Down());
  return Measure("the schema is loaded", **loading, change, 0) &&
                 Measure("a copy of it is kept", **keeping, change, 1) &&
                 Measure("the same, down and up again", **keeping, with_down, 0)
             ? 0
             : 1;
}

}  // namespace
}  // namespace gate

// With any argument: the largest one.
int main(int argc, char**) { return gate::Main(argc > 1); }
