#include "checks/migration/proof.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/differences.h"
#include "checks/migration/failure.h"
#include "checks/migration/finding.h"
#include "checks/migration/steps.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

constexpr size_t kMaxWitnesses = 100;
// Of one kind; more of them say nothing new.
constexpr size_t kMaxFindings = 200;
constexpr int kShownLosses = 3;
constexpr size_t kShownFacts = 10;  // of one finding
constexpr int kShownTriggers = 3;

constexpr char kInsteadOfBreakingABody[] =
    "In the same transaction, give it a body that works without (CREATE OR REPLACE); or keep what "
    "it uses.";

std::string Count(size_t number, std::string_view noun) {
  return absl::StrCat(number, " ", std::string(noun), number == 1 ? "" : "s");
}

bool Has(const v1::Finding& finding, v1::Effect effect) {
  return std::ranges::find(finding.effects(), effect) != finding.effects().end();
}

v1::Witness WitnessOf(const v1::WorkloadStatement& statement, std::string_view sqlstate,
                      bool certain) {
  v1::Witness witness;
  witness.set_sql(OnOneLine(statement.sql()));
  witness.set_calls_per_hour(statement.calls_per_hour());
  witness.set_origin(statement.origin());
  witness.set_sqlstate(std::string(sqlstate));
  witness.set_certain(certain);
  return witness;
}

bool IsOf(const v1::Finding& finding, const std::vector<std::string_view>& rules) {
  constexpr std::string_view kCheck = "migration.";
  return std::ranges::find(rules, std::string_view(finding.rule()).substr(kCheck.size())) !=
         rules.end();
}

// The object that PostgreSQL's message names: total of `column "total" does not exist`, of `column
// o.total does not exist`; tax of `function tax(integer) does not exist`.
std::string ObjectIn(std::string_view message) {
  const size_t quote = message.find('"');
  if (quote != message.npos) {
    const size_t end = message.find('"', quote + 1);
    return LastName(message.substr(quote + 1, end - quote - 1));
  }
  for (const std::string_view head : {"column ", "function ", "table ", "sequence "}) {
    const size_t at = message.find(head);
    if (at == message.npos) continue;
    const std::string_view rest = message.substr(at + head.size());
    return LastName(rest.substr(0, rest.find_first_of(" (")));
  }
  return "";
}

// What is missing when the body of a function fails: note of `record "new" has no field "note"`.
std::string ObjectIn(const v1::SchemaEffect& effect) {
  const std::string_view detail = effect.detail();
  constexpr std::string_view kField = "has no field ";
  const size_t field = detail.find(kField);
  return ObjectIn(field == detail.npos ? detail : detail.substr(field + kField.size()));
}

std::string Columns(const google::protobuf::RepeatedPtrField<v1::ResultColumn>& columns) {
  return absl::StrCat("(",
                      absl::StrJoin(columns, ", ",
                                    [](std::string* out, const auto& column) {
                                      absl::StrAppend(out, column.name(), " ", column.type());
                                    }),
                      ")");
}

// Clients that bind and read one bind and read the other.
bool ReadAlike(std::string_view a, std::string_view b) {
  const auto base = [](std::string_view type) {
    const std::string_view name = type.substr(0, type.find('('));
    return name == "character varying" ? std::string_view("text") : name;
  };
  return base(a) == base(b);
}

// Whether clients that look at the columns that they know find them where they were.
bool KeepsItsColumns(const v1::ResultChange& change) {
  if (change.after_size() < change.before_size()) return false;
  for (int i = 0; i < change.before_size(); ++i) {
    const v1::ResultColumn &was = change.before(i), &is = change.after(i);
    if (was.name() != is.name() || !ReadAlike(was.type(), is.type())) return false;
  }
  return std::ranges::equal(change.parameters_before(), change.parameters_after(), ReadAlike);
}

// Statements that run code: what they do may depend on rows.
bool RunsCode(const std::string& verb) {
  for (const std::string_view one : {"CALL", "DO", "EXECUTE", "SELECT", "WITH"}) {
    if (verb == one) return true;
  }
  return false;
}

class Proof {
 public:
  Proof(const v1::Rehearsal& rehearsal, const Rehearsed& release,
        std::vector<v1::Finding>& findings)
      : rehearsal_(rehearsal),
        release_(release),
        findings_(findings),
        steps_(release.files),
        proven_(findings.size()),
        server_(absl::StrCat("PostgreSQL ", rehearsal.postgres_major_version(),
                             OtherVersion()
                                 ? absl::StrCat(" (production has ", release.postgres_version, ")")
                                 : "")) {}

  void Run() {
    if (rehearsal_.end() != v1::REHEARSAL_END_COMPLETED) return Stopped();
    for (size_t i = 0; i < findings_.size(); ++i) {
      for (const v1::Witness& witness : findings_[i].witnesses()) {
        by_witness_.emplace(witness.sql(), i);
      }
    }
    ReadBroken();
    ReadResults();
    ReadEffects();
    ReadStatements();
    const size_t own = proven_.size();
    for (size_t i = 0; i < own; ++i) Strengthen(findings_[i], proven_[i]);
    TellCoverage();
  }

