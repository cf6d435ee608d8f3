#include "checks/qa/parameters.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "checks/qa/rules.h"

namespace gate::qa {
namespace {

constexpr absl::Duration kDefaultMaxAge = absl::Hours(30 * 24);
constexpr absl::Duration kLeastMaxAge = absl::Hours(1);
constexpr absl::Duration kMostMaxAge = absl::Hours(365 * 24);
constexpr size_t kMaxName = 64;

RE2::Options IgnoringCase() {
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  return options;
}

bool Is(char c, std::string_view others) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         others.find(c) != std::string_view::npos;
}

bool IsName(std::string_view text, std::string_view others) {
  return !text.empty() && text.size() <= kMaxName &&
         std::ranges::all_of(text, [&](char c) { return Is(c, others); });
}

bool IsLowerName(std::string_view text) {
  return IsName(text, "_-") && std::ranges::none_of(text, [](char c) {
           return absl::ascii_isupper(static_cast<unsigned char>(c));
         });
}

// Collects issues under checks.qa.
class Issues {
 public:
  void Add(const std::string& field, std::string message) {
    issues_.push_back({absl::StrCat("checks.qa.", field), std::move(message)});
  }
  void Expression(const std::string& field, const std::string& text) {
    const RE2 expression(text, IgnoringCase());
    if (!expression.ok())
      Add(field, absl::StrCat("is no regular expression: ", expression.error()));
  }
  std::vector<ParameterIssue> Take() { return std::move(issues_); }

 private:
  std::vector<ParameterIssue> issues_;
};

void ValidateCase(const v1::QaRequiredCase& required, const std::string& field,
                  std::set<std::string>& names, Issues& issues) {
  if (!IsName(required.name(), " ._-") || WordsOf(required.name()).empty()) {
    issues.Add(field + "name", "must be 1 to 64 characters of [A-Za-z0-9 ._-], with a word in it");
  } else if (!names.insert(required.name()).second) {
    issues.Add(field + "name", absl::StrCat("is used twice: ", required.name()));
  }
  if (!required.matches().empty()) issues.Expression(field + "matches", required.matches());
}

void ValidateComponent(const v1::QaComponent& component, const std::string& field,
                       std::set<std::string>& names, Issues& issues) {
  if (!IsLowerName(component.name())) {
    issues.Add(field + "name", "must be 1 to 64 characters of [a-z0-9_-]");
  } else if (!names.insert(component.name()).second) {
    issues.Add(field + "name", absl::StrCat("is used twice: ", component.name()));
  }
  if (component.paths().empty()) {
    issues.Add(field + "paths", "must name the component's files, for example \"src/tasks/**\"");
  }
  for (int i = 0; i < component.paths_size(); ++i) {
    if (component.paths(i).empty()) {
      issues.Add(absl::StrCat(field, "paths[", i, "]"), "must not be empty");
    }
  }
  if (component.platforms().empty()) {
    issues.Add(field + "platforms", "must name where the cases have to pass, for example \"web\"");
  }
  std::set<std::string> platforms;
  for (int i = 0; i < component.platforms_size(); ++i) {
    const std::string at = absl::StrCat(field, "platforms[", i, "]");
    if (!IsName(component.platforms(i), "._-")) {
      issues.Add(at, "must be 1 to 64 characters of [A-Za-z0-9._-]");
    } else if (!platforms.insert(component.platforms(i)).second) {
      issues.Add(at, absl::StrCat("is used twice: ", component.platforms(i)));
    }
  }
  if (component.cases().empty()) issues.Add(field + "cases", "must name what has to pass");
  std::set<std::string> cases;
  for (int i = 0; i < component.cases_size(); ++i) {
    ValidateCase(component.cases(i), absl::StrCat(field, "cases[", i, "]."), cases, issues);
  }
}

void ValidateSeverities(const v1::QaPolicy& policy, Issues& issues) {
  for (const auto& [id, severity] : policy.severities()) {
    const std::string field = absl::StrCat("severities[\"", id, "\"]");
    if (!IsRule(id)) {
      issues.Add(field, absl::StrCat("unknown rule \"", id, "\""));
    } else if (!HasSeverity(id)) {
      issues.Add(field,
                 "what is unproven cannot be declared harmless for all changes; require less, or "
                 "write an exemption");
    } else if (severity == v1::SEVERITY_UNSPECIFIED) {
      issues.Add(field, "must be INFO, WARN or BLOCK");
    }
  }
}

void AskForWatches(const v1::Change& change, std::vector<v1::Query>& queries) {
  v1::Query& query = queries.emplace_back();
  query.set_id(kWatchesId);
  v1::FlagWatchesQuery& asked = *query.mutable_flag_watches();
  asked.set_environment(change.environment());
  asked.set_flag(change.flag_flip().flag());
  asked.set_build(change.head_revision());
}

void AskForRelease(const v1::Change& change, const v1::QaPolicy& policy,
                   std::vector<v1::Query>& queries) {
  v1::Query& query = queries.emplace_back();
  query.set_id(kReleaseId);
  v1::ReleaseQuery& asked = *query.mutable_release();
  asked.set_repository(policy.repository());
  asked.set_base_revision(change.base_revision());
  asked.set_head_revision(change.head_revision());
  *asked.mutable_ticket_patterns() = policy.ticket_patterns();
  *asked.mutable_tickets() = change.ticket_details();
  *asked.mutable_flag_wrappers() = policy.flag_wrappers();
}

// Flags may be named by the commits alone, so that those of the change are not all that are wanted.
void AskForFlags(const v1::QaPolicy& policy, std::vector<v1::Query>& queries) {
  v1::Query& query = queries.emplace_back();
  query.set_id(kFlagsId);
  query.mutable_flag_states()->set_source(policy.flags());
}

void AskForRuns(const v1::Change& change, std::vector<v1::Query>& queries) {
  v1::Query& query = queries.emplace_back();
  query.set_id(kRunsId);
  v1::QaRunsQuery& asked = *query.mutable_qa_runs();
  asked.set_service(change.service());
  // What failed on the way to head counts until it is tested again, and a hotfix may go by results
  // of what it contains.
  std::set<std::string> builds = {change.head_revision()};
  for (const v1::Commit& commit : change.commits()) builds.insert(commit.revision());
  asked.mutable_builds()->Assign(builds.begin(), builds.end());
}

}  // namespace

