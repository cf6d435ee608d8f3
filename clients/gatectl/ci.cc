#include "clients/gatectl/ci.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace gate::ctl {
namespace {

// One CI system: the variable that gives it away, and where it keeps the rest. The first of several
// variables that is set counts.
struct System {
  std::string_view name;
  std::string_view marker;
  std::array<std::string_view, 2> tag;
  std::array<std::string_view, 3> author;
  std::array<std::string_view, 2> repository;
};

constexpr std::array<System, 5> kSystems = {{
    {"GitHub Actions", "GITHUB_ACTIONS", {}, {"GITHUB_ACTOR"}, {}},
    {"GitLab CI", "GITLAB_CI", {"CI_COMMIT_TAG"}, {"GITLAB_USER_LOGIN"}, {"CI_PROJECT_URL"}},
    {"Buildkite",
     "BUILDKITE",
     {"BUILDKITE_TAG"},
     {"BUILDKITE_BUILD_CREATOR", "BUILDKITE_BUILD_AUTHOR"},
     {"BUILDKITE_REPO"}},
    {"CircleCI", "CIRCLECI", {"CIRCLE_TAG"}, {"CIRCLE_USERNAME"}, {"CIRCLE_REPOSITORY_URL"}},
    {"Jenkins",
     "JENKINS_URL",
     {"TAG_NAME"},
     {"BUILD_USER", "CHANGE_AUTHOR", "GIT_COMMITTER_NAME"},
     {"GIT_URL", "GIT_URL_1"}},
}};

std::string FirstSet(const Variables& variables, const auto& names) {
  for (const std::string_view name : names) {
    const std::string_view value = name.empty() ? name : Get(variables, name);
    if (!value.empty()) return std::string(value);
  }
  return "";
}

}  // namespace

std::string RepositoryName(std::string_view url) {
  const size_t scheme = url.find("://");
  const bool has_scheme = scheme != std::string_view::npos;
  if (has_scheme) url.remove_prefix(scheme + 3);
  const size_t slash = url.find('/');
  const size_t at = url.substr(0, slash).rfind('@');  // a user, or a token that nobody should see
  if (at != std::string_view::npos) url.remove_prefix(at + 1);
  std::string name(url);
  const size_t colon = name.find(':');
  const size_t first_slash = name.find('/');
  if (colon != std::string::npos && (first_slash == std::string::npos || colon < first_slash)) {
    if (has_scheme) {
      name.erase(colon, first_slash == std::string::npos ? std::string::npos : first_slash - colon);
    } else {
      name[colon] = '/';  // git@github.com:example/payments
    }
  }
  while (!name.empty() && name.back() == '/') name.pop_back();
  if (name.size() > 4 && name.substr(name.size() - 4) == ".git") name.resize(name.size() - 4);
  return name;
}

CiRun DetectCi(const Variables& variables) {
  CiRun run;
  for (const System& system : kSystems) {
    if (Get(variables, system.marker).empty()) continue;
    run.system = system.name;
    run.version = FirstSet(variables, system.tag);
    run.author = FirstSet(variables, system.author);
    run.repository = RepositoryName(FirstSet(variables, system.repository));
    break;
  }
  if (run.system == "GitHub Actions") {
    if (Get(variables, "GITHUB_REF_TYPE") == "tag") run.version = Get(variables, "GITHUB_REF_NAME");
    const std::string repository(Get(variables, "GITHUB_REPOSITORY"));
    if (!repository.empty()) {
      run.repository = RepositoryName(
          absl::StrCat(std::string(Get(variables, "GITHUB_SERVER_URL")), "/", repository));
    }
  }
  return run;
}

}  // namespace gate::ctl