 private:
  // What the rehearsal adds to a finding of the rules.
  struct Proven {
    std::vector<v1::Witness> witnesses;
    size_t more = 0;                 // beyond those
    std::vector<std::string> facts;  // sentences
  };

  // ---- findings of the rehearsal's own
  v1::Finding& Add(std::string_view stem, const Step* step, const Remark& remark) {
    static const Places& nowhere = *new Places("");
    const Rule& rule = *FindRuleByStem(stem);
    if (step == nullptr) {
      findings_.push_back(MakeFinding(rule, remark, {}, "", "", nowhere, identities_));
      findings_.back().clear_location();
    } else {
      findings_.push_back(MakeFinding(rule, remark, step->statement.span, step->file->text,
                                      step->file->path, step->file->places, identities_));
    }
    return findings_.back();
  }

  void Disagree(std::string_view rule, const Step* step, std::string_view rule_says,
                std::string_view shown) {
    Add("rule_disagrees", step,
        {.subject = absl::StrCat("migration.", std::string(rule)),
         .message = absl::StrCat(std::string(rule_says), " On a scratch ", server_, " ",
                                 std::string(shown), ". What was run is believed.")});
  }

  // ---- a rehearsal without a proof
  void Stopped() {
    const v1::RehearsalFailure& failure = rehearsal_.failure();
    const std::string said = Describe(failure);
    const Step* step = steps_.At(failure.path(), failure.line());
    if (rehearsal_.end() == v1::REHEARSAL_END_MIGRATION_FAILED && step != nullptr && Fails(*step)) {
      if (ToldByARule(*step, said)) return;
      Add("fails", step,
          {.effects = {v1::EFFECT_BREAKS_NEW_VERSION},
           .message = absl::StrCat("This statement fails on a scratch ", server_,
                                   " with the schema before: ", said, ". The release stops here."),
           .instead = {.now = "Mend the migration, or the schema that was given with it."}});
      return;
    }
    std::string why = said;
    switch (rehearsal_.end()) {
      case v1::REHEARSAL_END_MIGRATION_FAILED:
        why = absl::StrCat("a statement of the release fails on the scratch ", server_, ", ",
                           WhyNoProof(step), ": ", said);
        break;
      case v1::REHEARSAL_END_REFUSED:
        why = absl::StrCat("a statement needs a right that no rehearsal gives: ", said);
        break;
      case v1::REHEARSAL_END_TIMED_OUT:
        why = absl::StrCat("the time was used up: ", said);
        break;
      default:
        break;
    }
    if (!failure.path().empty()) absl::StrAppend(&why, " at ", failure.path(), ":", failure.line());
    findings_.push_back(NotRehearsed(why, release_.required));
  }

  // A rule may have seen it in the text. One that names the way out takes the proof on; one that
  // only doubts the schema has nothing left to say. Returns whether the first has happened.
  bool ToldByARule(const Step& step, const std::string& said) {
    const Places& places = step.file->places;
    const Places::Place begin = places.At(step.statement.span.begin),
                        end = places.At(step.statement.span.end);
    const auto is_here = [&](const v1::Finding& finding, std::string_view rule) {
      const v1::Location& at = finding.location();
      return finding.rule() == rule && finding.covered_by().empty() &&
             at.path() == step.file->path && at.line() >= begin.line && at.line() <= end.line &&
             (at.line() != begin.line || at.column() >= begin.column) &&
             (at.line() != end.line || at.column() <= end.column);
    };
    const auto told = std::ranges::find_if(findings_, [&](const v1::Finding& finding) {
      return is_here(finding, "migration.concurrently_in_transaction");
    });
    if (told != findings_.end()) {
      told->set_message(absl::StrCat(told->message(), " Proven on a scratch ", server_, ": ", said,
                                     ". The release stops here."));
      return true;
    }
    std::erase_if(findings_, [&](const v1::Finding& finding) {
      return is_here(finding, "migration.schema_mismatch");
    });
    return false;
  }

  bool SchemaIsWhole() const { return migration::SchemaIsWhole(rehearsal_, release_.schema_given); }
  // Where production's is not told, nobody knows.
  bool SameVersion() const {
    return release_.postgres_version == rehearsal_.postgres_major_version();
  }
  bool OtherVersion() const { return release_.postgres_version != 0 && !SameVersion(); }

  // Whether the statement would fail in production as well.
  bool Fails(const Step& step) const {
    const v1::RehearsalFailure& failure = rehearsal_.failure();
    return !OtherVersion() && !RunsCode(step.verb) && FailsEverywhere(failure) &&
           (SchemaIsWhole() || !IsMissing(failure.sqlstate()));
  }

  std::string WhyNoProof(const Step* step) const {
    if (OtherVersion()) return "which is another version";
    if (!SchemaIsWhole() && IsMissing(rehearsal_.failure().sqlstate())) {
      return "and not all of the schema before is known";
    }
    if (step != nullptr && RunsCode(step->verb)) return "and it runs code that may depend on rows";
    return "where the tables are empty";
  }

