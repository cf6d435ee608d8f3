#include "clients/gatectl/rollouts.h"

#include <cmath>

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

std::string Percent(double share) { return absl::StrCat(std::round(share * 1000) / 10, " %"); }

render::Style StyleOf(v1::RolloutState state) {
  switch (state) {
    case v1::ROLLOUT_STATE_SUCCEEDED:
      return render::Style::kGreen;
    case v1::ROLLOUT_STATE_PENDING:
    case v1::ROLLOUT_STATE_PROGRESSING:
    case v1::ROLLOUT_STATE_BAKING:
      return render::Style::kBlue;
    case v1::ROLLOUT_STATE_PAUSED:
      return render::Style::kYellow;
    default:
      return render::Style::kRed;
  }
}

const v1::TakenStep* Taken(const v1::Rollout& rollout, int step) {
  for (const v1::TakenStep& taken : rollout.taken()) {
    if (taken.step() == step) return &taken;
  }
  return nullptr;
}

// What a step asks for before the next one may come.
std::string Demands(const v1::PlannedStep& step) {
  std::vector<std::string> demands;
  if (const absl::Duration least = FromProto(step.at_least()); least > absl::ZeroDuration()) {
    demands.push_back(absl::StrCat(render::Span(least), " at least"));
  }
  if (step.requests() > 0)
    demands.push_back(absl::StrCat(std::floor(step.requests()), " requests"));
  if (!step.targets().empty()) demands.push_back(absl::StrJoin(step.targets(), ", "));
  return absl::StrJoin(demands, ", ");
}

std::string StepLine(const v1::Rollout& rollout, int i, absl::Time now, const Terminal& terminal) {
  const v1::PlannedStep& step = rollout.plan().steps(i);
  const v1::TakenStep* taken = Taken(rollout, i);
  const int last = rollout.taken().empty() ? -1 : rollout.taken().rbegin()->step();
  const bool skipped = taken == nullptr && i < last;
  const char* sign = taken != nullptr ? (terminal.unicode ? "●" : "*")
                     : skipped        ? "-"
                                      : (terminal.unicode ? "○" : "o");
  std::string line = absl::StrCat(
      "  ", sign, " ", render::PadRight(EscapeTerminalLine(step.name()), 16), " ",
      render::PadRight(step.migration() ? "schema change" : Percent(step.share()), 14));
  if (taken != nullptr) {
    absl::StrAppend(&line, "since ", render::Moment(FromProto(taken->take_time()), now), "  ",
                    EscapeTerminalLine(taken->verdict()));
  } else if (skipped) {
    line += "skipped";
  } else {
    line += EscapeTerminalLine(Demands(step));
  }
  while (line.ends_with(' ')) line.pop_back();
  return line + "\n";
}

std::string WaitText(const v1::RolloutWait& wait, absl::Time now, const Terminal& terminal) {
  std::string text = wait.message();
  if (wait.has_until()) {
    absl::StrAppend(&text, ", until ", render::Moment(FromProto(wait.until()), now));
  }
  text = render::Wrap(EscapeTerminal(text), 2, terminal.width);
  for (const std::string& unblock : wait.unblock()) {
    text += render::Wrap("- " + EscapeTerminal(unblock), 4, terminal.width);
  }
  return text;
}

}  // namespace

std::string RolloutName(const std::string& name) {
  return name.starts_with("rollouts/") ? name : "rollouts/" + name;
}

std::string Word(v1::RolloutState state) {
  constexpr size_t kPrefix = sizeof("ROLLOUT_STATE_") - 1;
  const std::string& name = v1::RolloutState_Name(state);
  return name.size() > kPrefix ? name.substr(kPrefix) : "UNKNOWN";
}

std::string RolloutText(const v1::Rollout& rollout, absl::Time now, const Terminal& terminal) {
  std::string text =
      absl::StrCat(render::Paint(Word(rollout.state()), StyleOf(rollout.state()), terminal.color),
                   "  ", EscapeTerminalLine(render::Subject(rollout.change())), ", ",
                   Percent(rollout.share()), " of the traffic\n");
  text += render::Wrap(EscapeTerminal(rollout.reason()), 2, terminal.width);
  text += "\n";
  for (int i = 0; i < rollout.plan().steps_size(); ++i) text += StepLine(rollout, i, now, terminal);
  if (!rollout.waits().empty()) {
    text += "\nWaits for\n";
    for (const v1::RolloutWait& wait : rollout.waits()) text += WaitText(wait, now, terminal);
  }
  if (const std::string_view advice = render::Phrase(rollout.advice()); !advice.empty()) {
    absl::StrAppend(&text, "\nAdvice: ", std::string(advice), "\n");
  }
  absl::StrAppend(&text, "\n", EscapeTerminalLine(rollout.name()));
  if (!rollout.holder().empty()) {
    absl::StrAppend(&text, ", moved by ", EscapeTerminalLine(rollout.holder()));
  }
  if (rollout.fencing_token() > 0) {
    absl::StrAppend(&text, ", fencing token ", rollout.fencing_token(), " (lease until ",
                    render::Moment(FromProto(rollout.lease_expire_time()), now), ")");
  }
  return text + "\n";
}

std::string RolloutLine(const v1::Rollout& rollout, absl::Time now) {
  return absl::StrCat(
      absl::FormatTime("%H:%M:%SZ", now, absl::UTCTimeZone()), " ", Word(rollout.state()), " ",
      EscapeTerminalLine(render::Subject(rollout.change())), ", ", Percent(rollout.share()), ": ",
      EscapeTerminalLine(rollout.waits().empty() ? rollout.reason() : rollout.waits(0).message()),
      "\n");
}

bool HasEnded(const v1::Rollout& rollout) { return rollout.has_end_time(); }

ExitCode ExitCodeOf(const v1::Rollout& rollout) {
  switch (rollout.state()) {
    case v1::ROLLOUT_STATE_PENDING:
    case v1::ROLLOUT_STATE_PROGRESSING:
    case v1::ROLLOUT_STATE_BAKING:
    case v1::ROLLOUT_STATE_SUCCEEDED:
      return kAllow;
    case v1::ROLLOUT_STATE_ROLLING_BACK:
    case v1::ROLLOUT_STATE_ROLLED_BACK:
      return kBlock;
    case v1::ROLLOUT_STATE_PAUSED:
    case v1::ROLLOUT_STATE_SUPERSEDED:
    case v1::ROLLOUT_STATE_EXPIRED:
      return kHold;
    default:
      return kInternal;
  }
}

ExitCode ExitCodeOf(const v1::AdvanceRolloutResponse& answer) {
  if (answer.advanced()) return kAllow;
  if (const ExitCode code = ExitCodeOf(answer.rollout()); code != kAllow) return code;
  const ExitCode code = ExitCodeOf(answer.verdict());
  return code == kAllow ? kHold : code;
}

}  // namespace gate::ctl
