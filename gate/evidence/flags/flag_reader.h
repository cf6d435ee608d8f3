// One flag server, whatever it speaks. Each kind has a file of its own here: a pure parser, and
// behind it the few lines that fetch the text.
#ifndef GATE_EVIDENCE_FLAGS_FLAG_READER_H_
#define GATE_EVIDENCE_FLAGS_FLAG_READER_H_

#include <chrono>
#include <string>

#include "gate/v1/evidence.pb.h"

namespace gate {

// Largest text that is read, from a server or a file.
inline constexpr size_t kMaxFlagBytes = 32 << 20;

struct FlagQuestion {
  std::string environment;  // As changes name it: the key of tokens, files and addresses.
  std::string name_there;   // As the server names it.
  std::chrono::steady_clock::time_point deadline;
};

// Thread-safe.
class FlagReader {
 public:
  virtual ~FlagReader() = default;

  // All flags of the environment, with `server` and `revision`. False: `absence` says why there are
  // none, without secrets.
  virtual bool Read(const FlagQuestion& question, v1::FlagStates& states, v1::Absence& absence) = 0;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_FLAGS_FLAG_READER_H_
