// What the parts of ApplyRehearsal share, one file each: a rehearsal that stopped, statements that
// fail, rows that look different, what running code meets, locks, and the coverage.
#ifndef CHECKS_MIGRATION_PROOF_PARTS_H_
#define CHECKS_MIGRATION_PROOF_PARTS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "checks/migration/finding.h"
#include "checks/migration/proof.h"
#include "checks/migration/rule.h"
#include "checks/migration/steps.h"

namespace gate::migration {

// Of one kind; more of them say nothing new.
constexpr size_t kMaxFindings = 200;

// A rehearsal on its way into the findings.
struct Proving {
  // What the rehearsal adds to a finding of the rules.
  struct Proven {
    std::vector<v1::Witness> witnesses;
    size_t more = 0;                 // beyond those
    std::vector<std::string> facts;  // sentences
  };

  Proving(const v1::Rehearsal& rehearsal, const Rehearsed& release,
          std::vector<v1::Finding>& findings);

  // Adds a finding of the rehearsal's own; without a step it is nowhere.
  v1::Finding& Add(std::string_view stem, const Step* step, const Remark& remark);
  void Disagree(std::string_view rule, const Step* step, std::string_view rule_says,
                std::string_view shown);

  bool SchemaIsWhole() const;
  // Where production's is not told, nobody knows.
  bool SameVersion() const;
  bool OtherVersion() const;

  const v1::Rehearsal& rehearsal;
  const Rehearsed& release;
  std::vector<v1::Finding>& findings;
  const Steps steps;
  std::vector<Proven> proven;  // of the rules' findings, which come first
  const std::string server;
  std::multimap<std::string, size_t> by_witness;  // findings, by the statements that they name
  Identities identities;
  size_t locks_told = 0, not_told = 0;
};

void ReadStop(Proving& proof);      // proof_stop.cc: a rehearsal without a proof
void ReadBroken(Proving& proof);    // proof_broken.cc: statements of the running version that fail
void ReadResults(Proving& proof);   // proof_results.cc: rows that look different
void ReadEffects(Proving& proof);   // proof_effects.cc: what running code meets when it executes
void ReadLocks(Proving& proof);     // proof_locks.cc: what the migration does to tables of before
void TellCoverage(Proving& proof);  // proof_coverage.cc: what was not looked at, and where

std::string Count(size_t number, std::string_view noun);
bool Has(const v1::Finding& finding, v1::Effect effect);
bool IsOf(const v1::Finding& finding, const std::vector<std::string_view>& rules);
// Whether the rule has found that nothing uses it any more.
bool IsCleared(const v1::Finding& finding);
// The object that PostgreSQL's message names: total of `column "total" does not exist`, of `column
// o.total does not exist`; tax of `function tax(integer) does not exist`.
std::string ObjectIn(std::string_view message);
v1::Witness WitnessOf(const v1::WorkloadStatement& statement, std::string_view sqlstate,
                      bool certain);
// Those that are certain first, of these the most frequent first; `count` is of all, also where
// there are too many to list.
void SetWitnesses(std::vector<v1::Witness> found, std::vector<v1::Witness>& witnesses,
                  size_t& count);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_PROOF_PARTS_H_
