#include "checks/qa/junit.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/qa/junit_document.h"
#include "checks/qa/junit_text.h"

namespace gate::qa {
namespace {

constexpr size_t kMaxIssues = 20;
// Real reports nest suites two or three deep.
constexpr size_t kMaxDepth = 1000;

// Properties that name the revision that was tested, as tools and pipelines call it.
constexpr std::array<std::string_view, 13> kBuildNames = {
    "build",   "build.sha",  "build_sha", "ci_commit_sha", "commit",   "commit_sha", "git.commit",
    "git.sha", "git_commit", "git_sha",   "github_sha",    "revision", "sha"};

// A suite, or another element that may hold cases, while its content is read.
struct Open {
  pugi::xml_node element;
  pugi::xml_node next;
  bool is_suite = false;
  std::string name;
  std::vector<std::string> tickets;  // of the suite and of those around it

  // Of the suite and of those in it.
  int cases = 0;
  int own_cases = 0;
  int runs = 0;      // cases, runs of them again, and what tools count beside
  int failures = 0;  // elements and words that tell of one
  int skipped = 0;
  bool counts_assertions = false;

  std::string standard_error;  // its first line
  bool failed_itself = false;
  // Places in the report's cases of this suite's own, by what they are called.
  absl::flat_hash_map<std::string, std::vector<size_t>> places;
};

// What the elements and attributes of a case tell.
struct Told {
  bool failed = false, flaky = false, skipped = false;
  bool torn_down_badly = false;
  int failures = 0, runs_again = 0;
  std::string message;

  v1::QaOutcome Outcome() const {
    if (failed) return v1::QA_OUTCOME_FAILED;
    if (skipped) return v1::QA_OUTCOME_SKIPPED;
    return flaky ? v1::QA_OUTCOME_FLAKY : v1::QA_OUTCOME_PASSED;
  }
};

std::string Quoted(std::string_view text) { return absl::StrCat("\"", CleanText(text, 100), "\""); }

bool SpeaksOfFailure(std::string_view name) {
  return name.find("fail") != name.npos || name.find("error") != name.npos;
}

// The message of a failure: its attribute, else the first line of its text.
std::string MessageOf(pugi::xml_node failure) {
  std::string message = FirstLine(failure.attribute("message").value(), kMaxCaseMessage);
  for (pugi::xml_node text = failure.first_child(); text && message.empty();
       text = text.next_sibling()) {
    message = FirstLine(text.value(), kMaxCaseMessage);
  }
  if (message.empty()) message = FirstLine(failure.attribute("type").value(), kMaxCaseMessage);
  return message;
}

// Whether the name begins with those words, whole: "tasks assigns" with "tasks".
bool BeginsWithWords(std::string_view name, std::string_view words) {
  return name.starts_with(words) &&
         (words.empty() || name.size() == words.size() ||
          !absl::ascii_isalnum(static_cast<unsigned char>(name[words.size()])));
}

// An attribute that is "true" or "1".
bool IsSet(pugi::xml_node element, const char* attribute) {
  const std::string value = absl::AsciiStrToLower(element.attribute(attribute).value());
  return value == "true" || value == "1";
}

class Reader {
 public:
  explicit Reader(const JunitDocument& document) : document_(document) {}

  JunitReport Read() && {
    Enter(document_.root());
    while (!open_.empty() && report_.errors.size() < kMaxIssues) {
      const pugi::xml_node child = open_.back().next;
      if (!child) {
        Leave();
        continue;
      }
      open_.back().next = child.next_sibling();
      if (child.type() == pugi::node_element) Visit(child);
    }
    Finish();
    return std::move(report_);
  }

 private:
  void Error(pugi::xml_node at, std::string message) {
    if (report_.errors.size() < kMaxIssues) {
      report_.errors.push_back({document_.LineOf(at), std::move(message)});
    }
  }
  void Remark(pugi::xml_node at, std::string message) {
    if (report_.remarks.size() < kMaxIssues) {
      report_.remarks.push_back({document_.LineOf(at), std::move(message)});
    }
  }

