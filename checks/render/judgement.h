// What a verdict and a lint report have in common, so that a format is written once for both: each
// finding with how much it counts, and what could not be judged.
#ifndef CHECKS_RENDER_JUDGEMENT_H_
#define CHECKS_RENDER_JUDGEMENT_H_

#include <string>
#include <string_view>
#include <vector>

#include "gate/v1/report.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::render {

// How loudly a tool should show something.
enum class Level { kError, kWarning, kNote };

// A finding in its place.
struct Item {
  const v1::Finding* finding = nullptr;  // owned by the message that was flattened
  std::string check;
  Level level = Level::kError;
  bool recorded_only = false;  // DRY_RUN
  std::string fingerprint;     // never empty; equal for no two items
};

// Something that could not be judged: an inconclusive check, or a part of an input.
struct Unclear {
  std::string check;  // "migration"; "lint" in reports
  v1::Location location;
  std::string reason;
  Level level = Level::kError;
};

// The flattened message. Points into it.
struct Judgement {
  v1::Decision decision = v1::DECISION_UNSPECIFIED;
  std::string title;   // "payments 2026.11.3 to production", "2 files"
  std::string reason;  // one sentence
  std::vector<Item> items;
  std::vector<Unclear> unclear;
};

Judgement Flatten(const v1::Verdict& verdict);
Judgement Flatten(const v1::LintReport& report);

// The level of a finding under its check's enforcement. ERROR blocks, WARNING holds or warns, NOTE
// decides nothing (covered, recorded only, or for information).
Level LevelOf(const v1::Finding& finding, v1::Enforcement enforcement);

// Decision of a lint report in one sentence: "2 of 3 findings block; 1 statement was not judged."
std::string ReportReason(const v1::LintReport& report);

// "2 files", "1 file".
std::string Count(size_t count, std::string_view singular, std::string_view plural = "");

// Whether exceptions cover all that stood in the outcome's way: nothing has to be unblocked.
bool IsWaived(const v1::CheckOutcome& outcome);

}  // namespace gate::render

#endif  // CHECKS_RENDER_JUDGEMENT_H_
