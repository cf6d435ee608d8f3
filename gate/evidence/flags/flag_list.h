// The flags of one environment as a reader finds them, on their way to v1::FlagStates.
#ifndef GATE_EVIDENCE_FLAGS_FLAG_LIST_H_
#define GATE_EVIDENCE_FLAGS_FLAG_LIST_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/flag.pb.h"

namespace gate {

// What is known of one flag. Everything that is not understood is UNKNOWN.
struct FlagReading {
  v1::FlagValue value = v1::FLAG_VALUE_UNKNOWN;
  std::string detail;
};

inline FlagReading Off(std::string detail) { return {v1::FLAG_VALUE_OFF, std::move(detail)}; }
inline FlagReading On(std::string detail) { return {v1::FLAG_VALUE_ON, std::move(detail)}; }
inline FlagReading CodeDefault(std::string detail) {
  return {v1::FLAG_VALUE_CODE_DEFAULT, std::move(detail)};
}
inline FlagReading Unknown(std::string detail) {
  return {v1::FLAG_VALUE_UNKNOWN, std::move(detail)};
}

// By name.
class FlagList {
 public:
  // INVALID_ARGUMENT where it has no name, or is there already: which of two is served is not
  // known.
  absl::Status Add(const std::string& name, FlagReading reading);

  // What the readings were taken from: all that may change whom a flag is on for. Their digest is
  // part of the revision, since not every server's own revision follows every change.
  void AddFacts(std::string_view facts);

  size_t size() const { return flags_.size(); }

  // All of them. `theirs`: the server's own revision, or "". `complete`: there are no others.
  v1::FlagStates States(std::string_view theirs, bool complete) const;

 private:
  std::map<std::string, FlagReading> flags_;
  std::string facts_;  // A digest of all until here.
};

// Leaves the flags that are asked for, by name; of one that is not there, whether that is known.
// Where all are asked for, at most 10,000.
void PickFlags(const v1::FlagStatesQuery& asked, v1::FlagStates& states);

}  // namespace gate

#endif  // GATE_EVIDENCE_FLAGS_FLAG_LIST_H_