  void Visit(pugi::xml_node element) {
    const std::string name = LocalName(element);
    if (name == "testcase") {
      ReadCase(element);
    } else if (name == "system-err") {
      for (pugi::xml_node text = element.first_child(); text && open_.back().standard_error.empty();
           text = text.next_sibling()) {
        open_.back().standard_error = FirstLine(text.value(), kMaxCaseMessage);
      }
    } else if (name == "system-out" || name == "properties") {
      // Output may hold anything; properties were read when the suite was entered.
    } else if (SpeaksOfFailure(name)) {
      FailSuite(element, MessageOf(element));
    } else {
      Enter(element);
    }
  }

  void Enter(pugi::xml_node element) {
    if (open_.size() >= kMaxDepth) {
      Error(element, absl::StrCat("suites are nested more than ", kMaxDepth, " deep"));
      open_.clear();
      return;
    }
    Open suite;
    suite.element = element;
    suite.next = element.first_child();
    const std::string kind = LocalName(element);
    suite.is_suite = kind == "testsuite" || kind == "testsuites";
    suite.name = CleanText(element.attribute("name").value(), kMaxCaseName / 2);
    if (!open_.empty()) {
      suite.tickets = open_.back().tickets;
      if (suite.name.empty()) suite.name = open_.back().name;
    }
    // Catch2 has no host's name to tell, and counts assertions where others count cases.
    suite.counts_assertions = std::string_view(element.attribute("hostname").value()) == "tbd";
    if (suite.is_suite) {
      ReadTime(element);
      ReadProperties(element, suite);
    }
    open_.push_back(std::move(suite));
  }

  void Leave() {
    Open suite = std::move(open_.back());
    open_.pop_back();
    JoinRunsAgain(suite);
    if (suite.is_suite) {
      CheckSilence(suite);
      CheckCounts(suite);
    }
    if (open_.empty()) return;
    Open& outer = open_.back();
    outer.cases += suite.cases;
    if (!suite.is_suite) outer.own_cases += suite.own_cases;
    outer.runs += suite.runs;
    outer.failures += suite.failures;
    outer.skipped += suite.skipped;
    outer.counts_assertions |= suite.counts_assertions;
  }

  void ReadTime(pugi::xml_node suite) {
    const auto started = ReadTimestamp(suite.attribute("timestamp").value());
    if (!started) return;
    const absl::Time finished = started->time + ReadSeconds(suite.attribute("time").value());
    auto& latest = started->has_zone ? report_.finished_at : report_.finished_by_clock;
    latest = std::max(latest.value_or(absl::InfinitePast()), finished);
  }

  // Of a suite: what was tested, where, and for which tickets.
  void ReadProperties(pugi::xml_node element, Open& suite) {
    for (const pugi::xml_node properties : element.children()) {
      if (LocalName(properties) != "properties") continue;
      for (const pugi::xml_node property : properties.children()) {
        const std::string name = absl::AsciiStrToLower(property.attribute("name").value());
        const std::string value = CleanText(PropertyValue(property), kMaxCaseMessage);
        if (name == "platform") {
          platforms_.insert(value);
        } else if (IsFullRevision(value) &&
                   std::ranges::find(kBuildNames, name) != kBuildNames.end()) {
          builds_.insert(absl::AsciiStrToLower(value));
        } else {
          AddTickets(property, name, value, suite.tickets);
        }
      }
    }
  }

  // Xray's requirements, and what people call the same.
  void AddTickets(pugi::xml_node property, std::string_view name, std::string_view value,
                  std::vector<std::string>& tickets) {
    if (name != "requirements" && name != "requirement" && name != "tickets" && name != "ticket") {
      return;
    }
    for (const absl::string_view part :
         absl::StrSplit(absl::string_view(value.data(), value.size()), absl::ByAnyChar(",;"))) {
      const std::string ticket(absl::StripAsciiWhitespace(part));
      if (ticket.empty()) continue;
      if (!IsTicketKey(ticket)) {
        Remark(property, absl::StrCat(Quoted(ticket), " is no ticket's key and is left out"));
      } else if (std::ranges::find(tickets, ticket) == tickets.end()) {
        if (tickets.size() < kMaxCaseTickets) {
          tickets.push_back(ticket);
        } else {
          Error(property, absl::StrCat("more than ", kMaxCaseTickets, " tickets for one case"));
        }
      }
    }
  }

