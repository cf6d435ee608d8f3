// OFREP, OpenFeature's remote evaluation protocol: POST /ofrep/v1/evaluate/flags.
// https://github.com/open-feature/protocol
//
// An answer is for one context, and the next one may be another. Only the reason STATIC says that
// there is nothing to evaluate: false for that reason is false for everyone. DISABLED leaves it to
// the code, with or without a value: providers differ in whether they pass it on. true for any
// reason is on for some. Servers leave out flags that they fail to evaluate, or that are disabled,
// so that of a flag that is missing nothing is known.
#ifndef GATE_EVIDENCE_FLAGS_OFREP_H_
#define GATE_EVIDENCE_FLAGS_OFREP_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gate/config/v1/config.pb.h"
#include "gate/evidence/flags/flag_reader.h"
#include "gate/evidence/http_client.h"

namespace gate {

// `etag`: of the answer, or "". INVALID_ARGUMENT, with the place.
absl::StatusOr<v1::FlagStates> ParseOfrep(std::string_view body, std::string_view etag);

class OfrepReader final : public FlagReader {
 public:
  explicit OfrepReader(const config::v1::FlagServer& server);
  bool Read(const FlagQuestion& question, v1::FlagStates& states, v1::Absence& absence) override;

 private:
  const std::map<std::string, std::string> urls_;  // By environment.
  const std::string token_file_;
  HttpClient http_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_FLAGS_OFREP_H_
