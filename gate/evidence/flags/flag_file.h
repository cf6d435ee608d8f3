// A file of our own, for those without a flag server: environments, their flags, off or on.
//
//   production:
//     new_checkout: off        # for everyone
//     new_search: on           # for everyone, or for some
//   development:
//     new_checkout: on
//
// Nothing else may stand in it, so that a slip is an error and not a flag that is off: `off` and
// `on` are the only two words, in lower case; `false`, `0`, `disabled` and an empty value are
// refused, with line and column. An environment without flags is `production: {}`. A flag that is
// not there does not exist: code that asks for it gets its own default. At most 1 MiB.
#ifndef GATE_EVIDENCE_FLAGS_FLAG_FILE_H_
#define GATE_EVIDENCE_FLAGS_FLAG_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gate/config/v1/config.pb.h"
#include "gate/evidence/flags/flag_reader.h"

namespace gate {

// The whole file is held to its form, whichever environment is asked for. FAILED_PRECONDITION where
// the environment is not there, INVALID_ARGUMENT with line and column where the form is wrong.
absl::StatusOr<v1::FlagStates> ParseFlagFile(std::string_view text, std::string_view environment);

class FlagFileReader final : public FlagReader {
 public:
  explicit FlagFileReader(const config::v1::FlagServer& server) : file_(server.file()) {}
  bool Read(const FlagQuestion& question, v1::FlagStates& states, v1::Absence& absence) override;

 private:
  const config::v1::FlagFile file_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_FLAGS_FLAG_FILE_H_