  void ReadCase(pugi::xml_node element) {
    if (report_.cases.size() >= kMaxCases) {
      Error(element, absl::StrCat("has more than ", kMaxCases, " cases: report it in parts"));
      open_.clear();
      return;
    }
    v1::QaCase read;
    for (const std::string& ticket : open_.back().tickets) read.add_tickets(ticket);
    read.set_name(NameOf(element));
    Told told;
    for (const pugi::xml_node child : element.children()) {
      if (child.type() == pugi::node_element) ReadChild(child, read, told);
    }
    ReadStatuses(element, told);
    if (read.key().empty()) read.set_key(TestRailId(read.name()));
    read.set_outcome(told.Outcome());
    if (read.outcome() != v1::QA_OUTCOME_PASSED) read.set_message(told.message);

    Open& suite = open_.back();
    ++suite.cases;
    ++suite.own_cases;
    // pytest counts a case that passed and could not be torn down twice.
    suite.runs += 1 + told.runs_again + (told.torn_down_badly ? 1 : 0);
    suite.failures += told.failures + told.runs_again;
    if (told.skipped) ++suite.skipped;
    const std::string place = absl::StrCat(element.attribute("file").value(), "\n",
                                           element.attribute("classname").value(), "\n",
                                           element.attribute("name").value());
    suite.places[place].push_back(report_.cases.size());
    elements_.push_back(element);
    report_.cases.push_back(std::move(read));
  }

  std::string NameOf(pugi::xml_node element) {
    bool cut = false, cut_too = false;
    const std::string name = CleanText(element.attribute("name").value(), kMaxCaseName, &cut);
    std::string whole = CleanText(element.attribute("classname").value(), kMaxCaseName, &cut_too);
    if (whole.empty()) whole = open_.back().name;
    if (name.empty()) {
      Remark(element, "a case without a name");
      absl::StrAppend(&whole, whole.empty() ? "" : ".", "(without a name)");
    } else if (BeginsWithWords(name, whole)) {
      whole = name;
    } else {
      absl::StrAppend(&whole, ".", name);
    }
    if (cut || cut_too || whole.size() > kMaxCaseName) {
      Remark(element, absl::StrCat("a name is longer than ", kMaxCaseName, " bytes and was cut"));
      whole = CleanText(whole, kMaxCaseName);
    }
    return whole;
  }

  void ReadChild(pugi::xml_node child, v1::QaCase& read, Told& told) {
    const std::string name = LocalName(child);
    const auto take_message = [&] {
      if (told.message.empty()) told.message = MessageOf(child);
    };
    if (name == "failure" || name == "error") {
      std::string message = MessageOf(child);
      told.torn_down_badly |= message.starts_with("failed on teardown");
      // It says more than why the case was skipped as well.
      if (!std::exchange(told.failed, true)) told.message = std::move(message);
      ++told.failures;
    } else if (name == "flakyfailure" || name == "flakyerror") {
      told.flaky = true;
      ++told.runs_again;
      take_message();
    } else if (name == "rerunfailure" || name == "rerunerror") {
      told.failed = true;
      ++told.runs_again;
      take_message();
    } else if (name == "skipped" || name == "disabled" || name == "ignored") {
      told.skipped = true;
      take_message();
    } else if (name == "properties") {
      for (const pugi::xml_node property : child.children()) ReadCaseProperty(property, read);
    } else if (name == "property") {
      ReadCaseProperty(child, read);
    } else if (name == "testcase" || name == "testsuite") {
      Error(child, absl::StrCat("<", name, "> within a <testcase> is not understood"));
    } else if (name != "system-err" && SpeaksOfFailure(name)) {
      Remark(child, absl::StrCat("<", CleanText(child.name(), 64), "> is taken for a failure"));
      take_message();
      told.failed = true;
      ++told.failures;
    }
  }

  // Xray's test_key and requirements, TestRail's test_id.
  void ReadCaseProperty(pugi::xml_node property, v1::QaCase& read) {
    const std::string name = absl::AsciiStrToLower(property.attribute("name").value());
    std::string value = CleanText(PropertyValue(property), kMaxCaseMessage);
    if (name == "test_key" || name == "test_id") {
      const bool digits = std::ranges::all_of(value, [](char c) { return absl::ascii_isdigit(c); });
      if (name == "test_id" && digits && !value.empty()) value.insert(0, "C");
      if (value.size() > kMaxCaseKey) {
        Remark(property,
               absl::StrCat(name, " is longer than ", kMaxCaseKey, " bytes and is left out"));
      } else {
        read.set_key(value);
      }
      return;
    }
    std::vector<std::string> tickets(read.tickets().begin(), read.tickets().end());
    const size_t before = tickets.size();
    AddTickets(property, name, value, tickets);
    for (size_t i = before; i < tickets.size(); ++i) read.add_tickets(tickets[i]);
  }

