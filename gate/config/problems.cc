#include "gate/config/problems.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"
#include "gate/base/file.h"

namespace gate {

std::string FileProblem(const std::string& file, size_t max_bytes) {
  const absl::StatusOr<std::string> content = ReadFile(file, max_bytes);
  if (!content.ok()) {
    return absl::StrCat(Quoted(file), " ", std::string(content.status().message()));
  }
  return content->empty() ? Quoted(file) + " is empty" : "";
}

std::string UrlProblem(std::string_view url, std::string_view example,
                       std::string_view credentials) {
  if (url.empty()) return absl::StrCat("\"url\" is required: ", Quoted(example));
  std::string_view rest = url;
  for (std::string_view scheme : {"http://", "https://"}) {
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  }
  if (rest.size() == url.size() || rest.empty() || rest[0] == '/') {
    return absl::StrCat(Quoted(url), " is no base URL; write it as ", Quoted(example));
  }
  if (rest.find_first_of(" ?#") != std::string_view::npos) {
    return absl::StrCat(Quoted(url), " is no base URL: no blank, query or fragment");
  }
  if (rest.substr(0, rest.find('/')).find('@') != std::string_view::npos) {
    return absl::StrCat("a URL holds no user and password; write ", Quoted(credentials));
  }
  return "";
}

}  // namespace gate
