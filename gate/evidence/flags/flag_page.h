// Flags that come page by page, from a server that counts them.
#ifndef GATE_EVIDENCE_FLAGS_FLAG_PAGE_H_
#define GATE_EVIDENCE_FLAGS_FLAG_PAGE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/evidence/flags/flag_list.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// One answer.
struct FlagPage {
  std::vector<std::pair<std::string, FlagReading>> flags;
  int64_t total = 0;  // Of all pages, as the server counts.
  std::string facts;  // As FlagList::AddFacts takes them; a digest of them will do.
};

// All pages as one list. INVALID_ARGUMENT where they do not fit together: a flag came or went
// between two of them. `complete` where there was one page alone: with more a flag may have gone
// and another one come unseen.
absl::StatusOr<v1::FlagStates> JoinPages(const std::vector<FlagPage>& pages);

// Asks page by page, until as many flags have come as the server says that there are. `ask` is
// called with how many pages and flags there are already. False: `absence` says why.
bool ReadPages(const std::function<bool(int pages, int64_t flags, FlagPage& page)>& ask,
               v1::FlagStates& states, v1::Absence& absence);

}  // namespace gate

#endif  // GATE_EVIDENCE_FLAGS_FLAG_PAGE_H_