  void ReadStatuses(pugi::xml_node element, Told& told) {
    for (const char* attribute : {"status", "result"}) {
      const std::string_view word = element.attribute(attribute).value();
      switch (ReadStatus(word)) {
        case StatusWord::kRun:
          break;
        case StatusWord::kNotRun:
          told.skipped = true;
          break;
        case StatusWord::kFailed:
          if (told.failures == 0) told.failures = 1;
          told.failed = true;
          break;
        case StatusWord::kUnknown:
          told.skipped = true;
          Remark(element, absl::StrCat(attribute, "=", Quoted(word),
                                       " is not known: the case is not taken for passed"));
          break;
      }
    }
    const std::string_view executed = element.attribute("executed").value();
    if (executed == "false" || executed == "False") told.skipped = true;
    if (IsSet(element, "skipped") || IsSet(element, "disabled")) told.skipped = true;
  }

  // A failure that belongs to no case: whatever passed in the suite, it did not.
  void FailSuite(pugi::xml_node element, std::string message) {
    Open& suite = open_.back();
    ++suite.failures;
    if (std::exchange(suite.failed_itself, true)) return;
    const std::string name = suite.name.empty() ? "(a suite without a name)" : suite.name;
    Remark(element, absl::StrCat(name, " failed outside of its cases"));
    AddSuiteCase(name, std::move(message), element);
  }

  void AddSuiteCase(const std::string& name, std::string message, pugi::xml_node element) {
    v1::QaCase failed;
    failed.set_name(name);
    failed.set_outcome(v1::QA_OUTCOME_FAILED);
    failed.set_message(std::move(message));
    report_.cases.push_back(std::move(failed));
    elements_.push_back(element);
  }

  // A case that is there several times: run again, where nothing but its last run passed.
  void JoinRunsAgain(const Open& suite) {
    for (const auto& [key, places] : suite.places) {
      if (places.size() < 2) continue;
      const auto failed = [&](size_t place) {
        return report_.cases[place].outcome() == v1::QA_OUTCOME_FAILED;
      };
      v1::QaCase& last = report_.cases[places.back()];
      if (last.outcome() != v1::QA_OUTCOME_PASSED ||
          !std::all_of(places.begin(), places.end() - 1, failed)) {
        continue;
      }
      last.set_outcome(v1::QA_OUTCOME_FLAKY);
      last.set_message(report_.cases[places.front()].message());
      for (size_t i = 0; i + 1 < places.size(); ++i) {
        const v1::QaCase& before = report_.cases[places[i]];
        if (last.key().empty()) last.set_key(before.key());
        for (const std::string& ticket : before.tickets()) {
          if (std::ranges::find(last.tickets(), ticket) == last.tickets().end()) {
            last.add_tickets(ticket);
          }
        }
        joined_.insert(places[i]);
      }
      flaky_.push_back(places.back());
    }
  }

  // A suite in which nothing ran and that does not say so: what it wrote tells of a crash.
  void CheckSilence(Open& suite) {
    if (suite.cases > 0 || suite.failed_itself || suite.standard_error.empty()) return;
    if (ReadCount(suite.element.attribute("tests").value()) == 0) return;
    Remark(suite.element, absl::StrCat("the suite ", Quoted(suite.name),
                                       " has no case and wrote to standard error: it is taken for "
                                       "a failure"));
    AddSuiteCase(suite.name.empty() ? "(a suite without a name)" : suite.name, suite.standard_error,
                 suite.element);
  }

  int Claimed(const Open& suite, const char* attribute) {
    const pugi::xml_attribute claimed = suite.element.attribute(attribute);
    if (!claimed) return 0;
    const std::optional<int> count = ReadCount(claimed.value());
    if (!count) {
      Remark(suite.element, absl::StrCat(attribute, "=", Quoted(claimed.value()), " is no number"));
    }
    return count.value_or(0);
  }