  // ---- statements of the running version that fail
  std::optional<size_t> FindingOf(const Break& kind, const v1::BrokenStatement& broken,
                                  const std::string& object) const {
    const auto [begin, end] = by_witness_.equal_range(OnOneLine(broken.statement().sql()));
    std::optional<size_t> by_witness;
    for (auto at = begin; at != end; ++at) {
      const v1::Finding& finding = findings_[at->second];
      if (!kind.rules.empty() && !IsOf(finding, kind.rules)) continue;
      if (object.empty() || LastName(finding.subject()) == object) return at->second;
      by_witness = at->second;
    }
    if (by_witness) return by_witness;
    for (size_t i = 0; i < proven_.size(); ++i) {
      if (!IsOf(findings_[i], kind.rules)) continue;
      const std::string subject = LastName(findings_[i].subject());
      if (!object.empty() && subject.substr(0, subject.find('(')) == object) return i;
    }
    return std::nullopt;
  }

  void ReadBroken() {
    std::map<std::pair<std::string, std::string>, Group> groups;
    for (const v1::BrokenStatement& broken : rehearsal_.broken_statements()) {
      const Break& kind = BreakOf(broken.sqlstate());
      const std::string object = ObjectIn(broken.message());
      v1::Witness witness = WitnessOf(broken.statement(), broken.sqlstate(), true);
      const Disuse disuse = DisuseOf(kind, broken);
      if (const auto finding = FindingOf(kind, broken, object)) {
        if (IsCleared(findings_[*finding]) && disuse.state == Disuse::State::kUnused) continue;
        proven_[*finding].witnesses.push_back(std::move(witness));
        proven_[*finding].more += static_cast<size_t>(broken.more_alike());
        continue;
      }
      const auto key = std::pair(broken.sqlstate(), broken.message());
      Group& group = groups.try_emplace(key, Group{&broken, disuse}).first->second;
      group.witnesses.push_back(witness);
      group.more += static_cast<size_t>(broken.more_alike());
      if (Outweighs(disuse, group.disuse)) group.disuse = disuse;
    }
    size_t added = 0;
    for (auto& [key, group] : groups) AddBroken(group, ++added <= kMaxFindings);
  }

  // Statements that fail alike.
  struct Group {
    const v1::BrokenStatement* first = nullptr;
    Disuse disuse;  // of the one that was used last
    std::vector<v1::Witness> witnesses = {};
    size_t more = 0;  // beyond those
  };

  static bool Outweighs(const Disuse& a, const Disuse& b) {
    return a.state != b.state ? a.state < b.state : a.since > b.since;
  }

  // As the rules judge what takes away what statements name (witness.h): by when they last ran. A
  // statement that is not listed may have run since.
  Disuse DisuseOf(const Break& kind, const v1::BrokenStatement& broken) const {
    constexpr std::string_view kCleared[] = {"drop_column", "drop_function", "drop_table",
                                             "drop_unique"};
    const bool may = release_.recording != nullptr && broken.more_alike() == 0 && SchemaIsWhole() &&
                     rehearsal_.covered_bodies() == rehearsal_.bodies() &&
                     std::ranges::find(kCleared, kind.rule) != std::end(kCleared);
    if (!may) return {};
    return migration::DisuseOf(LastUse(broken.statement(), *release_.recording),
                               *release_.recording);
  }

  // Whether the rule has found that nothing uses it any more.
  static bool IsCleared(const v1::Finding& finding) {
    return finding.severity() == v1::SEVERITY_INFO &&
           !Has(finding, v1::EFFECT_BREAKS_RUNNING_VERSION);
  }

  void AddBroken(Group& group, bool placed) {
    const v1::BrokenStatement& broken = *group.first;
    const size_t count = group.witnesses.size() + group.more;
    const Break& kind = BreakOf(broken.sqlstate());
    const std::string object = ObjectIn(broken.message());
    const Step* step = placed ? steps_.CauseOf(object) : nullptr;
    const std::string shown = absl::StrCat(Count(count, "statement"), " of the running version ",
                                           count == 1 ? "fails" : "fail", ": ", broken.message(),
                                           " (", broken.sqlstate(), ")");
    if (step != nullptr ? !step->opaque : !steps_.any_opaque()) {
      Disagree(kind.rule, step, "No rule has seen a break here.", shown);
    }
    Remark remark{.subject = object,
                  .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
                  .message = absl::StrCat("Proven on a scratch ", server_, ": ", shown, "."),
                  .instead = {.now = "Keep what these statements use; a later release, once no "
                                     "node runs that executes them, takes it away."}};
    SetWitnesses(std::move(group.witnesses), remark.witnesses, remark.witness_count);
    remark.witness_count += group.more;
    if (group.disuse.state == Disuse::State::kTooRecent) remark.disuse = group.disuse;
    if (group.disuse.state == Disuse::State::kUnused) {
      remark.severity = v1::SEVERITY_INFO;
      remark.effects.clear();
      absl::StrAppend(&remark.message, " None has run since ", Moment(group.disuse.since),
                      ", for longer than the ", InWords(release_.recording->unused_for),
                      " that the policy asks for.");
    }
    Add(kind.rule, step, remark);
  }

