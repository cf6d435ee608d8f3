// Statements of the running version that fail after the migration. Each goes to the finding that
// has seen it coming; those that no rule has seen become findings, one for each way of failing.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/migration/differences.h"
#include "checks/migration/proof_parts.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

// Statements that fail alike.
struct Group {
  const v1::BrokenStatement* first = nullptr;
  Disuse disuse;  // of the one that was used last
  std::vector<v1::Witness> witnesses = {};
  size_t more = 0;  // beyond those
};

bool Outweighs(const Disuse& a, const Disuse& b) {
  return a.state != b.state ? a.state < b.state : a.since > b.since;
}

// As the rules judge what takes away what statements name (witness.h): by when they last ran. A
// statement that is not listed may have run since.
Disuse DisuseOf(const Proving& proof, const Break& kind, const v1::BrokenStatement& broken) {
  constexpr std::string_view kCleared[] = {"drop_column", "drop_function", "drop_table",
                                           "drop_unique"};
  const bool may = proof.release.recording != nullptr && broken.more_alike() == 0 &&
                   proof.SchemaIsWhole() &&
                   proof.rehearsal.covered_bodies() == proof.rehearsal.bodies() &&
                   std::ranges::find(kCleared, kind.rule) != std::end(kCleared);
  if (!may) return {};
  return migration::DisuseOf(LastUse(broken.statement(), *proof.release.recording),
                             *proof.release.recording);
}

std::optional<size_t> FindingOf(const Proving& proof, const Break& kind,
                                const v1::BrokenStatement& broken, const std::string& object) {
  const auto [begin, end] = proof.by_witness.equal_range(OnOneLine(broken.statement().sql()));
  std::optional<size_t> by_witness;
  for (auto at = begin; at != end; ++at) {
    const v1::Finding& finding = proof.findings[at->second];
    if (!kind.rules.empty() && !IsOf(finding, kind.rules)) continue;
    if (object.empty() || LastName(finding.subject()) == object) return at->second;
    by_witness = at->second;
  }
  if (by_witness) return by_witness;
  for (size_t i = 0; i < proof.proven.size(); ++i) {
    if (!IsOf(proof.findings[i], kind.rules)) continue;
    const std::string subject = LastName(proof.findings[i].subject());
    if (!object.empty() && subject.substr(0, subject.find('(')) == object) return i;
  }
  return std::nullopt;
}

void AddBroken(Proving& proof, Group& group, bool placed) {
  const v1::BrokenStatement& broken = *group.first;
  const size_t count = group.witnesses.size() + group.more;
  const Break& kind = BreakOf(broken.sqlstate());
  const std::string object = ObjectIn(broken.message());
  const Step* step = placed ? proof.steps.CauseOf(object) : nullptr;
  const std::string shown = absl::StrCat(Count(count, "statement"), " of the running version ",
                                         count == 1 ? "fails" : "fail", ": ", broken.message(),
                                         " (", broken.sqlstate(), ")");
  if (step != nullptr ? !step->opaque : !proof.steps.any_opaque()) {
    proof.Disagree(kind.rule, step, "No rule has seen a break here.", shown);
  }
  Remark remark{.subject = object,
                .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
                .message = absl::StrCat("Proven on a scratch ", proof.server, ": ", shown, "."),
                .instead = {.now = "Keep what these statements use; a later release, once no "
                                   "node runs that executes them, takes it away."}};
  SetWitnesses(std::move(group.witnesses), remark.witnesses, remark.witness_count);
  remark.witness_count += group.more;
  if (group.disuse.state == Disuse::State::kTooRecent) remark.disuse = group.disuse;
  if (group.disuse.state == Disuse::State::kUnused) {
    remark.severity = v1::SEVERITY_INFO;
    remark.effects.clear();
    absl::StrAppend(&remark.message, " None has run since ", Moment(group.disuse.since),
                    ", for longer than the ", InWords(proof.release.recording->unused_for),
                    " that the policy asks for.");
  }
  proof.Add(kind.rule, step, remark);
}

}  // namespace

void ReadBroken(Proving& proof) {
  std::map<std::pair<std::string, std::string>, Group> groups;
  for (const v1::BrokenStatement& broken : proof.rehearsal.broken_statements()) {
    const Break& kind = BreakOf(broken.sqlstate());
    const std::string object = ObjectIn(broken.message());
    v1::Witness witness = WitnessOf(broken.statement(), broken.sqlstate(), true);
    const Disuse disuse = DisuseOf(proof, kind, broken);
    if (const auto finding = FindingOf(proof, kind, broken, object)) {
      if (IsCleared(proof.findings[*finding]) && disuse.state == Disuse::State::kUnused) continue;
      proof.proven[*finding].witnesses.push_back(std::move(witness));
      proof.proven[*finding].more += static_cast<size_t>(broken.more_alike());
      continue;
    }
    const auto key = std::pair(broken.sqlstate(), broken.message());
    Group& group = groups.try_emplace(key, Group{&broken, disuse}).first->second;
    group.witnesses.push_back(witness);
    group.more += static_cast<size_t>(broken.more_alike());
    if (Outweighs(disuse, group.disuse)) group.disuse = disuse;
  }
  size_t added = 0;
  for (auto& [key, group] : groups) AddBroken(proof, group, ++added <= kMaxFindings);
}

}  // namespace gate::migration