  void CheckCounts(const Open& suite) {
    const std::string which =
        suite.name.empty() ? "the suite" : absl::StrCat("the suite ", Quoted(suite.name));
    const int tests = Claimed(suite, "tests");
    const int left_out =
        std::max(0, Claimed(suite, "skipped") + Claimed(suite, "disabled") - suite.skipped);
    if (tests > suite.runs && !suite.counts_assertions) {
      if (tests - suite.runs > left_out) {
        Error(suite.element,
              absl::StrCat(which, " says ", tests, tests == 1 ? " test" : " tests", " and has ",
                           suite.cases,
                           ": a report that may lack cases proves nothing; was it written to its "
                           "end?"));
      } else {
        Remark(suite.element, absl::StrCat(which, " leaves out ", tests - suite.runs,
                                           " cases that it says were skipped"));
      }
    } else if (tests > 0 && tests < suite.cases && tests != suite.own_cases) {
      Remark(suite.element, absl::StrCat(which, " says ", tests, tests == 1 ? " test" : " tests",
                                         " and has ", suite.cases));
    }
    const int failures = Claimed(suite, "failures") + Claimed(suite, "errors");
    if (failures > suite.failures) {
      Error(suite.element,
            absl::StrCat(which, " says that ", failures, " failed and shows ", suite.failures,
                         ": a case that seems to have passed may "
                         "be one of them"));
    }
  }

  // In the order of names, without what was joined.
  void Finish() {
    if (!report_.errors.empty()) return;
    std::ranges::sort(flaky_);
    for (const size_t place : flaky_) {
      Remark(elements_[place], absl::StrCat(report_.cases[place].name(),
                                            " failed and then passed: taken for run again"));
    }
    std::vector<size_t> order;
    order.reserve(report_.cases.size());
    for (size_t i = 0; i < report_.cases.size(); ++i) {
      if (!joined_.contains(i)) order.push_back(i);
    }
    std::ranges::sort(order, [&](size_t a, size_t b) {
      const int compared = report_.cases[a].name().compare(report_.cases[b].name());
      return compared != 0 ? compared < 0 : a < b;
    });
    std::vector<v1::QaCase> cases;
    cases.reserve(order.size());
    for (const size_t place : order) cases.push_back(std::move(report_.cases[place]));
    report_.cases = std::move(cases);
    TakeHint(platforms_, "platforms", report_.platform);
    if (builds_.size() > 1) {
      report_.errors.push_back(
          {0, "its suites name several builds: results of one build are one report"});
    }
    if (builds_.size() == 1) report_.build = *builds_.begin();
  }

  void TakeHint(const std::set<std::string>& said, const char* what, std::string& hint) {
    if (said.size() == 1) hint = *said.begin();
    if (said.size() > 1) {
      Remark(document_.root(), absl::StrCat("its suites name several ", what));
    }
  }

  const JunitDocument& document_;
  std::vector<Open> open_;
  JunitReport report_;
  std::vector<pugi::xml_node> elements_;  // of the cases
  std::set<size_t> joined_;               // places of runs before the last one
  std::vector<size_t> flaky_;             // places of those last ones
  std::set<std::string> platforms_, builds_;
};

}  // namespace

std::string JunitIssue::ToString() const {
  return line > 0 ? absl::StrCat("line ", line, ": ", message) : message;
}

JunitReport ReadJunit(std::string_view xml) {
  JunitDocument document;
  if (auto issue = document.Load(xml)) {
    JunitReport refused;
    refused.errors.push_back(*std::move(issue));
    return refused;
  }
  return Reader(document).Read();
}

void CaseCounts::Add(v1::QaOutcome outcome) {
  switch (outcome) {
    case v1::QA_OUTCOME_PASSED:
      ++passed;
      break;
    case v1::QA_OUTCOME_FAILED:
      ++failed;
      break;
    case v1::QA_OUTCOME_FLAKY:
      ++flaky;
      break;
    default:
      ++skipped;
      break;
  }
}

std::string WhyNoEvidence(const CaseCounts& counts) {
  if (counts.passed + counts.failed + counts.flaky > 0) return "";
  if (counts.skipped == 0) {
    return "has no case: nothing was tested, or the run ended before its first test";
  }
  return absl::StrCat("has no case that ran: all ", counts.skipped,
                      " were skipped, and that is no evidence");
}

bool IsTicketKey(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("._#/-").find(c) != std::string_view::npos;
  });
}

bool IsFullRevision(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && std::ranges::all_of(text, [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

}  // namespace gate::qa
