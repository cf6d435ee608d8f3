#include "checks/render/words.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checks/proto_time.h"

namespace gate::render {
namespace {

constexpr size_t kDeepestCall = 10;  // shown further in than its caller
constexpr int kShownWitnesses = 5;

std::string WitnessLine(const v1::Witness& witness) {
  std::string line = witness.certain() ? "fails" : "may fail";
  if (!witness.sqlstate().empty()) absl::StrAppend(&line, " with ", witness.sqlstate());
  absl::StrAppend(&line, ": ", witness.sql());
  std::string where;
  if (witness.calls_per_hour() > 0) {
    const double calls = witness.calls_per_hour();
    where = calls < 10 ? absl::StrFormat("%.2g calls per hour", calls)
                       : absl::StrFormat("%.0f calls per hour", calls);
  }
  if (!witness.origin().empty()) {
    absl::StrAppend(&where, where.empty() ? "" : ", ", witness.origin());
  }
  return where.empty() ? line : absl::StrCat(line, " (", where, ")");
}

std::vector<std::string> WitnessLines(const v1::Finding& finding) {
  std::vector<std::string> lines;
  const int shown = std::min(finding.witnesses_size(), kShownWitnesses);
  for (int i = 0; i < shown; ++i) lines.push_back(WitnessLine(finding.witnesses(i)));
  const int all = std::max(finding.witness_count(), finding.witnesses_size());
  if (all > shown) lines.push_back(absl::StrCat("and ", all - shown, " more"));
  return lines;
}

std::vector<std::string> CallLines(const v1::Finding& finding) {
  std::vector<std::string> lines;
  for (const v1::CodePlace& call : finding.call_path()) {
    const size_t depth = std::min<size_t>(lines.size(), kDeepestCall);
    lines.push_back(absl::StrCat(std::string(2 * depth, ' '), call.path(), ":", call.line(),
                                 call.code().empty() ? "" : "  ", call.code()));
  }
  return lines;
}

}  // namespace

std::string_view Word(v1::Decision decision) {
  switch (decision) {
    case v1::DECISION_ALLOW:
      return "ALLOW";
    case v1::DECISION_HOLD:
      return "HOLD";
    case v1::DECISION_BLOCK:
      return "BLOCK";
    default:
      return "UNKNOWN";
  }
}

std::string_view Word(v1::Outcome outcome) {
  switch (outcome) {
    case v1::OUTCOME_PASS:
      return "PASS";
    case v1::OUTCOME_FAIL:
      return "FAIL";
    case v1::OUTCOME_SKIPPED:
      return "SKIPPED";
    default:
      return "INCONCLUSIVE";
  }
}

std::string_view Word(v1::Severity severity) {
  switch (severity) {
    case v1::SEVERITY_INFO:
      return "INFO";
    case v1::SEVERITY_WARN:
      return "WARN";
    default:
      return "BLOCK";
  }
}

std::string_view Phrase(v1::Effect effect) {
  switch (effect) {
    case v1::EFFECT_BREAKS_RUNNING_VERSION:
      return "breaks the running version";
    case v1::EFFECT_BREAKS_NEW_VERSION:
      return "breaks the new version";
    case v1::EFFECT_REWRITES_TABLE:
      return "rewrites the table";
    case v1::EFFECT_SCANS_TABLE:
      return "reads the whole table under a lock";
    case v1::EFFECT_BLOCKS_READS:
      return "reads wait";
    case v1::EFFECT_BLOCKS_WRITES:
      return "writes wait";
    case v1::EFFECT_LOSES_DATA:
      return "loses data";
    case v1::EFFECT_IRREVERSIBLE:
      return "cannot be undone";
    case v1::EFFECT_UNPROVEN:
      return "not shown to be safe";
    default:
      return "";
  }
}

std::string_view Phrase(v1::ChangeKind kind) {
  switch (kind) {
    case v1::CHANGE_KIND_CODE:
      return "code";
    case v1::CHANGE_KIND_HOTFIX:
      return "hotfix";
    case v1::CHANGE_KIND_MIGRATION:
      return "migration";
    case v1::CHANGE_KIND_TRAFFIC_SHIFT:
      return "traffic shift";
    case v1::CHANGE_KIND_FLAG_FLIP:
      return "flag flip";
    case v1::CHANGE_KIND_CONFIG:
      return "config";
    default:
      return "change";
  }
}

std::string_view Phrase(v1::Advice advice) {
  switch (advice) {
    case v1::ADVICE_PROCEED:
      return "go on: the next step is safe";
    case v1::ADVICE_WAIT:
      return "wait: give the new version no more traffic for now";
    case v1::ADVICE_PAUSE:
      return "pause: give the new version no more traffic until a person has looked";
    case v1::ADVICE_ACCELERATE:
      return "accelerate: give the new version all of the traffic, the old one suffers";
    case v1::ADVICE_ROLL_BACK:
      return "roll back: take the traffic off the new version";
    default:
      return "";
  }
}

std::string_view Sign(v1::Decision decision, bool unicode) {
  switch (decision) {
    case v1::DECISION_ALLOW:
      return unicode ? "✔" : "+";
    case v1::DECISION_HOLD:
      return unicode ? "⏸" : "=";
    case v1::DECISION_BLOCK:
      return unicode ? "✖" : "x";
    default:
      return "?";
  }
}

std::string_view Sign(v1::Outcome outcome, bool unicode) {
  switch (outcome) {
    case v1::OUTCOME_PASS:
      return unicode ? "✔" : "+";
    case v1::OUTCOME_FAIL:
      return unicode ? "✖" : "x";
    case v1::OUTCOME_SKIPPED:
      return unicode ? "–" : "-";
    default:
      return "?";
  }
}

std::string_view Sign(v1::Severity severity, bool unicode) {
  switch (severity) {
    case v1::SEVERITY_INFO:
      return "i";
    case v1::SEVERITY_WARN:
      return "!";
    default:
      return unicode ? "✖" : "x";
  }
}

std::string Subject(const v1::Change& change) {
  std::string subject = change.service();
  if (!change.version().empty()) absl::StrAppend(&subject, " ", change.version());
  if (!change.environment().empty()) {
    absl::StrAppend(&subject, subject.empty() ? "" : " to ", change.environment());
  }
  return subject;
}

std::string Place(const v1::Location& location) {
  std::string place = location.path();
  if (place.empty() || location.line() < 1) return place;
  absl::StrAppend(&place, ":", location.line());
  if (location.column() > 0) absl::StrAppend(&place, ":", location.column());
  return place;
}

std::vector<Proof> ProofsOf(const v1::Finding& finding) {
  std::vector<Proof> proofs;
  if (!finding.witnesses().empty()) proofs.push_back({"Statements", WitnessLines(finding)});
  if (!finding.call_path().empty()) proofs.push_back({"Reached by", CallLines(finding)});
  return proofs;
}

std::string Sentence(const v1::CountedOverride& counted) {
  const v1::Override& override = counted.override();
  std::string text = override.break_glass() ? "BREAK-GLASS: " : "";
  absl::StrAppend(&text, override.name(), " by ",
                  override.requester().empty() ? "nobody known" : override.requester());
  if (override.break_glass()) {
    text += ", approved by nobody";
    if (override.has_review()) {
      absl::StrAppend(&text, ", reviewed by ", override.review().reviewer(),
                      override.review().justified() ? " (justified)" : " (NOT justified)");
    } else {
      absl::StrAppend(&text, ", to be reviewed by ", Rfc3339(FromProto(override.review_due())));
    }
  } else {
    for (int i = 0; i < override.approvals_size(); ++i) {
      absl::StrAppend(&text, i == 0 ? ", approved by " : " and ", override.approvals(i).approver());
    }
  }
  absl::StrAppend(&text, ", until ", Rfc3339(FromProto(override.expire_time())), ": ",
                  override.reason(), " (", override.ticket(), "); covers ", counted.findings(),
                  counted.findings() == 1 ? " finding" : " findings");
  return text;
}

std::string OverrideCommand(const v1::Verdict& verdict) {
  if (verdict.name().empty() || verdict.overridable_rules().empty()) return "";
  std::string command = absl::StrCat("gatectl override create ", verdict.name());
  for (const std::string& rule : verdict.overridable_rules()) {
    absl::StrAppend(&command, " --rule ", rule);
  }
  return command + " --reason WHY --ticket TICKET";
}

std::string Moment(absl::Time time, absl::Time now) {
  std::string moment = absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
  if (now == absl::InfinitePast()) return moment;
  if (time >= now) {
    absl::StrAppend(&moment, " (in ", Span(time - now), ")");
  } else {
    absl::StrAppend(&moment, " (", Span(now - time), " ago)");
  }
  return moment;
}

std::string Span(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  const int64_t minutes = seconds / 60;
  const int64_t hours = minutes / 60;
  const auto two = [](int64_t large, const char* unit, int64_t small, const char* small_unit) {
    std::string span = absl::StrCat(large, " ", unit);
    if (small > 0) absl::StrAppend(&span, " ", small, " ", small_unit);
    return span;
  };
  if (hours >= 48) return two(hours / 24, "days", hours % 24, "h");
  if (hours > 0) return two(hours, "h", minutes % 60, "min");
  if (minutes > 0) return two(minutes, "min", seconds % 60, "s");
  return absl::StrCat(seconds, " s");
}

}  // namespace gate::render
