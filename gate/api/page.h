// Pages of lists: sizes with bounds, and tokens that hold for one filter.
#ifndef GATE_API_PAGE_H_
#define GATE_API_PAGE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace gate {

// The size to use: `standard` for 0, at most `most` (AIP-158). Negative is INVALID_ARGUMENT.
absl::StatusOr<int> PageSize(int asked, int standard, int most);

// A token that continues after `key`. It holds for `request` only, its page_size and page_token set
// aside: another filter under the same token would silently skip entries.
std::string MakePageToken(const google::protobuf::Message& request, std::string_view key);

// The key of `token`, empty for the first page. INVALID_ARGUMENT where the token is not one of ours
// or was given for another filter.
absl::StatusOr<std::string> ParsePageToken(const google::protobuf::Message& request,
                                           std::string_view token);

}  // namespace gate

#endif  // GATE_API_PAGE_H_
