// Flagsmith's admin API: only that tells of overrides. https://api.flagsmith.com/api/v1/docs/
//
// A flag is off for everyone where it is STANDARD, has no multivariate options, is disabled in the
// environment, has no value there (SDKs give it to code that asks for it, enabled or not), and no
// segment or identity overrides that. Of identities on Flagsmith's Edge nobody
// can count the overrides (null): unknown. Where disabled flags are hidden from SDKs, these answer
// with the default in the code. An archived flag is served like any other.
#ifndef GATE_EVIDENCE_FLAGS_FLAGSMITH_H_
#define GATE_EVIDENCE_FLAGS_FLAGSMITH_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gate/config/v1/config.pb.h"
#include "gate/evidence/flags/flag_page.h"
#include "gate/evidence/flags/flag_reader.h"
#include "gate/evidence/http_client.h"

namespace gate {

// What decides beside the flags themselves.
struct FlagsmithPlace {
  int64_t environment = 0;         // Its number.
  std::optional<bool> hides{};     // Disabled flags; unset: as the project does.
  bool counts_identities = false;  // null is none: the project is not on the Edge.
};

// GET /api/v1/environments/KEY/. FAILED_PRECONDITION: it is of another project.
absl::StatusOr<FlagsmithPlace> ParseFlagsmithEnvironment(std::string_view body, int64_t project);

// GET /api/v1/projects/NUMBER/: adds what the environment leaves to it.
absl::Status ParseFlagsmithProject(std::string_view body, FlagsmithPlace& place);

// GET /api/v1/projects/NUMBER/features/, one page.
absl::StatusOr<FlagPage> ParseFlagsmithFeatures(std::string_view body, const FlagsmithPlace& place);

class FlagsmithReader final : public FlagReader {
 public:
  explicit FlagsmithReader(const config::v1::FlagServer& server);
  bool Read(const FlagQuestion& question, v1::FlagStates& states, v1::Absence& absence) override;

 private:
  bool Ask(const std::string& path, const FlagQuestion& question, std::string& body,
           v1::Absence& absence);

  const config::v1::Flagsmith config_;
  const std::map<std::string, std::string> keys_;  // By environment.
  const std::string url_;
  HttpClient http_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_FLAGS_FLAGSMITH_H_
