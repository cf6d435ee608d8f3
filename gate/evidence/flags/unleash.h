// Unleash: what its SDKs are told, GET /api/client/features.
// https://docs.getunleash.io/reference/api/unleash/get-all-client-features
//
// An SDK answers false for a flag that is not enabled, whatever strategies, segments or parents it
// has; and true for one that is enabled and has no strategies. A flag that it is not told of, since
// there is none or it is archived, takes the fallback in the code; so does a variant of a flag that
// is not enabled. A token that is not for one environment is told of another one without a word:
// the answer has to name the environment that is asked for.
#ifndef GATE_EVIDENCE_FLAGS_UNLEASH_H_
#define GATE_EVIDENCE_FLAGS_UNLEASH_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gate/config/v1/config.pb.h"
#include "gate/evidence/flags/flag_reader.h"
#include "gate/evidence/http_client.h"

namespace gate {

// FAILED_PRECONDITION: the answer is not of that environment. INVALID_ARGUMENT: it cannot be read.
absl::StatusOr<v1::FlagStates> ParseUnleash(std::string_view body, std::string_view environment);

class UnleashReader final : public FlagReader {
 public:
  explicit UnleashReader(const config::v1::FlagServer& server);
  bool Read(const FlagQuestion& question, v1::FlagStates& states, v1::Absence& absence) override;

 private:
  const std::string url_;
  const std::map<std::string, std::string> token_files_;  // By environment.
  std::map<std::string, std::unique_ptr<HttpClient>> clients_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_FLAGS_UNLEASH_H_
