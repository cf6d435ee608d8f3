// GitLab Code Quality. Findings with equal fingerprints collapse there, so they are unequal here,
// and hold no line numbers. Its entries need a place in a file; what has none is not shown.
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "checks/render/escape.h"
#include "checks/render/judgement.h"
#include "checks/render/render.h"

namespace gate::render {
namespace {

using Json = nlohmann::ordered_json;

const char* SeverityOf(Level level) {
  switch (level) {
    case Level::kError:
      return "blocker";
    case Level::kWarning:
      return "major";
    case Level::kNote:
      return "info";
  }
  return "blocker";
}

// GitLab joins on the path as git prints it: relative, without "./".
std::string GitPath(std::string_view path) {
  while (path.substr(0, 2) == "./") path.remove_prefix(2);
  while (path.substr(0, 1) == "/") path.remove_prefix(1);
  return std::string(path);
}

Json Entry(std::string description, std::string_view check_name, std::string_view fingerprint,
           Level level, const v1::Location& location) {
  const int begin = std::max(1, location.line());
  return {{"description", std::move(description)},
          {"check_name", absl::StrCat("gate/", std::string(check_name))},
          {"fingerprint", std::string(fingerprint)},
          {"severity", SeverityOf(level)},
          {"location",
           {{"path", GitPath(location.path())},
            {"lines", {{"begin", begin}, {"end", std::max(begin, location.end_line())}}}}}};
}

std::string Render(const Judgement& judgement) {
  Json entries = Json::array();
  for (const Item& item : judgement.items) {
    const v1::Finding& finding = *item.finding;
    if (finding.location().path().empty()) continue;
    entries.push_back(
        Entry(finding.message(), finding.rule(), item.fingerprint, item.level, finding.location()));
  }
  for (size_t i = 0; i < judgement.unclear.size(); ++i) {
    const Unclear& unclear = judgement.unclear[i];
    if (unclear.location.path().empty()) continue;
    entries.push_back(Entry(absl::StrCat("Not judged: ", unclear.reason), "not_judged",
                            absl::StrCat("not_judged/", unclear.location.path(), "/", i),
                            unclear.level, unclear.location));
  }
  return entries.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Verdict(const v1::Verdict& verdict, const Options&) { return Render(Flatten(verdict)); }

std::string Report(const v1::LintReport& report, const Options&) { return Render(Flatten(report)); }

}  // namespace

const Format kGitlabFormat = {"gitlab", "GitLab Code Quality report", Verdict, Report};

}  // namespace gate::render
