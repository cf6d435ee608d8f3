// gatectl rollout: takes a change out step by step, and lets people stop it or take it back.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "checks/render/message.h"
#include "checks/render/words.h"
#include "clients/gatectl/channel.h"
#include "clients/gatectl/collect.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/commands/question.h"
#include "clients/gatectl/overdraw.h"
#include "clients/gatectl/results.h"
#include "clients/gatectl/rollouts.h"
#include "clients/gatectl/system_timer.h"
#include "clients/gatectl/watch.h"

namespace gate::ctl {
namespace {

constexpr absl::Duration kBetweenAsks = absl::Seconds(10);
constexpr std::chrono::seconds kBetweenDrawings{1};
// A gate that was there is missed for so long.
constexpr absl::Duration kPatience = absl::Minutes(10);

struct RolloutFlags {
  Question question;
  std::string name, holder, incident, request_id, reason, wait, page_token;
  int64_t token = 0;
  int limit = 50;
  bool dry_run = false, active = false;
};

int Print(const Session& session, const Channel& channel, const v1::Rollout& rollout, int code) {
  const Or<bool> printed = PrintMessage(
      session, channel.targets, rollout,
      [&](const Terminal& terminal) { return RolloutText(rollout, NowFor(terminal), terminal); });
  if (!printed) return session.Fail(printed.problem());
  return session.End(code);
}

int Start(const Session& session, const RolloutFlags& flags) {
  const Or<Settings> settings = session.ReadSettings();
  if (!settings) return session.Fail(settings.problem());
  const Or<Collected> collected =
      Collect(flags.question, *settings, session.variables, session.folder);
  if (!collected) return session.Fail(collected.problem());
  for (const std::string& note : collected->notes) session.Note(note);
  if (const Or<bool> named = RequireNames(collected->change, "rollout start"); !named) {
    return session.Fail(named.problem());
  }
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  v1::StartRolloutRequest request;
  *request.mutable_change() = collected->change;
  request.set_holder(flags.holder);
  request.set_incident(flags.incident);
  request.set_validate_only(flags.dry_run);
  request.set_request_id(flags.request_id.empty() ? client::NewRequestId() : flags.request_id);
  const auto rollout = channel->client->StartRollout(request);
  if (!rollout) return session.Fail(FromError(rollout.error(), "start the rollout"));
  const int code = Print(session, *channel, *rollout, ExitCodeOf(*rollout));
  if (code == kAllow && !flags.dry_run) {
    session.Note(absl::StrCat("the first step: gatectl rollout advance ", rollout->name(),
                              " --token ", rollout->fencing_token(), " --wait 30m"));
  }
  return code;
}

Or<absl::Duration> WaitLimit(const std::string& wait) {
  if (wait.empty()) return absl::ZeroDuration();
  if (const auto limit = ParseDuration(wait)) return *limit;
  return Problem{"E0201", absl::StrCat("--wait \"", wait, "\" is no duration"),
                 {},      "",
                 "",      {"write it like 30m or 1h30m"}};
}

// Whether asking again may bring the step.
bool MayCome(const v1::AdvanceRolloutResponse& answer) {
  return !answer.advanced() && !HasEnded(answer.rollout()) &&
         answer.rollout().state() != v1::ROLLOUT_STATE_ROLLING_BACK &&
         answer.rollout().state() != v1::ROLLOUT_STATE_BAKING;
}

int Advance(const Session& session, const RolloutFlags& flags) {
  const Or<absl::Duration> limit = WaitLimit(flags.wait);
  if (!limit) return session.Fail(limit.problem());
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  v1::AdvanceRolloutRequest request;
  request.set_name(RolloutName(flags.name));
  request.set_fencing_token(flags.token);
  // One key for as long as this step is asked for: an answer that gets lost takes no second step.
  request.set_request_id(flags.request_id.empty() ? client::NewRequestId() : flags.request_id);
  const absl::Time end = absl::Now() + *limit;
  std::string told;
  for (;;) {
    const auto answer = channel->client->AdvanceRollout(request);
    if (!answer) return session.Fail(FromError(answer.error(), "ask for the next step"));
    if (!MayCome(*answer) || absl::Now() >= end) {
      const Or<bool> printed =
          PrintMessage(session, channel->targets, *answer, [&](const Terminal& terminal) {
            return RolloutText(answer->rollout(), NowFor(terminal), terminal);
          });
      if (!printed) return session.Fail(printed.problem());
      return session.End(ExitCodeOf(*answer));
    }
    const std::string line = RolloutLine(answer->rollout(), absl::Now());
    const std::string news = line.substr(line.find(' '));
    if (news != told) session.Say(line);
    told = news;
    const absl::Time next = std::min(end, absl::Now() + kBetweenAsks);
    if (!session.interrupts->Sleep(next - absl::Now())) return session.End(kInterrupted);
  }
}

int Renew(const Session& session, const RolloutFlags& flags) {
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  v1::RenewRolloutRequest request;
  request.set_name(RolloutName(flags.name));
  request.set_fencing_token(flags.token);
  const auto rollout = channel->client->RenewRollout(request);
  if (!rollout) return session.Fail(FromError(rollout.error(), "keep the lease"));
  return Print(session, *channel, *rollout, ExitCodeOf(*rollout));
}

int Confirm(const Session& session, const RolloutFlags& flags) {
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  v1::ConfirmRollbackRequest request;
  request.set_name(RolloutName(flags.name));
  request.set_fencing_token(flags.token);
  const auto rollout = channel->client->ConfirmRollback(request);
  if (!rollout) return session.Fail(FromError(rollout.error(), "confirm the rollback"));
  return Print(session, *channel, *rollout, kAllow);
}

// Pause, resume and abort: a person's word, and why.
template <typename Request>
int Order(const Session& session, const RolloutFlags& flags, const char* what,
          client::Result<v1::Rollout> (client::Client::*call)(const Request&)) {
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  Request request;
  request.set_name(RolloutName(flags.name));
  request.set_reason(flags.reason);
  const auto rollout = ((*channel->client).*call)(request);
  if (!rollout) return session.Fail(FromError(rollout.error(), what));
  // The order was carried out, whatever it leaves the rollout in.
  return Print(session, *channel, *rollout, kAllow);
}

int GetOne(const Session& session, const RolloutFlags& flags) {
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  v1::GetRolloutRequest request;
  request.set_name(RolloutName(flags.name));
  const auto rollout = channel->client->GetRollout(request);
  if (!rollout) return session.Fail(FromError(rollout.error(), "read the rollout"));
  return Print(session, *channel, *rollout, ExitCodeOf(*rollout));
}

std::string Table(const v1::ListRolloutsResponse& page, const Terminal& terminal) {
  if (page.rollouts().empty() && terminal.is_terminal) return "No rollouts.\n";
  std::vector<std::vector<std::string>> rows;
  for (const v1::Rollout& rollout : page.rollouts()) {
    rows.push_back({rollout.name(), Word(rollout.state()),
                    absl::StrCat(std::round(rollout.share() * 1000) / 10, " %"),
                    rollout.change().service(), rollout.change().environment(),
                    rollout.change().version(), Rfc3339(FromProto(rollout.create_time())),
                    rollout.reason()});
  }
  return Columns(
      {"NAME", "STATE", "SHARE", "SERVICE", "ENVIRONMENT", "VERSION", "STARTED", "REASON"}, rows,
      terminal);
}

int List(const Session& session, const RolloutFlags& flags) {
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  v1::ListRolloutsRequest request;
  request.set_service(flags.question.service);
  request.set_environment(flags.question.environment);
  request.set_active(flags.active);
  request.set_page_size(flags.limit);
  request.set_page_token(flags.page_token);
  const auto page = channel->client->ListRollouts(request);
  if (!page) return session.Fail(FromError(page.error(), "list rollouts"));
  return PrintPage(session, *channel, *page, page->rollouts(),
                   [&](const Terminal& terminal) { return Table(*page, terminal); });
}

// What is shown while one watches: a live tree, lines, or one object per event.
class WatchView {
 public:
  WatchView(const Session& session, bool as_json_lines)
      : session_(session),
        as_json_lines_(as_json_lines),
        drawing_([&](std::string_view text) { session.Say(text); }),
        // People watch the times as well, which change without events.
        ticker_([this](const std::stop_token& stop) { Tick(stop); }) {}

