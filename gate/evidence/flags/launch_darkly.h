// LaunchDarkly: GET /api/v2/flags/PROJECT, with what an environment says of each flag.
// https://launchdarkly.com/docs/api/feature-flags/get-feature-flags
//
// A flag whose targeting is off serves its off variation to everyone, whatever prerequisites,
// targets and rules it has; that variation may be true. Without one, and for a flag that is
// archived or not there, SDKs answer with the default in the code; so do client-side SDKs for a
// flag that is not available to them.
#ifndef GATE_EVIDENCE_FLAGS_LAUNCH_DARKLY_H_
#define GATE_EVIDENCE_FLAGS_LAUNCH_DARKLY_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gate/config/v1/config.pb.h"
#include "gate/evidence/flags/flag_page.h"
#include "gate/evidence/flags/flag_reader.h"
#include "gate/evidence/http_client.h"

namespace gate {

// One page. INVALID_ARGUMENT, with the place.
absl::StatusOr<FlagPage> ParseLaunchDarkly(std::string_view body, std::string_view environment);

class LaunchDarklyReader final : public FlagReader {
 public:
  explicit LaunchDarklyReader(const config::v1::FlagServer& server);
  bool Read(const FlagQuestion& question, v1::FlagStates& states, v1::Absence& absence) override;

 private:
  const config::v1::LaunchDarkly config_;
  const std::string url_;
  HttpClient http_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_FLAGS_LAUNCH_DARKLY_H_
