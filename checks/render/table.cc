// What a person reads in a terminal or a log. First the decision and one sentence; then the checks,
// those that decide first; then each finding with its place, what it does and what to do instead;
// then what would unblock, until when it holds, and the names to ask on with.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "checks/render/code_frame.h"
#include "checks/render/escape.h"
#include "checks/render/judgement.h"
#include "checks/render/paint.h"
#include "checks/render/render.h"
#include "checks/render/words.h"

namespace gate::render {
namespace {

constexpr int kLabelWidth = 13;
constexpr size_t kShownDigest = 16;

std::string Headline(v1::Decision decision, std::string_view title, std::string_view reason,
                     const Options& options) {
  const std::string word =
      absl::StrCat(std::string(Sign(decision, options.unicode)), " ", std::string(Word(decision)));
  std::string sentence = EscapeTerminalLine(title);
  if (!title.empty() && !reason.empty()) sentence += ": ";
  sentence += EscapeTerminalLine(reason);
  const int indent = DisplayWidth(word) + 2;
  const std::string lines = Wrap(sentence, indent, options.wrap_first_line ? options.width : 0);
  return Paint(word, StyleOf(decision), options.color) +
         (lines.empty() ? "\n" : "  " + lines.substr(indent));
}

std::string CheckSummary(const v1::CheckOutcome& outcome) {
  std::string summary = EscapeTerminalLine(outcome.summary());
  if (outcome.enforcement() == v1::ENFORCEMENT_WARN) summary += " (warns only)";
  if (outcome.enforcement() == v1::ENFORCEMENT_DRY_RUN) summary += " (recorded only)";
  return summary;
}

std::string Checks(const v1::Verdict& verdict, const Options& options) {
  size_t name_width = 0;
  for (const auto& outcome : verdict.outcomes()) {
    name_width = std::max(name_width, EscapeTerminalLine(outcome.check()).size());
  }
  const int word_width = static_cast<int>(Word(v1::OUTCOME_INCONCLUSIVE).size());
  const int indent = 2 + 2 + static_cast<int>(name_width) + 2 + word_width + 2;
  std::string out = verdict.outcomes().empty() ? "" : "\n";
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    const Style style = StyleOf(outcome.outcome());
    const std::string lead = absl::StrCat(
        "  ", Paint(Sign(outcome.outcome(), options.unicode), style, options.color), " ",
        PadRight(EscapeTerminalLine(outcome.check()), static_cast<int>(name_width)), "  ",
        Paint(PadRight(Word(outcome.outcome()), word_width), style, options.color), "  ");
    const std::string summary = Wrap(CheckSummary(outcome), indent, options.width);
    out += lead + summary.substr(std::min<size_t>(indent, summary.size()));
  }
  return out;
}

std::string Effects(const v1::Finding& finding, const Options& options) {
  std::string effects;
  for (const int effect : finding.effects()) {
    const std::string phrase(Phrase(static_cast<v1::Effect>(effect)));
    if (!phrase.empty()) absl::StrAppend(&effects, effects.empty() ? "" : ", ", phrase);
  }
  if (effects.empty()) return "";
  return Paint("  Effects:", Style::kBold, options.color) + " " + effects + "\n";
}

// The word that a finding is shown under: what decides nothing must not look as if it did.
struct Mark {
  std::string_view sign;
  std::string_view word;
  Style style;
};

Mark MarkOf(const Item& item, const Options& options) {
  const v1::Finding& finding = *item.finding;
  const std::string_view dash = Sign(v1::OUTCOME_SKIPPED, options.unicode);
  if (!finding.covered_by().empty()) return {dash, "COVERED", Style::kDim};
  if (item.recorded_only) return {dash, "RECORDED", Style::kDim};
  if (finding.holds() && Word(finding.severity()) == Word(v1::SEVERITY_BLOCK)) {
    return {Sign(v1::DECISION_HOLD, options.unicode), "HOLD", Style::kYellow};
  }
  const auto& effects = finding.effects();
  if (std::find(effects.begin(), effects.end(), v1::EFFECT_UNPROVEN) != effects.end()) {
    return {Sign(v1::OUTCOME_INCONCLUSIVE, options.unicode), "UNPROVEN", Style::kYellow};
  }
  return {Sign(finding.severity(), options.unicode), Word(finding.severity()),
          StyleOf(finding.severity())};
}

// "✖ BLOCK migration.drop_column: orders.user_id", and by what it is covered.
std::string FindingTitle(const Item& item, const Options& options) {
  const v1::Finding& finding = *item.finding;
  const Mark mark = MarkOf(item, options);
  std::string title = Paint(absl::StrCat(std::string(mark.sign), " ", std::string(mark.word)),
                            mark.style, options.color);
  absl::StrAppend(&title, " ",
                  Paint(EscapeTerminalLine(finding.rule()), Style::kBold, options.color));
  if (!finding.subject().empty()) {
    absl::StrAppend(&title, ": ", EscapeTerminalLine(finding.subject()));
  }
  if (!finding.covered_by().empty()) {
    absl::StrAppend(&title, " (by ", EscapeTerminalLine(finding.covered_by()), ")");
  }
  return title + "\n";
}

std::string Proofs(const v1::Finding& finding, const Options& options) {
  std::string out;
  for (const Proof& proof : ProofsOf(finding)) {
    out += Paint(absl::StrCat("  ", std::string(proof.title), ":"), Style::kBold, options.color);
    out += "\n";
    for (const std::string& line : proof.lines) {
      const size_t text = line.find_first_not_of(' ');
      const size_t depth = text == std::string::npos ? 0 : text;
      out +=
          Wrap(EscapeTerminalLine(line.substr(depth)), 4 + static_cast<int>(depth), options.width);
    }
  }
  return out;
}

std::string Finding(const Item& item, const Options& options) {
  const v1::Finding& finding = *item.finding;
  std::string out = "\n" + FindingTitle(item, options);
  out += CodeFrame(finding.location(), MarkOf(item, options).style, options);
  out += Wrap(EscapeTerminal(finding.message()), 2, options.width);
  out += Effects(finding, options);
  out += Proofs(finding, options);
  if (!finding.instead().empty()) {
    out += Paint("  Instead:", Style::kBold, options.color) + "\n";
    out += Wrap(EscapeTerminal(finding.instead()), 4, /*width=*/0);  // to be pasted: never broken
  }
  if (finding.has_clears_at()) {
    out += "  Clears at " + Moment(FromProto(finding.clears_at()), options.now) + "\n";
  }
  return out;
}

std::string Label(std::string_view name, const std::string& value, const Options& options) {
  return Paint(PadRight(name, kLabelWidth), Style::kDim, options.color) + value + "\n";
}

std::string Unblock(const v1::Verdict& verdict, const Options& options) {
  std::string out;
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    if (IsWaived(outcome)) continue;
    for (const std::string& way : outcome.unblock()) {
      const std::string lines = Wrap(EscapeTerminalLine(way), 4, options.width);
      out += (options.unicode ? "  • " : "  - ") + lines.substr(4);
    }
  }
  if (const std::string command = OverrideCommand(verdict); !command.empty()) {
    absl::StrAppend(&out, options.unicode ? "  • " : "  - ",
                    "or, where it has to go out as it is, ask for an override (once, by name):\n",
                    Wrap(EscapeTerminalLine(command), 6, /*width=*/0));  // to be pasted
  }
  if (out.empty()) return "";
  return "\n" + Paint("What would unblock it", Style::kBold, options.color) + "\n" + out;
}

