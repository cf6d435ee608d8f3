// Which tickets a text names: commit messages, branch names.
#ifndef CHECKS_TICKETS_TICKET_FINDER_H_
#define CHECKS_TICKETS_TICKET_FINDER_H_

#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace gate {

// Thread-safe.
class TicketFinder {
 public:
  // Regular expressions (RE2); a ticket is all that one of them matches. None: the usual form
  // "TASKS-118", without names of standards such as "UTF-8". INVALID_ARGUMENT names the pattern
  // that is wrong, and why.
  static absl::StatusOr<TicketFinder> Make(const std::vector<std::string>& patterns);

  // In the order of the patterns, then of the text, each once.
  std::vector<std::string> Find(std::string_view text) const;

 private:
  std::vector<std::unique_ptr<const RE2>> patterns_;
  bool usual_ = false;
};

// Whether a text can be a ticket's key: 1 to 128 characters of [A-Za-z0-9._#/-].
bool IsTicketKey(std::string_view text);

}  // namespace gate

#endif  // CHECKS_TICKETS_TICKET_FINDER_H_
