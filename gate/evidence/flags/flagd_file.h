// A file of flagd's flag definitions, JSON or YAML. https://flagd.dev/reference/flag-definitions/
//
// What it says holds where flagd has no other source of flags. A flag is off where it is ENABLED,
// all of its variants are booleans, its default one is false, and it has no targeting: any
// targeting, or a field that is not known, may choose otherwise. A DISABLED flag, one without a
// default variant and one that is not there leave the answer to the code.
#ifndef GATE_EVIDENCE_FLAGS_FLAGD_FILE_H_
#define GATE_EVIDENCE_FLAGS_FLAGD_FILE_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gate/config/v1/config.pb.h"
#include "gate/evidence/flags/flag_reader.h"

namespace gate {

// INVALID_ARGUMENT, with the place. A file with a flag that flagd cannot take is refused as a
// whole, as flagd does, which then goes on with what it had; and so is one with a part at its top
// that is not known, which might hold flags as well.
absl::StatusOr<v1::FlagStates> ParseFlagdFile(std::string_view text, bool yaml);

// The file for an environment, as `file` has it; empty where it has none.
std::string FileFor(const config::v1::FlagFile& file, const std::string& environment);

class FlagdFileReader final : public FlagReader {
 public:
  explicit FlagdFileReader(const config::v1::FlagServer& server) : file_(server.flagd_file()) {}
  bool Read(const FlagQuestion& question, v1::FlagStates& states, v1::Absence& absence) override;

 private:
  const config::v1::FlagFile file_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_FLAGS_FLAGD_FILE_H_