std::string Overrides(const v1::Verdict& verdict, const Options& options) {
  if (verdict.counted_overrides().empty()) return "";
  std::string out = "\n" + Paint("Overridden by people", Style::kBold, options.color) + "\n";
  for (const v1::CountedOverride& counted : verdict.counted_overrides()) {
    const std::string lines = Wrap(EscapeTerminalLine(Sentence(counted)), 4, options.width);
    const bool glass = counted.override().break_glass();
    out += Paint(glass ? "  ! " : "  - ", glass ? Style::kRed : Style::kPlain, options.color);
    out += lines.substr(4);
  }
  return out;
}

std::string Footer(const v1::Verdict& verdict, const Options& options) {
  std::string out = "\n";
  if (const std::string advice(Phrase(verdict.advice())); !advice.empty()) {
    out += Label("Advice", advice, options);
  }
  if (verdict.has_retry_at()) {
    out += Label("Ask again", Moment(FromProto(verdict.retry_at()), options.now), options);
  }
  if (verdict.has_valid_until()) {
    out += Label("Valid until", Moment(FromProto(verdict.valid_until()), options.now), options);
  }
  if (!verdict.name().empty()) {
    out += Label("Verdict", EscapeTerminalLine(verdict.name()), options);
  }
  const std::string digest = verdict.policy_digest().substr(0, kShownDigest);
  if (!verdict.policy_rule().empty() || !digest.empty()) {
    const std::string rule =
        verdict.policy_rule().empty() ? "no rule" : EscapeTerminalLine(verdict.policy_rule());
    out += Label("Policy", absl::StrCat(rule, ", digest ", EscapeTerminalLine(digest)), options);
  }
  // Of a verdict that does not tell what is behind them.
  if (verdict.counted_overrides().empty()) {
    for (const std::string& name : verdict.overrides()) {
      out += Label("Override", EscapeTerminalLine(name), options);
    }
  }
  return out == "\n" ? "" : out;
}

std::string Verdict(const v1::Verdict& verdict, const Options& options) {
  const Judgement judgement = Flatten(verdict);
  std::string out = Headline(judgement.decision, judgement.title, judgement.reason, options);
  out += Checks(verdict, options);
  for (const Item& item : judgement.items) out += Finding(item, options);
  return out + Overrides(verdict, options) + Unblock(verdict, options) + Footer(verdict, options);
}

std::string Report(const v1::LintReport& report, const Options& options) {
  const Judgement judgement = Flatten(report);
  std::string out = Headline(judgement.decision, judgement.title, judgement.reason, options);
  for (const Item& item : judgement.items) out += Finding(item, options);
  for (const Unclear& unclear : judgement.unclear) {
    out += "\n" + Paint("? NOT JUDGED", Style::kMagenta, options.color) + "\n";
    out += CodeFrame(unclear.location, Style::kMagenta, options);
    out += Wrap(EscapeTerminal(unclear.reason), 2, options.width);
  }
  return out;
}

}  // namespace

const Format kTableFormat = {"table", "for people, in a terminal or a log (default)", Verdict,
                             Report};

}  // namespace gate::render
