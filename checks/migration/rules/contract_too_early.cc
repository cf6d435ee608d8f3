// The contraction of a migration is safe once nothing uses the old shape: no node of any version
// that runs, and none of one that a rollback may bring back. A workload shows who still does. Where
// it was recorded for long enough, without loss and until now, it shows as well that nobody does,
// and since when (witness.h, Clear): from then on the contraction passes once the policy's time is
// over.
//
// What a normalised statement does not show cannot be cleared so: values that it binds (labels of
// enums, NULL), results that it only casts, what runs in triggers.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/ledger.h"

namespace gate::migration {
namespace {

// What a contraction found that a statement uses, or used a short while ago.
const Remark* StillUsed(const Deed& deed) {
  if (deed.phase != Phase::kContract || !Breaks(deed)) return nullptr;
  for (const Deed::Found& found : deed.found) {
    const std::optional<Disuse>& disuse = found.remark.disuse;
    if (disuse && disuse->state != Disuse::State::kUnused) return &found.remark;
  }
  return nullptr;
}

bool Expands(const Ledger& ledger) {
  return std::ranges::any_of(ledger.deeds,
                             [](const Deed& deed) { return deed.phase == Phase::kExpand; });
}

// What is too early, together.
struct Early {
  size_t deed = 0;  // the first
  std::vector<std::string> subjects;
  bool used = false;  // some is in use; else only time is missing
  absl::Time since = absl::InfinitePast(), clears_at = absl::InfinitePast();
  std::vector<v1::Witness> witnesses;
  size_t witness_count = 0;
};

Early Gather(const Ledger& ledger) {
  Early early;
  for (size_t i = 0; i < ledger.deeds.size(); ++i) {
    const Deed& deed = ledger.deeds[i];
    const Remark* remark = StillUsed(deed);
    if (remark == nullptr || (deed.table && ExpansionOf(ledger, *deed.table))) continue;
    if (early.subjects.empty()) early.deed = i;
    if (std::ranges::find(early.subjects, remark->subject) == early.subjects.end()) {
      early.subjects.push_back(remark->subject);
    }
    early.used = early.used || remark->disuse->state == Disuse::State::kUsed;
    early.since = std::max(early.since, remark->disuse->since);
    early.clears_at = std::max(early.clears_at, remark->disuse->clears_at);
    early.witnesses.insert(early.witnesses.end(), remark->witnesses.begin(),
                           remark->witnesses.end());
    early.witness_count += remark->witness_count;
  }
  return early;
}

std::string Versions(const Recording* recording) {
  if (recording == nullptr || recording->versions.empty()) return "";
  return absl::StrCat(" (version ", absl::StrJoin(recording->versions, ", "), ")");
}

std::string MessageOf(const Early& early, const std::string& what, const Recording* recording) {
  const bool one = early.subjects.size() == 1;
  if (!early.used) {
    return absl::StrCat("Nothing has used ", what, " since ", Moment(early.since),
                        Versions(recording), ", which is not yet the ",
                        InWords(recording->unused_for),
                        " that the policy asks for: ", one ? "it" : "they", " may go from ",
                        Moment(early.clears_at), " on.");
  }
  std::string message = absl::StrCat("What runs still uses ", what, Versions(recording));
  if (early.since != absl::InfinitePast()) {
    absl::StrAppend(&message, ", last at ", Moment(early.since));
  }
  absl::StrAppend(&message, ".");
  if (recording == nullptr) return message;
  absl::StrAppend(&message, " ", one ? "It" : "They", " may go once nothing has used ",
                  one ? "it" : "them", " for ", InWords(recording->unused_for), ".");
  return message;
}

std::vector<Conclusion> Conclude(const Ledger& ledger) {
  const std::optional<Recording>& recorded = ledger.workloads.recording;
  const Recording* recording = recorded ? &*recorded : nullptr;
  // Where nobody knows when statements ran, a release that adds as well may be one in two steps
  // that has only been written down in one file.
  if (ledger.cut || (recording == nullptr && Expands(ledger))) return {};
  Early early = Gather(ledger);
  if (early.subjects.empty()) return {};
  const std::string what = absl::StrJoin(early.subjects, ", ");
  Remark remark{.subject = what,
                .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
                .message = MessageOf(early, what, recording)};
  if (!early.used) {
    remark.disuse = Disuse{Disuse::State::kTooRecent, early.since, early.clears_at};
    remark.instead.now = "Ask again then.";
  } else {
    remark.instead.now = absl::StrCat("Release code that does not use ", what,
                                      "; wait until no older node runs, and no rollback needs one; "
                                      "then run this migration.");
  }
  remark.witnesses = std::move(early.witnesses);
  remark.witness_count = early.witness_count;
  std::vector<Conclusion> conclusions;
  conclusions.push_back({early.deed, std::move(remark)});
  return conclusions;
}

}  // namespace

extern constinit const Rule kRule_contract_too_early = {
    .id = "migration.contract_too_early",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Takes away what the workload shows to be in use, or to have been until lately",
    .why =
        "The second half of a change in two releases is safe once no node uses the old shape, nor "
        "would after a rollback. The workload shows statements that do. With WorkloadCoverage and "
        "unused_for in the policy the gate says from when on it may go, holds it until then, and "
        "lets it pass afterwards; values that statements bind (labels of enums, NULL) do not show "
        "in a workload and are never cleared so.",
    .instead =
        "Release code that does not use it; wait until no older node runs and nothing has used it "
        "for the time that the policy asks for; then contract.",
    .conclude = Conclude,
};

}  // namespace gate::migration
