// Markdown, to be pasted into an incident, a pull request or a step summary.
#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "checks/render/judgement.h"
#include "checks/render/render.h"
#include "checks/render/words.h"

namespace gate::render {
namespace {

std::string Headline(const Judgement& judgement) {
  std::string headline = absl::StrCat("## ", std::string(Sign(judgement.decision, true)), " ",
                                      std::string(Word(judgement.decision)));
  if (!judgement.title.empty()) absl::StrAppend(&headline, " ", EscapeMarkdown(judgement.title));
  return absl::StrCat(headline, "\n\n", EscapeMarkdown(judgement.reason), "\n");
}

std::string Table(const v1::Verdict& verdict) {
  if (verdict.outcomes().empty()) return "";
  std::string table = "\n| Check | Outcome | Decides | |\n|---|---|---|---|\n";
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    const char* decides = "yes";
    if (outcome.enforcement() == v1::ENFORCEMENT_WARN) decides = "no, warns";
    if (outcome.enforcement() == v1::ENFORCEMENT_DRY_RUN) decides = "no, recorded only";
    absl::StrAppend(&table, "| ", EscapeMarkdown(outcome.check()), " | ",
                    std::string(Sign(outcome.outcome(), true)), " ",
                    std::string(Word(outcome.outcome())), " | ", decides, " | ",
                    EscapeMarkdown(outcome.summary()), " |\n");
  }
  return table;
}

std::string Finding(const Item& item) {
  const v1::Finding& finding = *item.finding;
  std::string text = absl::StrCat("\n### ", std::string(Word(finding.severity())), " ",
                                  EscapeMarkdown(finding.rule()));
  if (!finding.subject().empty()) absl::StrAppend(&text, ": ", EscapeMarkdown(finding.subject()));
  absl::StrAppend(&text, "\n\n");
  if (!finding.location().path().empty()) {
    absl::StrAppend(&text, EscapeMarkdown(Place(finding.location())), "\n\n");
  }
  absl::StrAppend(&text, EscapeMarkdown(finding.message()), "\n");
  std::string effects;
  for (const int effect : finding.effects()) {
    absl::StrAppend(&effects, effects.empty() ? "" : ", ",
                    std::string(Phrase(static_cast<v1::Effect>(effect))));
  }
  if (!effects.empty()) absl::StrAppend(&text, "\nEffects: ", effects, "\n");
  for (const Proof& proof : ProofsOf(finding)) {
    absl::StrAppend(&text, "\n", std::string(proof.title), ":\n\n");
    for (const std::string& line : proof.lines) {
      const size_t depth = line.find_first_not_of(' ');
      absl::StrAppend(&text, line.substr(0, depth), "- ", EscapeMarkdown(line.substr(depth)), "\n");
    }
  }
  if (!finding.covered_by().empty()) {
    absl::StrAppend(&text, "\nCovered by ", EscapeMarkdown(finding.covered_by()), ".\n");
  }
  if (!finding.instead().empty()) {
    absl::StrAppend(&text, "\nInstead:\n\n", MarkdownCodeBlock("sql", finding.instead()));
  }
  return text;
}

std::string Findings(const Judgement& judgement) {
  std::string text;
  for (const Item& item : judgement.items) text += Finding(item);
  bool first = true;
  for (const Unclear& unclear : judgement.unclear) {
    if (first) text += "\n### Not judged\n\n";
    first = false;
    std::string place = Place(unclear.location);
    if (place.empty()) place = unclear.check;
    absl::StrAppend(&text, "- ", EscapeMarkdown(place), ": ", EscapeMarkdown(unclear.reason), "\n");
  }
  return text;
}

std::string Overrides(const v1::Verdict& verdict) {
  std::string text = verdict.counted_overrides().empty() ? "" : "\n### Overridden by people\n\n";
  for (const v1::CountedOverride& counted : verdict.counted_overrides()) {
    absl::StrAppend(&text, "- ", EscapeMarkdown(Sentence(counted)), "\n");
  }
  return text;
}

std::string Verdict(const v1::Verdict& verdict, const Options&) {
  const Judgement judgement = Flatten(verdict);
  std::string text = Headline(judgement) + Table(verdict) + Findings(judgement);
  std::string unblock;
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    if (IsWaived(outcome)) continue;
    for (const std::string& way : outcome.unblock()) {
      absl::StrAppend(&unblock, "- ", EscapeMarkdown(way), "\n");
    }
  }
  if (const std::string command = OverrideCommand(verdict); !command.empty()) {
    absl::StrAppend(&unblock, "- or, where it has to go out as it is, ask for an override:\n\n",
                    MarkdownCodeBlock("sh", command));
  }
  text += Overrides(verdict);
  if (!unblock.empty()) absl::StrAppend(&text, "\n### What would unblock it\n\n", unblock);
  absl::StrAppend(&text, "\n");
  const auto line = [&text](const char* name, const std::string& value) {
    if (!value.empty()) absl::StrAppend(&text, "- ", name, ": ", EscapeMarkdown(value), "\n");
  };
  const auto moment = [](bool present, const google::protobuf::Timestamp& time) {
    return present ? Moment(FromProto(time), absl::InfinitePast()) : std::string();
  };
  line("Advice", std::string(Phrase(verdict.advice())));
  line("Ask again", moment(verdict.has_retry_at(), verdict.retry_at()));
  line("Valid until", moment(verdict.has_valid_until(), verdict.valid_until()));
  line("Verdict", verdict.name());
  line("Policy", absl::StrCat(verdict.policy_rule(), verdict.policy_rule().empty() ? "" : " ",
                              verdict.policy_digest()));
  return text;
}

std::string Report(const v1::LintReport& report, const Options&) {
  const Judgement judgement = Flatten(report);
  return Headline(judgement) + Findings(judgement);
}

}  // namespace

const Format kMarkdownFormat = {"markdown", "Markdown, for incidents and step summaries", Verdict,
                                Report};

}  // namespace gate::render
