// The audit log, and who the caller is.
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/api/api.h"
#include "gate/api/page.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

constexpr int kStandardPage = 50;
constexpr int kLargestPage = 1000;

absl::StatusOr<AuditFilter> FilterOf(const v1::ListAuditRequest& request) {
  AuditFilter filter = {request.service(), request.environment(), request.actor(),
                        request.resource(), request.outcome()};
  std::vector<FieldError> errors;
  const auto moment = [&](const char* field, const google::protobuf::Timestamp& time) {
    // Years 1 to 9999, which is what a timestamp may be.
    if (time.nanos() < 0 || time.nanos() >= 1'000'000'000 || time.seconds() < -62135596800 ||
        time.seconds() > 253402300799) {
      errors.push_back({field, "is not a moment between years 1 and 9999"});
    }
    return FromProto(time);
  };
  filter.for_people = true;
  if (request.has_start_time()) filter.start = moment("start_time", request.start_time());
  if (request.has_end_time()) filter.end = moment("end_time", request.end_time());
  if (filter.start && filter.end && *filter.start > *filter.end) {
    errors.push_back({"end_time", "must not be before start_time"});
  }
  if (!errors.empty()) return InvalidFields(errors);
  return filter;
}

absl::StatusOr<int64_t> ParseBefore(const v1::ListAuditRequest& request) {
  const absl::StatusOr<std::string> token = ParsePageToken(request, request.page_token());
  if (!token.ok()) return token.status();
  if (token->empty()) return kAuditEnd;
  int64_t before = 0;
  if (absl::SimpleAtoi(*token, &before)) return before;
  return InvalidFields({{"page_token", "is not a token of this list"}}, "INVALID_PAGE_TOKEN");
}

}  // namespace

absl::StatusOr<v1::ListAuditResponse> Api::ListAudit(const v1::ListAuditRequest& request) {
  const absl::StatusOr<AuditFilter> filter = FilterOf(request);
  if (!filter.ok()) return filter.status();
  const absl::StatusOr<int> size = PageSize(request.page_size(), kStandardPage, kLargestPage);
  if (!size.ok()) return size.status();
  const absl::StatusOr<int64_t> before = ParseBefore(request);
  if (!before.ok()) return before.status();
  // One more than is sent tells whether there is a next page.
  auto entries = parts_.store.audit().List(*filter, *before, *size + 1);
  if (!entries.ok()) return entries.status();
  const bool more = entries->size() > static_cast<size_t>(*size);
  if (more) entries->pop_back();
  v1::ListAuditResponse response;
  for (v1::AuditEntry& entry : *entries) *response.add_entries() = std::move(entry);
  if (more) {
    const int64_t last = response.entries(response.entries_size() - 1).sequence();
    response.set_next_page_token(MakePageToken(request, absl::StrCat(last)));
  }
  return response;
}

absl::StatusOr<v1::Caller> Api::WhoAmI(const CallContext& call, const v1::WhoAmIRequest&) {
  return parts_.identities.Of(call.shown);
}

}  // namespace gate
