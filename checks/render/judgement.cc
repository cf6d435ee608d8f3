#include "checks/render/judgement.h"

#include <openssl/sha.h>

#include <algorithm>
#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "checks/render/words.h"

namespace gate::render {
namespace {

std::string Sha256Prefix(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof digest / 2));
}

// Fills the fingerprints of findings that came without, and parts equal ones: tools collapse
// findings with one fingerprint into one. No line numbers go in, so that it survives shifts.
void FillFingerprints(std::vector<Item>& items) {
  std::map<std::string, int> seen;
  for (Item& item : items) {
    const v1::Finding& finding = *item.finding;
    std::string base = finding.fingerprint();
    if (base.empty()) {
      base = Sha256Prefix(
          absl::StrCat(finding.rule(), "\n", finding.location().path(), "\n", finding.subject()));
    }
    const int ordinal = seen[base]++;
    item.fingerprint = ordinal == 0 ? base : Sha256Prefix(absl::StrCat(base, "\n", ordinal));
  }
}

Unclear InconclusiveCheck(const v1::CheckOutcome& outcome) {
  Unclear unclear;
  unclear.check = outcome.check();
  unclear.reason = outcome.summary();
  const bool decides = outcome.decision() != v1::DECISION_ALLOW &&
                       outcome.enforcement() != v1::ENFORCEMENT_WARN &&
                       outcome.enforcement() != v1::ENFORCEMENT_DRY_RUN;
  unclear.level = decides ? Level::kError : Level::kWarning;
  if (outcome.enforcement() == v1::ENFORCEMENT_DRY_RUN) unclear.level = Level::kNote;
  return unclear;
}

bool IsUnproven(const v1::Finding& finding) {
  return std::find(finding.effects().begin(), finding.effects().end(), v1::EFFECT_UNPROVEN) !=
         finding.effects().end();
}

// Whether a finding says already that this part was not judged.
bool HasFinding(const v1::LintReport& report, const v1::Location& at) {
  return std::any_of(report.findings().begin(), report.findings().end(), [&](const auto& finding) {
    const v1::Location& its = finding.location();
    return IsUnproven(finding) && its.path() == at.path() && its.line() == at.line() &&
           its.column() == at.column();
  });
}

}  // namespace

Level LevelOf(const v1::Finding& finding, v1::Enforcement enforcement) {
  if (enforcement == v1::ENFORCEMENT_DRY_RUN || !finding.covered_by().empty() ||
      finding.severity() == v1::SEVERITY_INFO) {
    return Level::kNote;
  }
  if (finding.severity() == v1::SEVERITY_WARN || enforcement == v1::ENFORCEMENT_WARN ||
      finding.holds()) {
    return Level::kWarning;
  }
  return Level::kError;
}

Judgement Flatten(const v1::Verdict& verdict) {
  Judgement judgement;
  judgement.decision = verdict.decision();
  judgement.title = Subject(verdict.change());
  judgement.reason = verdict.reason();
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    for (const v1::Finding& finding : outcome.findings()) {
      Item item;
      item.finding = &finding;
      item.check = outcome.check();
      item.level = LevelOf(finding, outcome.enforcement());
      item.recorded_only = outcome.enforcement() == v1::ENFORCEMENT_DRY_RUN;
      judgement.items.push_back(std::move(item));
    }
    if (Word(outcome.outcome()) == Word(v1::OUTCOME_INCONCLUSIVE)) {
      judgement.unclear.push_back(InconclusiveCheck(outcome));
    }
  }
  FillFingerprints(judgement.items);
  return judgement;
}

Judgement Flatten(const v1::LintReport& report) {
  Judgement judgement;
  judgement.decision = report.decision();
  judgement.title = Count(report.inputs_size(), "file");
  judgement.reason = ReportReason(report);
  for (const v1::Finding& finding : report.findings()) {
    Item item;
    item.finding = &finding;
    item.check = finding.rule().substr(0, finding.rule().find('.'));
    item.level = LevelOf(finding, v1::ENFORCEMENT_ENFORCE);
    judgement.items.push_back(std::move(item));
  }
  for (const v1::LintInput& input : report.inputs()) {
    for (const v1::Unjudged& part : input.not_judged()) {
      if (HasFinding(report, part.location())) continue;
      Unclear unclear;
      unclear.check = "lint";
      unclear.location = part.location();
      if (unclear.location.path().empty()) unclear.location.set_path(input.path());
      unclear.reason = part.reason();
      judgement.unclear.push_back(std::move(unclear));
    }
  }
  FillFingerprints(judgement.items);
  return judgement;
}

std::string ReportReason(const v1::LintReport& report) {
  int findings = 0, blocking = 0;  // without those that only say what is not judged:
  int unproven = 0;
  for (const v1::Finding& finding : report.findings()) {
    if (IsUnproven(finding)) {
      unproven += finding.covered_by().empty();
      continue;
    }
    ++findings;
    blocking += LevelOf(finding, v1::ENFORCEMENT_ENFORCE) == Level::kError;
  }
  int unjudged = 0;
  for (const v1::LintInput& input : report.inputs()) unjudged += input.not_judged_size();
  unjudged = std::max(unjudged, unproven);
  std::string reason;
  if (findings == 0) {
    reason = "nothing found";
  } else if (findings == 1) {
    reason = blocking == 0 ? "1 finding, which does not block" : "1 finding, which blocks";
  } else {
    reason = absl::StrCat(
        Count(findings, "finding"), ", ",
        blocking == 0 ? std::string("none of which blocks")
                      : absl::StrCat(blocking, " of which block", blocking == 1 ? "s" : ""));
  }
  if (unjudged > 0) {
    absl::StrAppend(&reason, "; ", Count(unjudged, "part was", "parts were"), " not judged");
  }
  return reason + ".";
}

std::string Count(size_t count, std::string_view singular, std::string_view plural) {
  std::string text = absl::StrCat(count, " ", std::string(singular));
  if (count == 1) return text;
  return plural.empty() ? text + "s" : absl::StrCat(count, " ", std::string(plural));
}

bool IsWaived(const v1::CheckOutcome& outcome) {
  const bool covered =
      std::any_of(outcome.findings().begin(), outcome.findings().end(),
                  [](const v1::Finding& finding) { return !finding.covered_by().empty(); });
  return covered && outcome.decision() == v1::DECISION_ALLOW;
}

}  // namespace gate::render
