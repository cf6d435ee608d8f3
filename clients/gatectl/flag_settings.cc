#include "clients/gatectl/flag_settings.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/gatectl/files.h"
#include "clients/gatectl/policy_file.h"

namespace gate::ctl {
namespace {

FlagSettings SettingsOf(const v1::QaPolicy& policy) {
  return {{policy.flag_wrappers().begin(), policy.flag_wrappers().end()},
          {policy.ticket_patterns().begin(), policy.ticket_patterns().end()}};
}

bool SayTheSame(const v1::QaPolicy& a, const v1::QaPolicy& b) {
  const auto same = [](const v1::FlagWrapper& one, const v1::FlagWrapper& other) {
    return one.SerializeAsString() == other.SerializeAsString();
  };
  return std::ranges::equal(a.flag_wrappers(), b.flag_wrappers(), same) &&
         std::ranges::equal(a.ticket_patterns(), b.ticket_patterns());
}

// Other files of the product that are called a configuration.
void SayWhichFile(const std::string& path, Problem& problem) {
  const Or<std::string> text = path == "-" ? Or<std::string>("") : ReadFile(path);
  if (!text) return;
  for (const auto& [word, whose] : {std::pair("flag_servers:", "gated's configuration"),
                                    std::pair("contexts:", "gatectl's own configuration")}) {
    if (!absl::StrContains(*text, word)) continue;
    problem.help.push_back(absl::StrCat("this is ", whose,
                                        "; what is wanted is the policy, whose checks.qa names "
                                        "flag_wrappers and ticket_patterns"));
    return;
  }
}

}  // namespace

Or<v1::FlagWrapper> ParseWrapper(const std::string& text) {
  const size_t colon = text.rfind(':');
  v1::FlagWrapper wrapper;
  wrapper.set_function(text.substr(0, colon));
  const std::string argument = colon == std::string::npos ? "" : text.substr(colon + 1);
  int number = 0;
  const auto [end, error] =
      std::from_chars(argument.data(), argument.data() + argument.size(), number);
  const bool counts =
      error == std::errc() && end == argument.data() + argument.size() && number >= 0;
  if (wrapper.function().empty() || (argument != "-" && !counts) || number > 1000) {
    return Problem{"E0201",
                   absl::StrCat("--wrapper ", text, " is not FUNCTION:ARGUMENT"),
                   {},
                   "",
                   "",
                   {"--wrapper isEnabled:0 where its first argument names the flag",
                    "--wrapper flags.tasksV2:- where it is read without a call"}};
  }
  if (argument == "-") {
    wrapper.set_property(true);
  } else {
    wrapper.set_argument(number + 1);
  }
  return wrapper;
}

Or<FlagSettings> ReadFlagSettings(const std::string& path, const std::string& rule) {
  const Or<v1::Policy> policy = ReadPolicy(path);
  if (!policy) {
    Problem problem = policy.problem();
    SayWhichFile(path, problem);
    return problem;
  }
  std::vector<const v1::PolicyRule*> rules;
  std::vector<std::string> names;
  for (const v1::PolicyRule& candidate : policy->rules()) {
    if (!candidate.checks().has_qa()) continue;
    names.push_back(candidate.name());
    if (rule.empty() || candidate.name() == rule) rules.push_back(&candidate);
  }
  if (names.empty()) {
    return Problem{"E0203",
                   absl::StrCat(path, " has no qa check"),
                   {"none of its rules has checks.qa, which names wrappers and ticket patterns"},
                   "",
                   "",
                   {"leave out --policy, and say with --wrapper how the code asks for flags"}};
  }
  if (rules.empty()) {
    return Problem{"E0201", absl::StrCat("no rule with a qa check in ", path, " is called ", rule),
                   {},      "",
                   "",      {absl::StrCat("one of: ", absl::StrJoin(names, ", "))}};
  }
  for (const v1::PolicyRule* other : rules) {
    if (SayTheSame(rules[0]->checks().qa(), other->checks().qa())) continue;
    return Problem{"E0201",
                   absl::StrCat("the qa checks of ", path, " do not say the same"),
                   {absl::StrCat(rules[0]->name(), " and ", other->name(),
                                 " name other flag_wrappers or ticket_patterns")},
                   "",
                   "",
                   {absl::StrCat("say which rule is meant: --rule ", rules[0]->name())}};
  }
  return SettingsOf(rules[0]->checks().qa());
}

flags::FlagQuestion QuestionOf(const std::string& flag, const FlagSettings& settings) {
  flags::FlagQuestion question;
  question.flag = flag;
  for (const v1::FlagWrapper& wrapper : settings.wrappers) {
    question.wrappers.push_back({wrapper.function(), wrapper.property()
                                                         ? flags::Wrapper::kProperty
                                                         : std::max(wrapper.argument(), 1) - 1});
  }
  return question;
}

}  // namespace gate::ctl