  // ---- rows that look different
  void ReadResults() {
    std::vector<const v1::ResultChange*> breaking, once;
    for (const v1::ResultChange& change : rehearsal_.result_changes()) {
      if (const auto finding = FindingOf(change)) {
        proven_[*finding].witnesses.push_back(WitnessOf(change.statement(), "0A000", false));
      } else {
        (KeepsItsColumns(change) ? once : breaking).push_back(&change);
      }
    }
    AddResults(breaking, v1::SEVERITY_BLOCK,
               "Clients that count on a column's place, name or type fail or read something else");
    AddResults(once, v1::SEVERITY_WARN,
               "Sessions that have prepared them fail once (0A000, \"cached plan must not change "
               "result type\"), unless their driver prepares them again by itself");
  }

  std::optional<size_t> FindingOf(const v1::ResultChange& change) const {
    const std::vector<std::string_view> rules = {"change_type", "rename_column", "drop_column"};
    const auto [begin, end] = by_witness_.equal_range(OnOneLine(change.statement().sql()));
    for (auto at = begin; at != end; ++at) {
      if (IsOf(findings_[at->second], rules)) return at->second;
    }
    for (size_t i = 0; i < proven_.size(); ++i) {
      if (!IsOf(findings_[i], rules)) continue;
      const std::string column = LastName(findings_[i].subject());
      const auto is = [&column](const v1::ResultColumn& one) { return one.name() == column; };
      if (std::ranges::any_of(change.before(), is)) return i;
    }
    return std::nullopt;
  }

  void AddResults(const std::vector<const v1::ResultChange*>& changes, v1::Severity severity,
                  std::string_view means) {
    if (changes.empty()) return;
    const v1::ResultChange& first = *changes.front();
    std::string object;
    for (int i = 0; i < first.before_size() && object.empty(); ++i) {
      const bool same = i < first.after_size() && first.after(i).name() == first.before(i).name() &&
                        first.after(i).type() == first.before(i).type();
      if (!same) object = first.before(i).name();
    }
    if (object.empty() && first.after_size() > first.before_size()) {
      object = first.after(first.before_size()).name();
    }
    const bool rows = Columns(first.before()) != Columns(first.after());
    Remark remark{
        .subject = object,
        .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
        .message = absl::StrCat(
            "Seen on a scratch ", server_, ": ", Count(changes.size(), "statement"),
            " of the running version ", changes.size() == 1 ? "returns or takes" : "return or take",
            " something else than before, the first ",
            rows ? absl::StrCat(Columns(first.after()), " for ", Columns(first.before()))
                 : absl::StrCat("(", absl::StrJoin(first.parameters_after(), ", "), ") for (",
                                absl::StrJoin(first.parameters_before(), ", "), ")"),
            ". ", std::string(means), "."),
        .instead = {.now = "Name the columns in these statements first, and recycle the "
                           "connections of old nodes after the migration."},
        .severity = severity};
    std::vector<v1::Witness> witnesses;
    for (const v1::ResultChange* change : changes) {
      witnesses.push_back(WitnessOf(change->statement(), "0A000", false));
    }
    SetWitnesses(std::move(witnesses), remark.witnesses, remark.witness_count);
    Add("result_change", steps_.CauseOf(object), remark);
  }

  // ---- what running code meets when it executes
  void ReadEffects() {
    std::map<v1::SchemaEffectKind, size_t> added;
    for (const v1::SchemaEffect& effect : rehearsal_.effects()) {
      const Difference* difference = DifferenceOf(effect.kind());
      if (difference == nullptr) continue;
      std::vector<v1::Witness> witnesses;
      for (const v1::WorkloadStatement& statement : effect.statements()) {
        witnesses.push_back(WitnessOf(
            statement,
            effect.has_body() ? effect.body().sqlstate() : std::string(difference->sqlstate),
            difference->certain && !effect.trigger_may_fill()));
      }
      if (const auto finding = FindingOf(*difference, effect)) {
        Proven& proven = proven_[*finding];
        if (IsCleared(findings_[*finding]) && IsUnused(effect)) continue;
        std::ranges::move(witnesses, std::back_inserter(proven.witnesses));
        proven.more += static_cast<size_t>(effect.more_statements());
        proven.facts.push_back(Say(*difference, effect));
        continue;
      }
      const bool explained = steps_.Explains(effect);
      if (explained && !difference->definite) continue;
      if (++added[effect.kind()] <= kMaxFindings) {
        AddEffect(*difference, effect, explained, std::move(witnesses));
      } else {
        ++not_told_;
      }
    }
  }

  // Whether all statements that it concerns have not run for as long as the policy asks for.
  bool IsUnused(const v1::SchemaEffect& effect) const {
    if (release_.recording == nullptr || effect.more_statements() > 0) return false;
    return std::ranges::all_of(effect.statements(), [&](const v1::WorkloadStatement& statement) {
      return migration::DisuseOf(LastUse(statement, *release_.recording), *release_.recording)
                 .state == Disuse::State::kUnused;
    });
  }

