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

int Main() {
  const auto clusters = ScratchClusters::Open({});
  if (!clusters.ok()) {
    absl::FPrintF(stderr, "%s\n", clusters.status().ToString());
    return 1;
  }
  const v1::SchemaChange change = Change();
  std::vector<double> start, rehearse, bodies, end, whole, processor;
  v1::Rehearsal last;
  for (int round = 0; round < kRounds; ++round) {
    const double used = ProcessorMilliseconds();
    const auto t0 = steady_clock::now();
    auto cluster = (*clusters)->Start(t0 + std::chrono::seconds(30));
    const auto t1 = steady_clock::now();
    if (!cluster.ok()) return 1;
    auto rehearsal = Rehearse(**cluster, change, {});
    const auto t2 = steady_clock::now();
    cluster->reset();
    const auto t3 = steady_clock::now();
    if (!rehearsal.ok() || rehearsal->end() != v1::REHEARSAL_END_COMPLETED) return 1;
    const auto ms = [](auto from, auto to) {
      return std::chrono::duration<double, std::milli>(to - from).count();
    };
    start.push_back(ms(t0, t1));
    rehearse.push_back(ms(t1, t2));
    bodies.push_back(static_cast<double>(rehearsal->bodies_took().nanos()) / 1e6 +
                     static_cast<double>(rehearsal->bodies_took().seconds()) * 1e3);
    end.push_back(ms(t2, t3));
    whole.push_back(ms(t0, t3));
    processor.push_back(ProcessorMilliseconds() - used);
    last = *std::move(rehearsal);
  }
  const auto print = [](const char* what, std::vector<double> values) {
    std::ranges::sort(values);
    absl::PrintF("%-28s median %6.0f ms, best %6.0f ms, worst %6.0f ms\n", what,
                 values[values.size() / 2], values.front(), values.back());
  };
  absl::PrintF(
      "PostgreSQL %d: %d tables, %d migration statements, %d statements of the running "
      "version (%d covered), %d functions (%d covered)\n",
      last.postgres_major_version(), kTables, last.statements_size(), last.workload_statements(),
      last.covered_statements(), last.bodies(), last.covered_bodies());
  absl::PrintF("found: %d statements broken, %d results changed, %d effects\n",
               last.broken_statements_size(), last.result_changes_size(), last.effects_size());
  print("copy and start", start);
  print("load, try, run, try, compare", rehearse);
  print("  bodies of functions, of that", bodies);
  print("end and remove", end);
  print("whole", whole);
  print("processor time of all", processor);
  return 0;
}

}  // namespace
}  // namespace gate

int main() { return gate::Main(); }
