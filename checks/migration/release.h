// Judges a release: its migrations, in order, against the schema before them. Every action is shown
// to every rule, together with the catalogue as it is at that moment.
#ifndef CHECKS_MIGRATION_RELEASE_H_
#define CHECKS_MIGRATION_RELEASE_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/migration/catalog.h"
#include "checks/migration/finding.h"
#include "checks/migration/formats.h"
#include "checks/migration/ledger.h"
#include "checks/migration/locks.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/ast.h"
#include "checks/migration/sql/split.h"
#include "checks/migration/sql/text.h"
#include "checks/migration/suppression.h"
#include "checks/migration/workload.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::migration {

// What a release came to.
struct Judgement {
  std::vector<v1::Finding> findings;   // in the order of the files
  std::vector<int> statements;         // in each file
  std::optional<Recording> recording;  // by which disuse was judged
};

class Release {
 public:
  // `catalog` is the schema before the release; it outlives this. `files` and `workloads` too.
  // Findings of nothing but locks on tables that are known to be no larger than `small_table_bytes`
  // are INFO.
  Release(std::span<const v1::MigrationFile* const> files, int postgres_version,
          int64_t small_table_bytes, const Workloads& workloads, Catalog& catalog);

  // The judgement. Afterwards the catalogue is the schema after the release, settled. Once.
  Judgement Judge();

  // The schema when the transaction of the action that is being examined has ended.
  const Catalog& AtCommit();

 private:
  // A statement that does something, and the transaction in which it runs.
  struct Step {
    Statement statement;
    int transaction = 0;
    bool shared = false;  // whether the transaction has other statements
  };

  // A file, and what is said about it once all were examined.
  struct Opened {
    const v1::MigrationFile& file;
    std::string_view text;
    Places places;
    std::vector<Suppressions> sections;
  };

  void JudgeFile(const v1::MigrationFile& file);
  // What rules say about the release as a whole, and which comments had no effect.
  void Conclude();
  void ReadSection(std::string_view text, const Section& section, Suppressions& suppressions);
  void ReadPiece(std::string_view text, const Piece& piece, Statement& statement);
  void Examine(Opened& opened, Suppressions& suppressions);
  // Begins a deed: the action, or where there is none the statement that changes rows.
  void AddDeed(const Opened& opened, const Statement& statement, const Action* action);
  // What all rules say about one action; `note` ends each message.
  void ExamineOne(const Action& action, const Opened& opened, const std::string& note);
  // Adds to a remark of locks what the tables are like that it is about.
  void Weigh(Remark& remark) const;
  void AddUnreadable(const v1::MigrationFile& file, std::string_view text, const TextFlaw& flaw);
  void Add(const Rule& rule, const Remark& remark, Span span, std::string_view text,
           const std::string& path, const Places& places);

  const std::span<const v1::MigrationFile* const> files_;
  const int postgres_version_;
  const int64_t small_table_bytes_;
  const Workloads& workloads_;
  Catalog& catalog_;
  const Catalog start_;  // the schema before
  Judgement judgement_;
  Identities identities_;
  std::vector<Opened> opened_;
  std::vector<Deed> deeds_;
  bool deeds_cut_ = false;

  // Of the section that is being judged.
  std::vector<Step> steps_;
  size_t step_ = 0, action_ = 0;
  int transaction_ = 0;  // the last one given
  std::optional<Catalog> at_commit_;
  int at_commit_of_ = 0;
  HeldLocks held_;
  int held_of_ = 0;
};

// The schema that these statements make, settled. What cannot be read leaves the catalogue
// incomplete.
void LoadSchema(std::string_view sql, Catalog& catalog);
// What its tables are like.
void LoadTables(const google::protobuf::RepeatedPtrField<v1::TableState>& states, Catalog& catalog);

inline constexpr int64_t kSmallTableBytes = int64_t{10} << 20;  // where nobody says otherwise

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_RELEASE_H_
