#include "gate/evaluate/record.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"

namespace gate {
namespace {

constexpr std::string_view kEvidencePrefix = "evidence/";

}  // namespace

VerdictRecord MakeRecord(v1::Verdict verdict, const Evidence& evidence,
                         const PolicySnapshot& policy, std::string request_digest,
                         ContentMemo& contents) {
  VerdictRecord record;
  std::string seen;
  for (const auto& [id, shared] : evidence.observations()) {
    const v1::Observation& observation = *shared;
    v1::ObservationRef& ref = *verdict.add_observations();
    ref.set_id(id);
    ref.set_source(observation.source());
    if (observation.has_observed_at()) *ref.mutable_observed_at() = observation.observed_at();
    if (observation.has_absence()) {
      *ref.mutable_absence() = observation.absence();
    } else {
      Blob blob = contents.Of(shared);
      ref.set_evidence(absl::StrCat(std::string(kEvidencePrefix), blob.digest));
      record.blobs.push_back(std::move(blob));
    }
    absl::StrAppend(&seen, DeterministicBytes(ref), "\n");
  }
  verdict.set_evidence_digest(Sha256Hex(seen));
  verdict.set_policy_digest(policy.digest);
  record.blobs.push_back({policy.digest, policy.bytes});
  record.verdict = std::move(verdict);
  record.request_digest = std::move(request_digest);
  return record;
}

absl::StatusOr<Evidence> LoadEvidence(Store& store, const v1::Verdict& verdict) {
  Evidence evidence;
  for (const v1::ObservationRef& ref : verdict.observations()) {
    v1::Observation observation;
    if (ref.has_absence()) {
      observation = Absent(ref.id(), ref.source(), ref.absence().reason(), ref.absence().detail());
    } else {
      const std::string_view name = ref.evidence();
      auto bytes = store.GetBlob(name.substr(std::min(name.size(), kEvidencePrefix.size())));
      if (!bytes.ok()) return bytes.status();
      if (!observation.ParseFromString(*bytes)) {
        return absl::DataLossError(absl::StrCat(ref.evidence(), " is not an observation"));
      }
    }
    if (ref.has_observed_at()) *observation.mutable_observed_at() = ref.observed_at();
    evidence.Add(std::move(observation));
  }
  return evidence;
}

}  // namespace gate
