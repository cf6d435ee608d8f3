#include "gate/evaluate/replay.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/judging.h"
#include "checks/policy/match.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/evaluate/record.h"
#include "google/protobuf/util/message_differencer.h"

namespace gate {

absl::StatusOr<v1::ReplayVerdictResponse> ReplayStored(Store& store, const v1::Verdict& stored) {
  PolicySnapshot snapshot;
  absl::StatusOr<std::string> bytes = store.GetBlob(stored.policy_digest());
  if (!bytes.ok()) return bytes.status();
  if (!snapshot.policy.ParseFromString(*bytes)) {
    return absl::DataLossError(
        absl::StrCat("policy ", stored.policy_digest(), " on record cannot be read"));
  }
  snapshot.digest = stored.policy_digest();
  absl::StatusOr<Evidence> evidence = LoadEvidence(store, stored);
  if (!evidence.ok()) return evidence.status();

  Judging judging(stored.change(), MatchRule(snapshot.policy, stored.change()),
                  FromProto(stored.create_time()));
  v1::Verdict verdict = judging.Verdict(*evidence);
  verdict.set_name(stored.name());
  verdict.set_request_id(stored.request_id());
  verdict.set_rollout(stored.rollout());
  ContentMemo unshared(0);
  verdict = MakeRecord(std::move(verdict), *evidence, snapshot, "", unshared).verdict;

  v1::ReplayVerdictResponse response;
  response.set_identical(DeterministicBytes(verdict) == DeterministicBytes(stored));
  if (!response.identical()) {
    std::string report;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&report);
    differencer.Compare(stored, verdict);
    const std::vector<std::string> lines = absl::StrSplit(report, '\n', absl::SkipEmpty());
    response.mutable_differences()->Assign(lines.begin(), lines.end());
  }
  *response.mutable_verdict() = std::move(verdict);
  return response;
}

}  // namespace gate