  std::optional<size_t> FindingOf(const Difference& difference,
                                  const v1::SchemaEffect& effect) const {
    std::optional<size_t> of_table;
    for (size_t i = 0; i < proven_.size(); ++i) {
      const v1::Finding& finding = findings_[i];
      if (!IsOf(finding, difference.rules)) continue;
      if (SameObject(effect.subject(), finding.subject())) return i;
      const std::string_view subject = finding.subject();
      const std::string_view table = subject.substr(0, subject.find_last_of(". ("));
      if (!of_table && SameObject(TableOf(effect), table)) of_table = i;
    }
    // A column's finding is about that column and no other; keys may be called something else.
    const bool of_column = effect.kind() == v1::SCHEMA_EFFECT_KIND_REQUIRED_COLUMN ||
                           effect.kind() == v1::SCHEMA_EFFECT_KIND_DEFAULT_LOST ||
                           effect.kind() == v1::SCHEMA_EFFECT_KIND_NOT_NULL;
    return of_column ? std::nullopt : of_table;
  }

  static std::string SayBody(const Difference& difference, const v1::SchemaEffect& effect) {
    const v1::BrokenBody& body = effect.body();
    const std::string at = body.line() > 0 ? absl::StrCat("line ", body.line(), ": ") : "";
    std::string says = absl::StrCat(
        effect.subject(), " ",
        body.replaced() ? "is replaced by a body that fails" : std::string(difference.what), " (",
        at, body.statement(), body.statement().empty() ? "" : ": ", effect.detail(),
        body.more() > 0 ? absl::StrCat(", and ", body.more(), " more") : "", ")");
    for (int i = 0; i < std::min(body.triggers_size(), kShownTriggers); ++i) {
      absl::StrAppend(&says, i == 0 ? "; run by the trigger " : ", ", body.triggers(i));
    }
    const int rest = body.triggers_size() - kShownTriggers;
    return rest > 0 ? absl::StrCat(says, ", and ", rest, " more") : says;
  }

  static std::string Say(const Difference& difference, const v1::SchemaEffect& effect) {
    if (effect.has_body()) return SayBody(difference, effect);
    return absl::StrCat(effect.subject(), " ", std::string(difference.what),
                        effect.detail().empty() ? "" : absl::StrCat(" (", effect.detail(), ")"),
                        effect.trigger_may_fill() ? ", unless a BEFORE trigger fills it" : "");
  }

  const Step* CauseOf(const v1::SchemaEffect& effect) const {
    if (effect.has_body() && !effect.body().replaced()) return steps_.CauseOf(ObjectIn(effect));
    const std::string name = LastName(effect.subject().substr(0, effect.subject().find('(')));
    const Step* step = steps_.CauseOf(name);
    return step != nullptr ? step : steps_.CauseOf(LastName(TableOf(effect)));
  }

  void AddEffect(const Difference& difference, const v1::SchemaEffect& effect, bool explained,
                 std::vector<v1::Witness> witnesses) {
    const Step* step = CauseOf(effect);
    const std::string says = Say(difference, effect);
    const bool doubtful = effect.trigger_may_fill();
    if (explained && !doubtful) {
      Disagree(difference.rule, step, "No rule has seen a break here.", says);
    }
    const size_t count = witnesses.size() + static_cast<size_t>(effect.more_statements());
    const std::string theirs = effect.has_body() ? "may run into it"
                               : count == 1      ? "does so"
                                                 : "do so";
    Remark remark{.subject = effect.subject(),
                  .effects = {doubtful ? v1::EFFECT_UNPROVEN : difference.effect},
                  .message = absl::StrCat(
                      "Proven on a scratch ", server_, ": ", says,
                      witnesses.empty() ? "."
                                        : absl::StrCat("; ", Count(count, "statement"),
                                                       " of the running version ", theirs, ".")),
                  .instead = {.now = effect.has_body() ? kInsteadOfBreakingABody
                                     : FindRuleByStem(difference.rule)->instead.empty()
                                         ? ""
                                         : std::string(FindRuleByStem(difference.rule)->instead)}};
    if (effect.kind() == v1::SCHEMA_EFFECT_KIND_DEFAULT_LOST) remark.severity = v1::SEVERITY_WARN;
    SetWitnesses(std::move(witnesses), remark.witnesses, remark.witness_count);
    remark.witness_count += static_cast<size_t>(effect.more_statements());
    Add(difference.rule, step, remark);
  }

  // ---- what the migration does to tables of before
  void ReadStatements() {
    size_t from = 0;
    int transaction = 0;
    std::map<std::string, v1::LockMode> held;
    for (const v1::RehearsedStatement& statement : rehearsal_.statements()) {
      if (statement.transaction() != transaction) held.clear();
      transaction = statement.transaction();
      for (const v1::TableLock& lock : statement.locks()) {
        held[lock.table()] = std::max(held[lock.table()], lock.mode());
      }
      const Step* step = steps_.Find(statement, from);
      if (step == nullptr) continue;
      const std::vector<size_t> here = FindingsAt(*step);
      if (statement.rewritten_tables_size() > 0) {
        if (!Confirm(here, statement) && HasRoom()) AddRewrite(*step, statement);
      } else {
        DenyRewrite(here, *step, statement);
        ReadScans(here, *step, statement, held);
      }
    }
  }

