#include "gate/evidence/flags/answer.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gate/base/file.h"
#include "gate/evidence/flags/document.h"
#include "gate/evidence/flags/flag_reader.h"

namespace gate {
namespace {

constexpr size_t kMaxDetail = 1024;

v1::AbsenceReason ReasonOfFile(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kPermissionDenied:
      return v1::ABSENCE_REASON_DENIED;
    case absl::StatusCode::kFailedPrecondition:
      return v1::ABSENCE_REASON_TOO_LARGE;
    default:
      return v1::ABSENCE_REASON_UNREACHABLE;
  }
}

v1::AbsenceReason ReasonOfStatus(long status) {
  if (status == 401 || status == 403) return v1::ABSENCE_REASON_DENIED;
  if (status == 408 || status == 429 || status >= 500) return v1::ABSENCE_REASON_UNREACHABLE;
  return status >= 400 ? v1::ABSENCE_REASON_REJECTED : v1::ABSENCE_REASON_MALFORMED;
}

// What to do about it. The server's own words are left out: some repeat what was sent to them.
std::string Advice(long status, std::string_view token) {
  if (status == 401 || status == 403) {
    return absl::StrCat(": ", std::string(token), " is not accepted, or may not read flags");
  }
  if (status == 404) return ": there is no such API, project or environment at this address";
  if (status == 429) return ": it is asked too often";
  if (status == 304) return ": it says that nothing has changed, which was not asked";
  if (status >= 300 && status < 400) {
    return ": redirects are not followed; configure the address that it points to";
  }
  return "";
}

}  // namespace

bool Fail(v1::AbsenceReason reason, std::string_view detail, v1::Absence& absence) {
  absence.set_reason(reason);
  absence.set_detail(Cut(detail, kMaxDetail));
  return false;
}

bool Check(const absl::Status& status, v1::Absence& absence) {
  if (status.ok()) return true;
  const std::string words(status.message());
  return Fail(absl::IsFailedPrecondition(status) ? v1::ABSENCE_REASON_REJECTED
                                                 : v1::ABSENCE_REASON_MALFORMED,
              words, absence);
}

bool IsAnswer(const HttpResponse& response, std::string_view token, v1::Absence& absence) {
  if (response.failed()) return Fail(response.failure, response.detail, absence);
  if (response.status != 200) {
    return Fail(ReasonOfStatus(response.status),
                absl::StrCat("HTTP ", response.status, Advice(response.status, token)), absence);
  }
  if (absl::StartsWith(response.content_type, "text/html")) {
    return Fail(v1::ABSENCE_REASON_MALFORMED, "a page of HTML came back", absence);
  }
  return true;
}

bool ReadFlagFile(const std::string& path, std::string& text, v1::Absence& absence) {
  absl::StatusOr<std::string> read = ReadFile(path, kMaxFlagBytes);
  if (!read.ok()) {
    return Fail(ReasonOfFile(read.status()),
                absl::StrCat(path, " ", std::string(read.status().message())), absence);
  }
  text = *std::move(read);
  return true;
}

std::string Below(std::string url, std::string_view path) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url.append(path);
}

std::string UrlPart(std::string_view text) {
  std::string part;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      part += c;
    } else {
      absl::StrAppend(&part, "%", absl::Hex(byte, absl::kZeroPad2));
    }
  }
  return part;
}

}  // namespace gate