std::string WordsOf(std::string_view name) {
  std::string words;
  char before = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(name[i]);
    const bool in_word = absl::ascii_isalnum(c) || c >= 0x80;
    const bool begins = absl::ascii_isupper(c) && absl::ascii_islower(before);
    // The last capital of "HTTPServer" begins a word.
    const bool ends_capitals = absl::ascii_isupper(c) && absl::ascii_isupper(before) &&
                               i + 1 < name.size() &&
                               absl::ascii_islower(static_cast<unsigned char>(name[i + 1]));
    if ((!in_word || begins || ends_capitals) && !words.empty() && words.back() != ' ') {
      words += ' ';
    }
    if (in_word) {
      if (words.empty()) words = " ";
      words += absl::ascii_tolower(c);
    }
    before = name[i];
  }
  if (!words.empty() && words.back() != ' ') words += ' ';
  return words;
}

RequiredCase::RequiredCase(const v1::QaRequiredCase& required)
    : name_(required.name()), keys_(required.keys().begin(), required.keys().end()) {
  if (!required.matches().empty()) {
    expression_ = std::make_shared<const RE2>(required.matches(), IgnoringCase());
  } else if (keys_.empty()) {
    words_ = WordsOf(required.name());
  }
}

bool RequiredCase::Is(const v1::QaCase& reported) const {
  if (!reported.key().empty() && keys_.contains(reported.key())) return true;
  if (expression_ != nullptr) return RE2::PartialMatch(reported.name(), *expression_);
  return !words_.empty() && WordsOf(reported.name()).find(words_) != std::string::npos;
}

bool Component::Has(std::string_view path) const {
  return std::ranges::any_of(paths,
                             [&](const PathPattern& pattern) { return pattern.Matches(path); });
}

Parameters::Parameters(const v1::QaPolicy& policy)
    : max_age(policy.has_max_age() ? FromProto(policy.max_age()) : kDefaultMaxAge),
      accept_flaky(policy.accept_flaky()) {
  for (const v1::QaComponent& component : policy.components()) {
    Component& added = components.emplace_back();
    added.name = component.name();
    for (const std::string& path : component.paths()) added.paths.emplace_back(path);
    for (const v1::QaRequiredCase& required : component.cases()) {
      added.cases.emplace_back(required);
    }
    added.platforms.assign(component.platforms().begin(), component.platforms().end());
  }
}

std::vector<ParameterIssue> Validate(const v1::Policy&, const v1::PolicyRule& rule) {
  const v1::QaPolicy& policy = rule.checks().qa();
  Issues issues;
  std::set<std::string> names;
  for (int i = 0; i < policy.components_size(); ++i) {
    ValidateComponent(policy.components(i), absl::StrCat("components[", i, "]."), names, issues);
  }
  for (int i = 0; i < policy.ticket_patterns_size(); ++i) {
    issues.Expression(absl::StrCat("ticket_patterns[", i, "]"), policy.ticket_patterns(i));
  }
  for (int i = 0; i < policy.flag_wrappers_size(); ++i) {
    const v1::FlagWrapper& wrapper = policy.flag_wrappers(i);
    const std::string field = absl::StrCat("flag_wrappers[", i, "].");
    if (wrapper.function().empty()) issues.Add(field + "function", "must name a function");
    if (wrapper.argument() < 0) issues.Add(field + "argument", "counts from 1");
    if (wrapper.property() && wrapper.argument() != 0) {
      issues.Add(field + "argument", "a property has no arguments");
    }
  }
  const absl::Duration max_age = FromProto(policy.max_age());
  if (policy.has_max_age() && (max_age < kLeastMaxAge || max_age > kMostMaxAge)) {
    issues.Add("max_age",
               absl::StrCat("must be 1h to 8760h (365 days), not ", absl::FormatDuration(max_age)));
  }
  ValidateSeverities(policy, issues);
  return issues.Take();
}

bool BringsCode(const v1::Change& change) {
  switch (change.kind()) {
    case v1::CHANGE_KIND_TRAFFIC_SHIFT:
    case v1::CHANGE_KIND_FLAG_FLIP:
      return false;
    case v1::CHANGE_KIND_MIGRATION:
    case v1::CHANGE_KIND_CONFIG:
      return !change.head_revision().empty();
    default:
      return true;
  }
}

std::vector<v1::Query> Needs(const v1::Change& change, const v1::PolicyRule& rule) {
  const v1::QaPolicy& policy = rule.checks().qa();
  std::vector<v1::Query> queries;
  if (change.kind() == v1::CHANGE_KIND_FLAG_FLIP && change.flag_flip().enabled()) {
    AskForWatches(change, queries);
  }
  if (!BringsCode(change) || change.head_revision().empty()) return queries;
  AskForRuns(change, queries);
  if (!change.base_revision().empty()) AskForRelease(change, policy, queries);
  if (!policy.flags().empty()) AskForFlags(policy, queries);
  return queries;
}

}  // namespace gate::qa