  // For one more finding about what a statement locks.
  bool HasRoom() {
    if (locks_told_ < kMaxFindings) return ++locks_told_ > 0;
    ++not_told_;
    return false;
  }

  std::vector<size_t> FindingsAt(const Step& step) const {
    std::vector<size_t> here;
    for (size_t i = 0; i < proven_.size(); ++i) {
      if (step.Holds(findings_[i].location())) here.push_back(i);
    }
    return here;
  }

  bool Confirm(const std::vector<size_t>& here, const v1::RehearsedStatement& statement) {
    for (const size_t i : here) {
      if (!Has(findings_[i], v1::EFFECT_REWRITES_TABLE)) continue;
      proven_[i].facts.push_back(
          absl::StrCat(absl::StrJoin(statement.rewritten_tables(), ", "), " is written anew"));
      return true;
    }
    return false;
  }

  void AddRewrite(const Step& step, const v1::RehearsedStatement& statement) {
    const std::string tables = absl::StrJoin(statement.rewritten_tables(), ", ");
    const std::string shown = absl::StrCat("it writes all of ", tables, " anew");
    if (!step.opaque && SameVersion()) {
      Disagree("rehearsed_lock", &step, "No rule has seen a rewrite here.", shown);
    }
    Add("rehearsed_lock", &step,
        {.subject = statement.rewritten_tables(0),
         .effects = {v1::EFFECT_REWRITES_TABLE, v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES},
         .message = absl::StrCat("Seen on a scratch ", server_, ": ", shown,
                                 " under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile."),
         .instead = {.now = "A new column or table beside it, filled in batches; or a maintenance "
                            "window."},
         .severity = OtherVersion() ? std::optional(v1::SEVERITY_WARN) : std::nullopt});
  }

  // Only what a rewrite alone would have cost, and only on production's own version.
  void DenyRewrite(const std::vector<size_t>& here, const Step& step,
                   const v1::RehearsedStatement& statement) {
    if (!SameVersion() || step.opaque || statement.locks_sampled()) return;
    for (const size_t i : here) {
      v1::Finding& finding = findings_[i];
      const std::string_view subject = finding.subject();
      const std::string_view table = subject.substr(0, subject.rfind('.'));
      const auto whole = [&](const v1::TableLock& lock) {
        return !lock.partitioned() && SameObject(lock.table(), table);
      };
      if (!Has(finding, v1::EFFECT_REWRITES_TABLE)) continue;
      if (std::ranges::none_of(statement.locks(), whole)) continue;
      const std::string rule = finding.rule().substr(finding.rule().find('.') + 1);
      std::vector<int> left(finding.effects().begin(), finding.effects().end());
      std::erase(left, static_cast<int>(v1::EFFECT_REWRITES_TABLE));
      finding.mutable_effects()->Assign(left.begin(), left.end());
      const bool locks_alone = std::ranges::all_of(finding.effects(), [](int effect) {
        return effect == v1::EFFECT_BLOCKS_READS || effect == v1::EFFECT_BLOCKS_WRITES;
      });
      if (locks_alone) finding.set_severity(v1::SEVERITY_INFO);
      absl::StrAppend(finding.mutable_message(), " But on a scratch ", server_,
                      " the table was not written anew.");
      disagreements_.push_back({rule, &step, std::string(table)});
    }
    for (const auto& [rule, at, table] : std::exchange(disagreements_, {})) {
      Disagree(rule, at, absl::StrCat("By the rule ", table, " is written anew."), "it was not");
    }
  }

  void ReadScans(const std::vector<size_t>& here, const Step& step,
                 const v1::RehearsedStatement& statement,
                 const std::map<std::string, v1::LockMode>& held) {
    for (const v1::TableScan& scan : statement.scans()) {
      const auto lock = held.find(scan.table());
      if (lock == held.end() || lock->second < v1::LOCK_MODE_SHARE) continue;
      const auto known = std::ranges::find_if(here, [&](size_t i) {
        return Has(findings_[i], v1::EFFECT_SCANS_TABLE) ||
               Has(findings_[i], v1::EFFECT_REWRITES_TABLE) ||
               Has(findings_[i], v1::EFFECT_BLOCKS_WRITES);
      });
      if (known != here.end()) {
        proven_[*known].facts.push_back(absl::StrCat(scan.table(), " is read as a whole"));
        continue;
      }
      if (HasRoom()) AddScan(step, scan, lock->second == v1::LOCK_MODE_ACCESS_EXCLUSIVE);
      return;
    }
  }

