#include "checks/migration/release.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checks/migration/finding.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/sql/uses.h"
#include "checks/proto_time.h"

namespace gate::migration {
namespace {

// More than any release has, and few enough for a hostile file to stay cheap.
constexpr size_t kMaxSteps = 100'000;
constexpr size_t kMaxFindings = 1'000;
constexpr size_t kMaxDeeds = 20'000;
constexpr size_t kMaxCopies = 1'000;  // statements of a section that change rows alone

// psql's own commands that change nothing about the statements around them.
constexpr std::string_view kHarmlessCommands[] = {
    "\\echo", "\\qecho", "\\restrict", "\\unrestrict", "\\timing", "\\pset", "\\encoding", "\\."};

bool IsHarmless(std::string_view command) {
  const std::string_view word = command.substr(0, command.find_first_of(" \t"));
  return std::ranges::find(kHarmlessCommands, word) != std::end(kHarmlessCommands);
}

Opaque Unparsed(const SyntaxError& error) {
  return {absl::StrCat("PostgreSQL 15's parser does not understand this statement: ", error.message,
                       "."),
          "Correct it; where it is newer than PostgreSQL 15, a template or another database's "
          "dialect, have the change reviewed and overridden."};
}

// The word at which the parser stopped.
Span WordAt(std::string_view text, uint32_t offset, Span statement) {
  Lexer lexer(text.substr(0, statement.end), offset);
  const Span word = lexer.Next().span;
  return word.begin < word.end && offset < statement.end ? Span{offset, word.end} : statement;
}

// Which transaction each statement of a section belongs to.
class Transactions {
 public:
  Transactions(bool wrapped, int& last) : open_(wrapped), last_(last) { ++last_; }

  // The transaction of a statement with these actions.
  int Of(const Statement& statement) {
    for (const Action& action : statement.actions) {
      const auto* verb = As<Transaction>(action);
      if (verb == nullptr) continue;
      const bool begins = verb->verb == TransactionVerb::kBegin;
      if (begins && !open_) ++last_;
      const int transaction = last_;
      if (!begins) ++last_;
      open_ = begins;
      return transaction;
    }
    return open_ ? last_ : ++last_;
  }

