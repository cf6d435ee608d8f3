#include "clients/gatectl/overrides.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "checks/render/paint.h"
#include "checks/render/words.h"

namespace gate::ctl {
namespace {

using render::EscapeTerminal;
using render::EscapeTerminalLine;
using render::Paint;
using render::Style;

constexpr int kLabelWidth = 13;

Style StyleOf(v1::OverrideState state) {
  switch (state) {
    case v1::OVERRIDE_STATE_APPROVED:
      return Style::kGreen;
    case v1::OVERRIDE_STATE_PENDING:
      return Style::kYellow;
    default:
      return Style::kDim;
  }
}

std::string Line(std::string_view label, const std::string& value, const Terminal& terminal) {
  if (value.empty()) return "";
  const std::string lines = render::Wrap(EscapeTerminal(value), kLabelWidth, terminal.width);
  return Paint(render::PadRight(label, kLabelWidth), Style::kDim, terminal.color) +
         lines.substr(std::min<size_t>(kLabelWidth, lines.size()));
}

// "open:bob at …: looked at the table".
std::string By(const v1::Approval& approval, absl::Time now) {
  return absl::StrCat(approval.approver(), " at ",
                      render::Moment(FromProto(approval.approve_time()), now),
                      approval.comment().empty() ? "" : ": " + approval.comment());
}

std::string Review(const v1::Override& override, absl::Time now) {
  if (!override.break_glass()) return "";
  if (!override.has_review()) {
    return absl::StrCat("due by ", render::Moment(FromProto(override.review_due()), now));
  }
  const v1::OverrideReview& review = override.review();
  return absl::StrCat(review.justified() ? "justified" : "NOT justified", ", by ",
                      review.reviewer(), " at ",
                      render::Moment(FromProto(review.review_time()), now), ": ", review.comment());
}

std::string Approvals(const v1::Override& override, absl::Time now, const Terminal& terminal) {
  if (override.break_glass()) {
    return Line("Approved", "by nobody: the glass was broken", terminal);
  }
  std::string text;
  for (const v1::Approval& approval : override.approvals()) {
    text += Line("Approved", By(approval, now), terminal);
  }
  const int missing = override.required_approvals() - override.approvals_size();
  if (override.state() == v1::OVERRIDE_STATE_PENDING && !override.name().empty()) {
    text += Line("Waits for",
                 absl::StrCat(missing, missing == 1 ? " approval" : " approvals",
                              ", by neither who asked nor an author of the change"),
                 terminal);
    text += Line("Approve by", "gatectl override approve " + override.name(), terminal);
  }
  return text;
}

std::string FindingLine(const v1::Finding& finding, const Terminal& terminal) {
  const std::string text =
      absl::StrCat(finding.rule(), finding.subject().empty() ? "" : ": " + finding.subject(), ". ",
                   finding.message());
  return "  - " + render::Wrap(EscapeTerminalLine(text), 4, terminal.width).substr(4);
}

}  // namespace

std::string OverrideName(const std::string& name) {
  return name.starts_with("overrides/") ? name : "overrides/" + name;
}

std::string Word(v1::OverrideState state) {
  constexpr size_t kPrefix = sizeof("OVERRIDE_STATE_") - 1;
  const std::string& name = v1::OverrideState_Name(state);
  return name.size() > kPrefix ? name.substr(kPrefix) : "UNKNOWN";
}

std::string OverrideText(const v1::Override& override, absl::Time now, const Terminal& terminal) {
  std::string text = absl::StrCat(
      Paint(Word(override.state()), StyleOf(override.state()), terminal.color), "  ",
      override.break_glass() ? Paint("BREAK-GLASS", Style::kRed, terminal.color) + "  " : "",
      EscapeTerminalLine(override.service()), " in ", EscapeTerminalLine(override.environment()),
      "\n");
  text += render::Wrap(EscapeTerminal(override.reason()), 2, terminal.width);
  text += "\n";
  text += Line("Covers", absl::StrJoin(override.rules(), ", "), terminal);
  if (!override.fingerprints().empty()) {
    text += Line("",
                 absl::StrCat("only ", override.fingerprints_size(),
                              " of their findings: ", absl::StrJoin(override.fingerprints(), ", ")),
                 terminal);
  }
  text += Line("Only of",
               override.artifact_digest().empty() ? "revision " + override.head_revision()
                                                  : override.artifact_digest(),
               terminal);
  text += Line("Ticket", override.ticket(), terminal);
  text += Line("Asked by",
               absl::StrCat(override.requester().empty() ? "nobody known" : override.requester(),
                            " at ", render::Moment(FromProto(override.create_time()), now), ", of ",
                            override.verdict()),
               terminal);
  text += Approvals(override, now, terminal);
  text += Line("Until", render::Moment(FromProto(override.expire_time()), now), terminal);
  if (!override.consumed_by().empty()) {
    text += Line("Used by",
                 absl::StrCat(override.consumed_by(), " at ",
                              render::Moment(FromProto(override.consume_time()), now)),
                 terminal);
  }
  if (override.has_revocation()) {
    text += Line("Taken back", "by " + By(override.revocation(), now), terminal);
  }
  text += Line("Review", Review(override, now), terminal);
  if (override.break_glass() && !override.has_review() && !override.name().empty()) {
    text += Line("Review by", "gatectl override review " + override.name(), terminal);
  }
  text +=
      Line("Override",
           override.name().empty() ? "" : absl::StrCat(override.name(), ", etag ", override.etag()),
           terminal);
  return text;
}

std::string PreviewText(const v1::CreateOverrideResponse& response, const Terminal& terminal) {
  const v1::Override& override = response.override();
  std::string text = absl::StrCat("It lets through, once, ",
                                  override.artifact_digest().empty()
                                      ? "for revision " + override.head_revision()
                                      : "for artefact " + override.artifact_digest(),
                                  ":\n");
  text = EscapeTerminal(text);
  for (const v1::Finding& finding : response.covered()) text += FindingLine(finding, terminal);
  if (response.left().empty() && response.decision() == v1::DECISION_ALLOW) {
    text += "Nothing else stands in the way.\n";
  } else if (response.left().empty()) {
    text += "What else stands in the way is no finding, and cannot be overridden.\n";
  } else {
    text += "It does NOT let through:\n";
    for (const v1::Finding& finding : response.left()) text += FindingLine(finding, terminal);
  }
  absl::StrAppend(&text, "On the same evidence the verdict would be ",
                  std::string(render::Word(response.decision())), ".\n");
  return text;
}

}  // namespace gate::ctl
