// What a parser says of a text, short enough for tables.
#ifndef TESTS_EVIDENCE_FLAGS_READING_H_
#define TESTS_EVIDENCE_FLAGS_READING_H_

#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// "OFF", "ON", "CODE_DEFAULT", "UNKNOWN"; "not there"; "refused" where there are no states at all.
inline std::string Reading(const absl::StatusOr<v1::FlagStates>& states, const std::string& flag) {
  if (!states.ok()) return "refused";
  for (const v1::FlagState& state : states->flags()) {
    if (state.flag() == flag) return v1::FlagValue_Name(state.value()).substr(11);
  }
  return "not there";
}

// A text with a flag "f", and what is known of it.
struct ReadingCase {
  const char* name;
  const char* text;
  const char* reading;
};

inline std::ostream& operator<<(std::ostream& out, const ReadingCase& read) {
  return out << read.name << ": " << read.text;
}

}  // namespace gate

#endif  // TESTS_EVIDENCE_FLAGS_READING_H_