 private:
  bool open_;
  int& last_;
};

bool IsForbidden(const Statement& statement) {
  return std::ranges::any_of(statement.actions, [](const Action& action) {
    return As<OutsideTransaction>(action) != nullptr;
  });
}

const Name* Address(const Name& name) { return &name; }
const Name* Address(const std::optional<Name>& name) { return name ? &*name : nullptr; }

// ALTER TABLE IF EXISTS of a table that is not there.
bool IsForNothing(const Action& action, const Catalog& before) {
  if (!action.if_table_exists) return false;
  return std::visit(
      [&before](const auto& what) {
        if constexpr (requires { Address(what.table); }) {
          const Name* table = Address(what.table);
          return table != nullptr && before.IsAbsent(*table);
        }
        return false;
      },
      action.what);
}

// Where a finding rests on something that may be as new as the text says, the reader has to know.
std::string Doubt(const Action& action, const Catalog& before) {
  return std::visit(
      [&before](const auto& what) -> std::string {
        const Name* name = nullptr;
        const KnownColumn* column = nullptr;
        if constexpr (requires { Address(what.table); }) {
          name = Address(what.table);
        } else if constexpr (requires { Address(what.name); }) {
          name = Address(what.name);
        }
        if (name == nullptr) return "";
        if constexpr (requires { before.Find(what.table, what.column); }) {
          column = before.Find(what.table, what.column);
        }
        const Relation* relation = before.Find(*name);
        const bool of_column = column != nullptr && column->assumed;
        if (!of_column && (relation == nullptr || !relation->assumed)) return "";
        return absl::StrCat(" (", Quoted(*name),
                            of_column ? absl::StrCat(".", Quoted(column->definition.name)) : "",
                            " may exist already: the schema before is not known.)");
      },
      action.what);
}

bool IsOfALock(v1::Effect effect) {
  return effect == v1::EFFECT_BLOCKS_READS || effect == v1::EFFECT_BLOCKS_WRITES ||
         effect == v1::EFFECT_SCANS_TABLE || effect == v1::EFFECT_REWRITES_TABLE;
}

// "96 kB", "2.1 GB": as PostgreSQL's pg_size_pretty counts, in powers of 1,024.
std::string Bytes(int64_t bytes) {
  constexpr std::string_view kUnits[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  const bool whole = unit == 0 || value >= 10 || value == std::floor(value);
  return absl::StrCat(whole ? absl::StrFormat("%.0f", value) : absl::StrFormat("%.1f", value), " ",
                      std::string(kUnits[unit]));
}

// ", about 40 million rows"; nothing where it is not known.
std::string Rows(int64_t rows) {
  if (rows < 0) return "";
  if (rows >= 10'000'000) return absl::StrCat(", about ", rows / 1'000'000, " million rows");
  if (rows >= 10'000) return absl::StrCat(", about ", rows / 1'000, ",000 rows");
  return absl::StrCat(", about ", rows, rows == 1 ? " row" : " rows");
}

bool ChangesRows(std::string_view text, Span statement) {
  Lexer lexer(text.substr(0, statement.end), statement.begin);
  const std::string_view word = Slice(text, lexer.Next().span);
  return IsKeyword(word, "UPDATE") || IsKeyword(word, "INSERT") || IsKeyword(word, "WITH");
}

}  // namespace

const Catalog& Scene::AtCommit() const { return release.AtCommit(); }

Release::Release(std::span<const v1::MigrationFile* const> files, int postgres_version,
                 int64_t small_table_bytes, const Workloads& workloads, Catalog& catalog)
    : files_(files),
      postgres_version_(postgres_version),
      small_table_bytes_(small_table_bytes),
      workloads_(workloads),
      catalog_(catalog),
      start_(catalog) {}

Judgement Release::Judge() {
  opened_.reserve(files_.size());
  for (const v1::MigrationFile* file : files_) JudgeFile(*file);
  at_commit_.reset();
  Conclude();
  catalog_.Settle();
  return std::move(judgement_);
}

void Release::JudgeFile(const v1::MigrationFile& file) {
  judgement_.statements.push_back(0);
  const std::string_view text = WithoutByteOrderMark(file.sql());
  if (const std::optional<TextFlaw> flaw = FindFlaw(text)) return AddUnreadable(file, text, *flaw);
  Opened& opened = opened_.emplace_back(Opened{file, text, Places(text), {}});
  catalog_.StartSession();
  for (const Section& section : UpSections(file, text)) {
    Suppressions& suppressions = opened.sections.emplace_back(text, section.span);
    ReadSection(text, section, suppressions);
    Examine(opened, suppressions);
  }
}

void Release::Conclude() {
  // Most releases contract nothing, and nobody asks what their statements copy.
  if (std::ranges::any_of(deeds_, Breaks)) {
    for (Deed& deed : deeds_) {
      const bool rows = !deed.action || As<WriteRows>(*deed.action) != nullptr;
      if (Uses uses; rows && !ReadUses(Slice(deed.text, deed.statement), uses)) {
        deed.uses = std::move(uses);
      }
    }
  }
  std::vector<std::string> paths;
  for (const Opened& opened : opened_) paths.push_back(opened.file.path());
  const Ledger ledger{std::move(paths), std::move(deeds_), deeds_cut_,       start_,
                      catalog_,         workloads_,        postgres_version_};
  for (const RuleEntry& entry : AllRules()) {
    if (entry.rule->conclude == nullptr) continue;
    for (const Conclusion& conclusion : entry.rule->conclude(ledger)) {
      if (judgement_.findings.size() > kMaxFindings) return;
      const Deed& deed = ledger.deeds[conclusion.deed];
      Opened& opened = opened_[deed.file];
      Add(*entry.rule, conclusion.remark, deed.action ? deed.action->span : deed.statement,
          opened.text, opened.file.path(), opened.places);
      for (Suppressions& suppressions : opened.sections) {
        suppressions.Cover(deed.statement, judgement_.findings.back());
      }
    }
  }
  const Rule& idle_comment = *FindRuleByStem("suppression");
  for (const Opened& opened : opened_) {
    for (const Suppressions& suppressions : opened.sections) {
      for (const Suppressions::Idle& idle : suppressions.TakeIdle()) {
        Add(idle_comment, {.subject = idle.subject, .message = idle.message}, idle.span,
            opened.text, opened.file.path(), opened.places);
      }
    }
  }
}

void Release::AddDeed(const Opened& opened, const Statement& statement, const Action* action) {
  if (deeds_.size() == kMaxDeeds) {
    deeds_cut_ = true;
    return;
  }
  Deed& deed = deeds_.emplace_back();
  deed.file = static_cast<size_t>(&opened - opened_.data());
  deed.text = opened.text;
  deed.statement = statement.span;
  if (action == nullptr) return;
  deed.action = *action;
  deed.phase = PhaseOf(*action);
  const Name* name = TableOf(*action);
  if (name == nullptr) return;
  const Relation* table = catalog_.Find(*name);
  if (const auto* drop = As<DropRelation>(*action); drop && drop->kind == RelationKind::kIndex) {
    table = catalog_.TableOf(*name);
  }
  deed.table = table == nullptr ? catalog_.Resolve(*name) : table->was.value_or(table->name);
  deed.existed = table == nullptr ? As<CreateRelation>(*action) == nullptr
                                  : (table->existed && !table->assumed);
  const std::string column = ColumnOf(*action);
  if (!column.empty()) deed.existed = deed.existed && catalog_.Existed(*name, column);
}

void Release::ReadPiece(std::string_view text, const Piece& piece, Statement& statement) {
  statement.span = piece.span;
  switch (piece.kind) {
    case Piece::Kind::kStatement:
      if (const std::optional<SyntaxError> error = Parse(text, piece.span, statement)) {
        statement.actions.push_back({Unparsed(*error), WordAt(text, error->offset, piece.span)});
      }
      return;
    case Piece::Kind::kMetaCommand:
      if (IsHarmless(Slice(text, piece.span))) return;
      statement.actions.push_back(
          {Opaque{"Only psql understands this line; what it does cannot be seen from here.",
                  "Write the statements that it runs into the migration."},
           piece.span});
      return;
    case Piece::Kind::kCopyData:
      statement.actions.push_back(
          {Opaque{"Lines of data behind COPY ... FROM STDIN are not looked at.",
                  "Load data with INSERT, or outside of the migration."},
           piece.span});
      return;
    case Piece::Kind::kEnd:
      return;
  }
}

void Release::ReadSection(std::string_view text, const Section& section,
                          Suppressions& suppressions) {
  steps_.clear();
  std::vector<int> sizes;  // statements in each transaction, counted from the first
  const int first = transaction_ + 1;
  int statements = 0;
  size_t copies_left = kMaxCopies;
  Splitter splitter(text, section.span);
  for (Piece piece = splitter.Next(); piece.kind != Piece::Kind::kEnd; piece = splitter.Next()) {
    ++statements;
    suppressions.Next(piece.span);
    Step step;
    if (steps_.size() == kMaxSteps) {
      step.statement.span = {piece.span.begin, section.span.end};
      step.statement.actions.push_back(
          {Opaque{absl::StrCat("More than ", kMaxSteps,
                               " statements that change the schema; the rest is not judged."),
                  "Split the migration into releases."},
           piece.span});
      steps_.push_back(std::move(step));
      break;
    }
    ReadPiece(text, piece, step.statement);
    const bool copies = step.statement.actions.empty() && copies_left > 0 &&
                        piece.kind == Piece::Kind::kStatement && ChangesRows(text, piece.span);
    if (copies) --copies_left;
    if (copies || !step.statement.actions.empty()) steps_.push_back(std::move(step));
  }
  judgement_.statements.back() += statements;
  const bool forbidden =
      std::ranges::any_of(steps_, [](const Step& step) { return IsForbidden(step.statement); });
  const bool wrapped = IsWrapped(section.wrapping, static_cast<size_t>(statements), forbidden);
  Transactions transactions(wrapped, transaction_);
  for (Step& step : steps_) {
    step.transaction = transactions.Of(step.statement);
    sizes.resize(std::max<size_t>(sizes.size(), step.transaction - first + 1));
    ++sizes[step.transaction - first];
  }
  // Statements without an action (INSERT, COMMENT) take part in the runner's transaction as well.
  for (Step& step : steps_) {
    step.shared = sizes[step.transaction - first] > 1 || (wrapped && step.transaction == first);
  }
}

const Catalog& Release::AtCommit() {
  const int transaction = steps_[step_].transaction;
  if (at_commit_ && at_commit_of_ == transaction) return *at_commit_;
  at_commit_ = catalog_;
  at_commit_of_ = transaction;
  for (size_t step = step_; step < steps_.size(); ++step) {
    if (steps_[step].transaction != transaction) break;
    const std::vector<Action>& actions = steps_[step].statement.actions;
    for (size_t i = step == step_ ? action_ : 0; i < actions.size(); ++i) {
      if (!IsForNothing(actions[i], *at_commit_)) at_commit_->Apply(actions[i]);
    }
  }
  return *at_commit_;
}

void Release::Examine(Opened& opened, Suppressions& suppressions) {
  for (step_ = 0; step_ < steps_.size(); ++step_) {
    const Statement& statement = steps_[step_].statement;
    const size_t found = judgement_.findings.size();
    if (std::exchange(held_of_, steps_[step_].transaction) != steps_[step_].transaction) held_ = {};
    if (statement.actions.empty()) AddDeed(opened, statement, nullptr);
    for (action_ = 0; action_ < statement.actions.size(); ++action_) {
      const Action& action = statement.actions[action_];
      if (IsForNothing(action, catalog_)) continue;
      AddDeed(opened, statement, &action);
      ExamineOne(action, opened, "");
      for (const Action& taken : catalog_.TakenAlong(action)) {
        ExamineOne(taken, opened, " CASCADE takes it along.");
      }
      held_.Take(action, catalog_);
      catalog_.Apply(action);
      if (judgement_.findings.size() > kMaxFindings) return catalog_.Apply({Opaque{}, action.span});
    }
    for (v1::Finding& finding : std::span(judgement_.findings).subspan(found)) {
      suppressions.Cover(statement.span, finding);
    }
  }
}

void Release::ExamineOne(const Action& action, const Opened& opened, const std::string& note) {
  const Step& step = steps_[step_];
  const Scene scene{action,
                    opened.text,
                    catalog_,
                    step.shared,
                    postgres_version_,
                    *this,
                    workloads_.running,
                    workloads_.next,
                    start_,
                    workloads_.recording ? &*workloads_.recording : nullptr,
                    held_};
  for (const RuleEntry& entry : AllRules()) {
    if (judgement_.findings.size() > kMaxFindings) return;
    if (entry.rule->examine == nullptr) continue;
    std::optional<Remark> remark = entry.rule->examine(scene);
    if (!remark) continue;
    Weigh(*remark);
    remark->message += note + Doubt(action, catalog_);
    Add(*entry.rule, *remark, action.span, opened.text, opened.file.path(), opened.places);
    if (!deeds_cut_) deeds_.back().found.push_back({entry.rule, *std::move(remark)});
  }
}

void Release::Weigh(Remark& remark) const {
  if (remark.locked.empty()) return;
  bool small = small_table_bytes_ > 0 && std::ranges::all_of(remark.effects, IsOfALock);
  for (const Name& table : remark.locked) {
    const Relation* known = catalog_.Find(table);
    if (known == nullptr || !known->state) {
      small = false;
      continue;
    }
    const TableState& state = *known->state;
    small = small && state.bytes <= small_table_bytes_ && state.used_since.empty();
    absl::StrAppend(&remark.message, " ", Quoted(table), " has ", Bytes(state.bytes),
                    Rows(state.rows), ".");
    if (state.used_since.empty()) continue;
    absl::StrAppend(&remark.message, " A transaction that began at ", state.used_since,
                    " was still using ", Quoted(table),
                    ": the lock waits for its end, and everybody else waits behind the lock.");
  }
  if (!small) return;
  remark.severity = v1::SEVERITY_INFO;
  absl::StrAppend(&remark.message, " That is under the limit of ", Bytes(small_table_bytes_),
                  ": it is done before anybody notices.");
}

void Release::Add(const Rule& rule, const Remark& remark, Span span, std::string_view text,
                  const std::string& path, const Places& places) {
  if (judgement_.findings.size() == kMaxFindings) {
    Remark rest{"",
                {v1::EFFECT_UNPROVEN},
                absl::StrCat("There are more findings than the ", kMaxFindings,
                             " above; from here "
                             "on nothing is judged."),
                {"Split the migration into releases.", "", ""}};
    judgement_.findings.push_back(
        MakeFinding(*FindRuleByStem("unproven"), rest, span, text, path, places, identities_));
    return;
  }
  judgement_.findings.push_back(MakeFinding(rule, remark, span, text, path, places, identities_));
}

void Release::AddUnreadable(const v1::MigrationFile& file, std::string_view text,
                            const TextFlaw& flaw) {
  catalog_.set_complete(false);
  const Remark remark{"",
                      {v1::EFFECT_UNPROVEN},
                      absl::StrCat("The file cannot be read: ", flaw.message, "."),
                      {"Save it as UTF-8 text; data does not belong into a migration.", "", ""}};
  // What lies before the bad byte is fit to be counted.
  const std::string_view readable = text.substr(0, flaw.offset);
  judgement_.findings.push_back(MakeFinding(*FindRuleByStem("unproven"), remark,
                                            {flaw.offset, flaw.offset}, readable, file.path(),
                                            Places(readable), identities_));
}

void LoadSchema(std::string_view sql, Catalog& catalog) {
  const std::string_view text = WithoutByteOrderMark(sql);
  catalog.set_complete(!text.empty());
  if (FindFlaw(text)) return catalog.set_complete(false);
  Splitter splitter(text, {0, static_cast<uint32_t>(text.size())});
  for (Piece piece = splitter.Next(); piece.kind != Piece::Kind::kEnd; piece = splitter.Next()) {
    if (piece.kind != Piece::Kind::kStatement) continue;
    Statement statement;
    if (Parse(text, piece.span, statement)) catalog.set_complete(false);
    for (const Action& action : statement.actions) {
      if (!IsForNothing(action, catalog)) catalog.Apply(action);
    }
  }
  catalog.Settle();
}

void LoadTables(const google::protobuf::RepeatedPtrField<v1::TableState>& states,
                Catalog& catalog) {
  for (const v1::TableState& state : states) {
    const size_t dot = state.name().find('.');
    Name name{"", state.name()};
    if (dot != std::string::npos)
      name = {state.name().substr(0, dot), state.name().substr(dot + 1)};
    catalog.SetState(name, {state.bytes(), state.rows(),
                            state.has_used_since() ? Rfc3339(FromProto(state.used_since())) : ""});
  }
}

}  // namespace gate::migration