  void AddScan(const Step& step, const v1::TableScan& scan, bool blocks_reads) {
    const std::string shown =
        absl::StrCat("it reads all of ", scan.table(),
                     scan.object().empty() ? "" : absl::StrCat(" for ", scan.object()),
                     blocks_reads ? " while nobody reads or writes it" : " while nobody writes it");
    if (!step.opaque && SameVersion()) {
      Disagree("rehearsed_lock", &step, "No rule has seen a scan here.", shown);
    }
    std::vector<v1::Effect> effects = {v1::EFFECT_SCANS_TABLE, v1::EFFECT_BLOCKS_WRITES};
    if (blocks_reads) effects.push_back(v1::EFFECT_BLOCKS_READS);
    // A rule that has read the statement may know why it is cheap.
    Add("rehearsed_lock", &step,
        {.subject = scan.table(),
         .effects = std::move(effects),
         .message = absl::StrCat("Seen on a scratch ", server_, ": ", shown, "."),
         .instead = {.now = "Build indexes CONCURRENTLY; add constraints NOT VALID and validate "
                            "them in a transaction of their own."},
         .severity =
             step.opaque && !OtherVersion() ? std::nullopt : std::optional(v1::SEVERITY_WARN)});
  }

  // ---- the rules' own findings, and what speaks for them
  static void SetWitnesses(std::vector<v1::Witness> found, auto& witnesses, auto& count) {
    std::ranges::stable_sort(found, [](const v1::Witness& a, const v1::Witness& b) {
      return std::tuple(!a.certain(), -a.calls_per_hour(), a.sql()) <
             std::tuple(!b.certain(), -b.calls_per_hour(), b.sql());
    });
    count = found.size();
    if (found.size() > kMaxWitnesses) found.resize(kMaxWitnesses);
    witnesses = std::move(found);
  }

  void Strengthen(v1::Finding& finding, Proven& proven) {
    std::vector<v1::Witness>& witnesses = proven.witnesses;
    // A statement may fail in more than one way.
    std::ranges::stable_sort(witnesses, [](const v1::Witness& a, const v1::Witness& b) {
      return std::tuple(std::string_view(a.sql()), !a.certain()) <
             std::tuple(std::string_view(b.sql()), !b.certain());
    });
    const auto same = [](const v1::Witness& a, const v1::Witness& b) { return a.sql() == b.sql(); };
    witnesses.erase(std::unique(witnesses.begin(), witnesses.end(), same), witnesses.end());
    if (witnesses.empty() && proven.facts.empty()) return SayNothingFailed(finding);

    auto certain = static_cast<size_t>(std::ranges::count_if(witnesses, &v1::Witness::certain));
    size_t rest = witnesses.size() - certain;
    (certain > 0 ? certain : rest) += proven.more;
    const size_t facts = proven.facts.size();
    if (facts > kShownFacts) {
      proven.facts.resize(kShownFacts);
      proven.facts.push_back(absl::StrCat(facts - kShownFacts, " more of that kind"));
    }
    std::string said = absl::StrJoin(proven.facts, "; ");
    if (!witnesses.empty()) {
      absl::StrAppend(
          &said, said.empty() ? "" : "; ",
          certain > 0 ? absl::StrCat(Count(certain, "statement"), " of the running version ",
                                     certain == 1 ? "fails" : "fail",
                                     rest > 0 ? absl::StrCat(", ", rest, " more may") : "")
                      : absl::StrCat(Count(rest, "statement"), " of the running version may fail"));
    }
    absl::StrAppend(finding.mutable_message(), " Proven on a scratch ", server_, ": ", said, ".");
    // What the rule names beside these fails when it is executed, if it does, which was not tried.
    for (const v1::Witness& witness : finding.witnesses()) {
      if (std::ranges::none_of(witnesses, [&](const auto& one) { return same(one, witness); })) {
        witnesses.push_back(witness);
      }
    }
    size_t count = 0;
    std::vector<v1::Witness> all;
    SetWitnesses(std::move(witnesses), all, count);
    count += proven.more;
    finding.set_witness_count(std::max(finding.witness_count(), static_cast<int32_t>(count)));
    finding.mutable_witnesses()->Assign(all.begin(), all.end());
  }

  void SayNothingFailed(v1::Finding& finding) const {
    const bool covered = rehearsal_.covered_statements() > 0 &&
                         rehearsal_.covered_statements() == rehearsal_.workload_statements();
    if (!covered || !Has(finding, v1::EFFECT_BREAKS_RUNNING_VERSION)) return;
    // Through the body of a function it may.
    if (std::ranges::any_of(rehearsal_.effects(), &v1::SchemaEffect::has_body)) return;
    if (!finding.witnesses().empty() || finding.severity() == v1::SEVERITY_INFO) return;
    absl::StrAppend(finding.mutable_message(), " Tried on a scratch ", server_,
                    ", no statement of the given workload fails by it.");
  }

