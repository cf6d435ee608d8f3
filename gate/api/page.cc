#include "gate/api/page.h"

#include <algorithm>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

constexpr size_t kDigestSize = 16;

// Stands for the filter: the request without what may differ between pages.
std::string FilterDigest(const google::protobuf::Message& request) {
  const std::unique_ptr<google::protobuf::Message> filter(request.New());
  filter->CopyFrom(request);
  for (const char* name : {"page_size", "page_token"}) {
    const auto* field = request.GetDescriptor()->FindFieldByName(name);
    if (field != nullptr) filter->GetReflection()->ClearField(filter.get(), field);
  }
  const std::string type(request.GetDescriptor()->full_name());
  return Sha256Hex(absl::StrCat(type, "\n", DeterministicBytes(*filter))).substr(0, kDigestSize);
}

absl::Status BadToken(std::string_view why) {
  return InvalidFields({{"page_token", std::string(why)}}, "INVALID_PAGE_TOKEN");
}

}  // namespace

absl::StatusOr<int> PageSize(int asked, int standard, int most) {
  if (asked < 0) return InvalidFields({{"page_size", "must not be negative"}});
  return asked == 0 ? standard : std::min(asked, most);
}

std::string MakePageToken(const google::protobuf::Message& request, std::string_view key) {
  return absl::WebSafeBase64Escape(absl::StrCat(FilterDigest(request), std::string(key)));
}

absl::StatusOr<std::string> ParsePageToken(const google::protobuf::Message& request,
                                           std::string_view token) {
  if (token.empty()) return std::string();
  std::string content;
  const bool decoded =
      token.size() <= 1024 &&
      absl::WebSafeBase64Unescape(absl::string_view(token.data(), token.size()), &content);
  if (!decoded || content.size() <= kDigestSize) {
    return BadToken("is not a token of this list; pass next_page_token of the page before");
  }
  if (content.compare(0, kDigestSize, FilterDigest(request)) != 0) {
    return BadToken(
        "was given for another filter; keep the other fields as they were, or begin without a "
        "token");
  }
  return content.substr(kDigestSize);
}

}  // namespace gate
