#include "gate/evidence/git/handles.h"

#include "absl/strings/str_cat.h"

namespace gate::git {

std::string Hex(const git_oid& id) {
  std::string text(GIT_OID_HEXSZ, '\0');
  git_oid_fmt(text.data(), &id);
  return text;
}

std::string ShortHex(const git_oid& id) { return Hex(id).substr(0, 10); }

absl::Status GitError(int code, std::string_view what) {
  const git_error* error = git_error_last();
  const std::string message = absl::StrCat(
      std::string(what), ": ", error == nullptr ? "unknown error" : std::string(error->message));
  if (code == GIT_ENOTFOUND) return absl::NotFoundError(message);
  if (error != nullptr && error->klass == GIT_ERROR_NOMEMORY) {
    return absl::ResourceExhaustedError(message);
  }
  return absl::DataLossError(message);
}

absl::Status InTime(Deadline deadline, std::string_view doing) {
  if (std::chrono::steady_clock::now() < deadline) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat("the release was not read in time: ", std::string(doing)));
}

}  // namespace gate::git
