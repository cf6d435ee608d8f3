// What the migration does to tables of before: locks, rewrites and scans, seen or not.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/proof_parts.h"

namespace gate::migration {
namespace {

// For one more finding about what a statement locks.
bool HasRoom(Proving& proof) {
  if (proof.locks_told < kMaxFindings) return ++proof.locks_told > 0;
  ++proof.not_told;
  return false;
}

std::vector<size_t> FindingsAt(const Proving& proof, const Step& step) {
  std::vector<size_t> here;
  for (size_t i = 0; i < proof.proven.size(); ++i) {
    if (step.Holds(proof.findings[i].location())) here.push_back(i);
  }
  return here;
}

bool Confirm(Proving& proof, const std::vector<size_t>& here,
             const v1::RehearsedStatement& statement) {
  for (const size_t i : here) {
    if (!Has(proof.findings[i], v1::EFFECT_REWRITES_TABLE)) continue;
    proof.proven[i].facts.push_back(
        absl::StrCat(absl::StrJoin(statement.rewritten_tables(), ", "), " is written anew"));
    return true;
  }
  return false;
}

void AddRewrite(Proving& proof, const Step& step, const v1::RehearsedStatement& statement) {
  const std::string tables = absl::StrJoin(statement.rewritten_tables(), ", ");
  const std::string shown = absl::StrCat("it writes all of ", tables, " anew");
  if (!step.opaque && proof.SameVersion()) {
    proof.Disagree("rehearsed_lock", &step, "No rule has seen a rewrite here.", shown);
  }
  proof.Add(
      "rehearsed_lock", &step,
      {.subject = statement.rewritten_tables(0),
       .effects = {v1::EFFECT_REWRITES_TABLE, v1::EFFECT_BLOCKS_READS, v1::EFFECT_BLOCKS_WRITES},
       .message = absl::StrCat("Seen on a scratch ", proof.server, ": ", shown,
                               " under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile."),
       .instead = {.now = "A new column or table beside it, filled in batches; or a maintenance "
                          "window."},
       .severity = proof.OtherVersion() ? std::optional(v1::SEVERITY_WARN) : std::nullopt});
}

// Only what a rewrite alone would have cost, and only on production's own version.
void DenyRewrite(Proving& proof, const std::vector<size_t>& here, const Step& step,
                 const v1::RehearsedStatement& statement) {
  if (!proof.SameVersion() || step.opaque || statement.locks_sampled()) return;
  std::vector<std::pair<std::string, std::string>> denied;  // rules, and tables
  for (const size_t i : here) {
    v1::Finding& finding = proof.findings[i];
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
    absl::StrAppend(finding.mutable_message(), " But on a scratch ", proof.server,
                    " the table was not written anew.");
    denied.emplace_back(rule, table);
  }
  for (const auto& [rule, table] : denied) {
    proof.Disagree(rule, &step, absl::StrCat("By the rule ", table, " is written anew."),
                   "it was not");
  }
}

void AddScan(Proving& proof, const Step& step, const v1::TableScan& scan, bool blocks_reads) {
  const std::string shown =
      absl::StrCat("it reads all of ", scan.table(),
                   scan.object().empty() ? "" : absl::StrCat(" for ", scan.object()),
                   blocks_reads ? " while nobody reads or writes it" : " while nobody writes it");
  if (!step.opaque && proof.SameVersion()) {
    proof.Disagree("rehearsed_lock", &step, "No rule has seen a scan here.", shown);
  }
  std::vector<v1::Effect> effects = {v1::EFFECT_SCANS_TABLE, v1::EFFECT_BLOCKS_WRITES};
  if (blocks_reads) effects.push_back(v1::EFFECT_BLOCKS_READS);
  // A rule that has read the statement may know why it is cheap.
  proof.Add(
      "rehearsed_lock", &step,
      {.subject = scan.table(),
       .effects = std::move(effects),
       .message = absl::StrCat("Seen on a scratch ", proof.server, ": ", shown, "."),
       .instead = {.now = "Build indexes CONCURRENTLY; add constraints NOT VALID and validate "
                          "them in a transaction of their own."},
       .severity =
           step.opaque && !proof.OtherVersion() ? std::nullopt : std::optional(v1::SEVERITY_WARN)});
}

void ReadScans(Proving& proof, const std::vector<size_t>& here, const Step& step,
               const v1::RehearsedStatement& statement,
               const std::map<std::string, v1::LockMode>& held) {
  for (const v1::TableScan& scan : statement.scans()) {
    const auto lock = held.find(scan.table());
    if (lock == held.end() || lock->second < v1::LOCK_MODE_SHARE) continue;
    const auto known = std::ranges::find_if(here, [&](size_t i) {
      return Has(proof.findings[i], v1::EFFECT_SCANS_TABLE) ||
             Has(proof.findings[i], v1::EFFECT_REWRITES_TABLE) ||
             Has(proof.findings[i], v1::EFFECT_BLOCKS_WRITES);
    });
    if (known != here.end()) {
      proof.proven[*known].facts.push_back(absl::StrCat(scan.table(), " is read as a whole"));
      continue;
    }
    if (HasRoom(proof)) AddScan(proof, step, scan, lock->second == v1::LOCK_MODE_ACCESS_EXCLUSIVE);
    return;
  }
}

}  // namespace

void ReadLocks(Proving& proof) {
  size_t from = 0;
  int transaction = 0;
  std::map<std::string, v1::LockMode> held;
  for (const v1::RehearsedStatement& statement : proof.rehearsal.statements()) {
    if (statement.transaction() != transaction) held.clear();
    transaction = statement.transaction();
    for (const v1::TableLock& lock : statement.locks()) {
      held[lock.table()] = std::max(held[lock.table()], lock.mode());
    }
    const Step* step = proof.steps.Find(statement, from);
    if (step == nullptr) continue;
    const std::vector<size_t> here = FindingsAt(proof, *step);
    if (statement.rewritten_tables_size() > 0) {
      if (!Confirm(proof, here, statement) && HasRoom(proof)) AddRewrite(proof, *step, statement);
    } else {
      DenyRewrite(proof, here, *step, statement);
      ReadScans(proof, here, *step, statement, held);
    }
  }
}

}  // namespace gate::migration