  // What is seen and has no place in a list may be what forbids.
  void TellWhatIsLeftOut() {
    const v1::LeftOut& left_out = rehearsal_.left_out();
    const size_t count = not_told_ + static_cast<size_t>(left_out.statements()) +
                         static_cast<size_t>(left_out.broken_statements()) +
                         static_cast<size_t>(left_out.result_changes()) +
                         static_cast<size_t>(left_out.effects());
    if (count == 0) return;
    Add("rehearsal_coverage", nullptr,
        {.effects = {v1::EFFECT_UNPROVEN},
         .message = absl::StrCat("The rehearsal has seen ", Count(count, "thing"),
                                 " more than are told of here: statements of the running version "
                                 "that fail in other ways, differences of the schema, locks. What "
                                 "they are is not known."),
         .instead = {.now = "Split the release."},
         .severity = v1::SEVERITY_BLOCK});
  }

  void TellCoverage() {
    TellWhatIsLeftOut();
    const int listed = rehearsal_.lost_coverage_size();
    const int lost = listed + rehearsal_.left_out().lost_coverage();
    bool inputs_lost =
        (rehearsal_.workload_statements() > 0 && rehearsal_.covered_statements() == 0) ||
        (rehearsal_.bodies() > 0 && rehearsal_.covered_bodies() == 0);
    std::string message =
        absl::StrCat("The rehearsal could not look at ", Count(lost, "thing"), ":");
    for (int i = 0; i < listed; ++i) {
      const v1::LostCoverage& one = rehearsal_.lost_coverage(i);
      inputs_lost = inputs_lost || one.kind() == v1::COVERAGE_KIND_SCHEMA ||
                    one.kind() == v1::COVERAGE_KIND_MIGRATION;
      if (i >= kShownLosses) continue;
      const std::string& text = one.has_statement() ? one.statement().sql() : one.text();
      absl::StrAppend(&message, i == 0 ? " " : "; ", OnOneLine(text), text.empty() ? "" : ": ",
                      one.reason());
    }
    if (lost > kShownLosses) absl::StrAppend(&message, "; and ", lost - kShownLosses, " more");
    if (lost > 0) Add("rehearsal_coverage", nullptr, {.message = message + "."});
    if (rehearsal_.repaired_statements_size() > 0) TellRepairs();
    if (OtherVersion()) TellVersion();
    if (release_.required && inputs_lost) {
      findings_.push_back(
          NotRehearsed("the rehearsal did not see all of the schema, the migration or the "
                       "workload, or no body of "
                       "a function",
                       release_.required));
    }
  }

  void TellVersion() {
    Add("rehearsal_coverage", nullptr,
        {.subject = "version",
         .message = absl::StrCat("The release was rehearsed on PostgreSQL ",
                                 rehearsal_.postgres_major_version(), ", and production has ",
                                 release_.postgres_version,
                                 ": locks, rewrites and the grammar may differ."),
         .instead = {.now = absl::StrCat(
                         "Install PostgreSQL ", release_.postgres_version,
                         "'s server where the gate rehearses, and name its folder of programs "
                         "(rehearsal.programs of gated, GATE_POSTGRES_PROGRAMS for gatectl).")}});
  }

  void TellRepairs() {
    const int repaired =
        rehearsal_.repaired_statements_size() + rehearsal_.left_out().repaired_statements();
    const v1::RepairedStatement& first = rehearsal_.repaired_statements(0);
    Add("rehearsal_coverage", nullptr,
        {.subject = "workload",
         .message = absl::StrCat(
             Count(repaired, "statement"), " of the workload ", repaired == 1 ? "does" : "do",
             " not prepare as recorded, without constants, and ", repaired == 1 ? "was" : "were",
             " tried as repaired: ", OnOneLine(first.sql()), " (", first.how(), ")",
             repaired > 1 ? absl::StrCat("; and ", repaired - 1, " more") : "", ".")});
  }

  struct Disagreement {
    std::string rule;
    const Step* step;
    std::string table;
  };

  const v1::Rehearsal& rehearsal_;
  const Rehearsed& release_;
  std::vector<v1::Finding>& findings_;
  const Steps steps_;
  std::vector<Proven> proven_;  // of the rules' findings, which come first
  const std::string server_;
  std::multimap<std::string, size_t> by_witness_;
  std::vector<Disagreement> disagreements_;
  Identities identities_;
  size_t locks_told_ = 0, not_told_ = 0;
};

}  // namespace

void ApplyRehearsal(const v1::Rehearsal& rehearsal, const Rehearsed& release,
                    std::vector<v1::Finding>& findings) {
  Proof(rehearsal, release, findings).Run();
}

v1::Finding NotRehearsed(std::string_view why, bool required) {
  static const Places& nowhere = *new Places("");
  Identities identities;
  Remark remark{
      .message = absl::StrCat("Nothing was proven by running the migrations: ", std::string(why),
                              ". What is said about them is concluded from their text."),
      .severity = v1::SEVERITY_INFO};
  if (required) {
    remark.severity = v1::SEVERITY_BLOCK;
    remark.effects = {v1::EFFECT_UNPROVEN};
    remark.instead.now =
        "Ask again where it was a matter of time (gather_timeout bounds it); give the schema "
        "before with the change.";
  }
  v1::Finding finding =
      MakeFinding(*FindRuleByStem("not_rehearsed"), remark, {}, "", "", nowhere, identities);
  finding.clear_location();
  return finding;
}

}  // namespace gate::migration
