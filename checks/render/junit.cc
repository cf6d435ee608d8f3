// JUnit XML: a check (or a file) is a test case. failure: the gate said no or not yet. error: it
// could not tell. skipped: it decides nothing (recorded only, covered, or does not concern the
// change).
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "checks/render/judgement.h"
#include "checks/render/render.h"
#include "checks/render/words.h"

namespace gate::render {
namespace {

struct Suite {
  int tests = 0, failures = 0, errors = 0, skipped = 0;
  std::string cases;
};

std::string Attribute(std::string_view name, std::string_view value) {
  return absl::StrCat(" ", std::string(name), "=\"", EscapeXml(value), "\"");
}

std::string Where(const v1::Location& location) {
  if (location.path().empty()) return "";
  std::string where = Attribute("file", location.path());
  if (location.line() > 0)
    absl::StrAppend(&where, Attribute("line", std::to_string(location.line())));
  return where;
}

void Add(Suite& suite, std::string_view classname, std::string_view name,
         const v1::Location& location, std::string_view child) {
  ++suite.tests;
  absl::StrAppend(&suite.cases, "    <testcase", Attribute("classname", classname),
                  Attribute("name", name), Where(location));
  absl::StrAppend(&suite.cases, child.empty()
                                    ? std::string("/>\n")
                                    : absl::StrCat(">", std::string(child), "</testcase>\n"));
}

void AddItem(const Item& item, Suite& suite) {
  const v1::Finding& finding = *item.finding;
  std::string name =
      absl::StrCat(finding.rule(), finding.subject().empty() ? "" : " ", finding.subject());
  if (!finding.location().path().empty()) absl::StrAppend(&name, " ", Place(finding.location()));
  if (item.level == Level::kError || (item.level == Level::kWarning && finding.holds())) {
    ++suite.failures;
    const std::string type = finding.holds() ? "HOLD" : std::string(Word(finding.severity()));
    std::string text = Place(finding.location());
    for (const Proof& proof : ProofsOf(finding)) {
      for (const std::string& line : proof.lines) {
        absl::StrAppend(&text, text.empty() ? "" : "\n", line);
      }
    }
    if (!finding.instead().empty()) {
      absl::StrAppend(&text, text.empty() ? "" : "\n", "Instead:\n", finding.instead());
    }
    Add(suite, item.check, name, finding.location(),
        absl::StrCat("<failure", Attribute("type", type), Attribute("message", finding.message()),
                     ">", EscapeXml(text), "</failure>"));
    return;
  }
  if (!finding.covered_by().empty() || item.recorded_only) {
    ++suite.skipped;
    const std::string why =
        finding.covered_by().empty()
            ? absl::StrCat("recorded only: ", finding.message())
            : absl::StrCat("covered by ", finding.covered_by(), ": ", finding.message());
    Add(suite, item.check, name, finding.location(),
        absl::StrCat("<skipped", Attribute("message", why), "/>"));
    return;
  }
  Add(suite, item.check, name, finding.location(),
      absl::StrCat("<system-out>", EscapeXml(finding.message()), "</system-out>"));
}

void AddUnclear(const Unclear& unclear, Suite& suite) {
  const std::string place = Place(unclear.location);
  const std::string name = place.empty() ? unclear.check : place;
  if (unclear.level == Level::kError) {
    ++suite.errors;
    Add(suite, unclear.check, name, unclear.location,
        absl::StrCat("<error", Attribute("type", "INCONCLUSIVE"),
                     Attribute("message", unclear.reason), "/>"));
  } else {
    ++suite.skipped;
    Add(suite, unclear.check, name, unclear.location,
        absl::StrCat("<skipped", Attribute("message", "inconclusive: " + unclear.reason), "/>"));
  }
}

std::string Document(const Suite& suite, const Judgement& judgement, std::string_view name,
                     std::string_view timestamp) {
  const std::string counts =
      absl::StrFormat(" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\"", suite.tests,
                      suite.failures, suite.errors, suite.skipped);
  std::string properties = absl::StrCat("<property name=\"decision\"",
                                        Attribute("value", Word(judgement.decision)), "/>");
  if (!name.empty()) {
    absl::StrAppend(&properties, "<property name=\"verdict\"", Attribute("value", name), "/>");
  }
  return absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gate\"",
                      counts, ">\n", "  <testsuite", Attribute("name", judgement.title), counts,
                      timestamp.empty() ? std::string() : Attribute("timestamp", timestamp),
                      ">\n    <properties>", properties, "</properties>\n", suite.cases,
                      "  </testsuite>\n</testsuites>\n");
}

// A case that fails or not as the decision does: no tool may read a BLOCK without findings, or a
// decision that it does not know, as a green suite.
void AddDecision(const Judgement& judgement, Suite& suite) {
  if (judgement.decision == v1::DECISION_ALLOW) {
    Add(suite, "gate", "decision", {}, "");
    return;
  }
  ++suite.failures;
  Add(suite, "gate", "decision", {},
      absl::StrCat("<failure", Attribute("type", Word(judgement.decision)),
                   Attribute("message", judgement.reason), "/>"));
}

std::string Verdict(const v1::Verdict& verdict, const Options&) {
  const Judgement judgement = Flatten(verdict);
  Suite suite;
  AddDecision(judgement, suite);
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    if (outcome.outcome() == v1::OUTCOME_PASS) Add(suite, outcome.check(), outcome.check(), {}, "");
    if (outcome.outcome() == v1::OUTCOME_SKIPPED) {
      ++suite.skipped;
      Add(suite, outcome.check(), outcome.check(), {},
          absl::StrCat("<skipped", Attribute("message", outcome.summary()), "/>"));
    }
  }
  for (const Unclear& unclear : judgement.unclear) AddUnclear(unclear, suite);
  for (const Item& item : judgement.items) AddItem(item, suite);
  const std::string timestamp =
      verdict.has_create_time() ? Rfc3339(FromProto(verdict.create_time())) : "";
  return Document(suite, judgement, verdict.name(), timestamp);
}

std::string Report(const v1::LintReport& report, const Options&) {
  const Judgement judgement = Flatten(report);
  Suite suite;
  AddDecision(judgement, suite);
  for (const v1::LintInput& input : report.inputs()) {
    v1::Location location;
    location.set_path(input.path());
    if (input.not_judged().empty()) Add(suite, "lint", input.path(), location, "");
  }
  for (const Unclear& unclear : judgement.unclear) AddUnclear(unclear, suite);
  for (const Item& item : judgement.items) AddItem(item, suite);
  return Document(suite, judgement, "", "");
}

}  // namespace

const Format kJunitFormat = {"junit", "JUnit XML: one test case per check and finding", Verdict,
                             Report};

}  // namespace gate::render