  void Show(const Watched& watched) {
    const std::lock_guard lock(mu_);
    watched_ = watched;
    Draw();
    if (watched.error || !watched.newest || watched.newest->sequence() == logged_) return;
    logged_ = watched.newest->sequence();
    if (as_json_lines_) {
      std::fputs(render::ToJsonLine(*watched.newest).c_str(), stdout);
      std::fflush(stdout);
    } else if (!session_.err().is_terminal) {
      session_.Say(WatchLine(*watched.newest));
    }
  }

  // Ends the drawing.
  std::optional<v1::Rollout> End() {
    ticker_.request_stop();
    ticker_.join();
    drawing_.Clear();
    if (!watched_.newest) return std::nullopt;
    return watched_.newest->rollout();
  }

 private:
  void Draw() {
    const Terminal terminal = session_.err();
    if (!terminal.is_terminal || as_json_lines_) return;
    drawing_.Draw(WatchLines(watched_, absl::Now(), terminal), terminal.width);
  }

  void Tick(const std::stop_token& stop) {
    std::unique_lock lock(mu_);
    while (!stop.stop_requested()) {
      ended_.wait_for(lock, stop, kBetweenDrawings, [] { return false; });
      if (!stop.stop_requested()) Draw();
    }
  }

  const Session& session_;
  const bool as_json_lines_;
  std::mutex mu_;  // guards all below but the thread
  std::condition_variable_any ended_;
  Watched watched_;
  int64_t logged_ = 0;
  Overdraw drawing_;
  std::jthread ticker_;  // Last: it uses the others.
};

// Until it ends.
int Watch(const Session& session, const RolloutFlags& flags) {
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  const bool as_json_lines = std::ranges::any_of(channel->targets, [](const OutputTarget& target) {
    return target.format->name == "jsonl" && target.file.empty();
  });
  v1::WatchRolloutRequest request;
  request.set_name(RolloutName(flags.name));
  SystemTimer timer(*session.interrupts);
  WatchView view(session, as_json_lines);
  const auto error = Follow(
      [&](int64_t after, const client::Client::OnEvent& on_event) {
        request.set_after_sequence(after);
        return channel->client->WatchRollout(request, on_event);
      },
      kPatience, timer, [&](const Watched& watched) { view.Show(watched); });
  const std::optional<v1::Rollout> rollout = view.End();
  if (error && error->code == client::Code::kCancelled) return session.End(kInterrupted);
  if (error) return session.Fail(FromError(*error, "watch the rollout"));
  if (as_json_lines) return session.End(ExitCodeOf(*rollout));
  return Print(session, *channel, *rollout, ExitCodeOf(*rollout));
}

}  // namespace

void AddRollout(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("rollout", "Take a change out step by step");
  command.require_subcommand(1);
  auto flags = std::make_shared<RolloutFlags>();
  const auto add = [&](const char* name, const char* what, auto run) -> CLI::App& {
    CLI::App& sub = *command.add_subcommand(name, what);
    sub.callback([&session, flags, run] {
      session.run = [&session, flags, run] { return run(session, *flags); };
    });
    return sub;
  };
  const auto named = [&](CLI::App& sub) -> CLI::App& {
    sub.add_option("NAME", flags->name, "The rollout: rollouts/…")->required();
    return sub;
  };
  const auto moved = [&](CLI::App& sub) -> CLI::App& {
    sub.add_option("--token", flags->token, "The fencing token that start has given")
        ->required()
        ->envname("GATE_FENCING_TOKEN");
    return named(sub);
  };
  const auto ordered = [&](CLI::App& sub) -> CLI::App& {
    sub.add_option("--reason", flags->reason, "Why: people will ask")->required();
    return named(sub);
  };

  CLI::App& start = add("start", "Take the lease; nothing goes out by it", Start);
  AddQuestion(start, flags->question);
  start.add_option("--holder", flags->holder, "Who moves it, for example \"deploy.yml run 1842\"");
  start.add_option("--incident", flags->incident, "What it is to mend: incidents/…");
  start.add_option("--request-id", flags->request_id,
                   "Start it once, however often this is tried (default: a new one)");
  start.add_flag("--dry-run", flags->dry_run, "Show the plan, and store nothing");

  CLI::App& advance = moved(add("advance", "Ask for the next step; 0: take it now", Advance));
  advance
      .add_option("--wait", flags->wait, "Ask again until it may be taken, up to DURATION (30m)")
      ->type_name("[DURATION]");
  advance.add_option("--request-id", flags->request_id,
                     "Take one step, however often this is tried (default: a new one)");
  moved(add("renew", "Keep the lease while a step takes long", Renew));
  moved(add("confirm-rollback", "The old version has all of the traffic again", Confirm));

  ordered(
      add("pause", "Stop here until it is resumed", [](const Session& s, const RolloutFlags& f) {
        return Order(s, f, "pause the rollout", &client::Client::PauseRollout);
      }));
  ordered(add("resume", "Go on after a pause", [](const Session& s, const RolloutFlags& f) {
    return Order(s, f, "resume the rollout", &client::Client::ResumeRollout);
  }));
  ordered(add("abort", "Go back, for good", [](const Session& s, const RolloutFlags& f) {
    return Order(s, f, "abort the rollout", &client::Client::AbortRollout);
  }));

  named(add("get", "One rollout", GetOne));
  named(add("watch", "Follow one until it ends", Watch));
  CLI::App& list = add("list", "Rollouts, newest first", List);
  list.add_option("--service", flags->question.service, "Only this service");
  list.add_option("-e,--env", flags->question.environment, "Only this environment");
  list.add_flag("--active", flags->active, "Only those that have not ended");
  list.add_option("--limit", flags->limit, "At most this many (50)")->check(CLI::Range(1, 1000));
  list.add_option("--page-token", flags->page_token, "Go on behind the page before");
}

}  // namespace gate::ctl
