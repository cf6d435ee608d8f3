// gatectl override: asks for an exception to what a verdict found, approves it, takes it back, and
// looks at it afterwards.
#include <CLI/CLI.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "checks/render/words.h"
#include "clients/gatectl/channel.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/confirm.h"
#include "clients/gatectl/overrides.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

struct OverrideFlags {
  std::string name, verdict, reason, ticket, expires, comment, etag, request_id;
  std::string service, environment, state, page_token;
  std::vector<std::string> rules, fingerprints;
  int limit = 50;
  bool break_glass = false, dry_run = false, confirm = false, awaiting_review = false;
  bool justified = false, unjustified = false;
};

int Print(const Session& session, const Channel& channel, const v1::Override& override) {
  const Or<bool> printed = PrintMessage(
      session, channel.targets, override,
      [&](const Terminal& terminal) { return OverrideText(override, NowFor(terminal), terminal); });
  if (!printed) return session.Fail(printed.problem());
  return session.End(kAllow);
}

int PrintResponse(const Session& session, const Channel& channel,
                  const v1::CreateOverrideResponse& response) {
  const Or<bool> printed =
      PrintMessage(session, channel.targets, response, [&](const Terminal& terminal) {
        return absl::StrCat(OverrideText(response.override(), NowFor(terminal), terminal), "\n",
                            PreviewText(response, terminal));
      });
  if (!printed) return session.Fail(printed.problem());
  return session.End(kAllow);
}

// Until when it is asked for: a time, or how long from now. Nothing: as long as may be.
Or<absl::Time> ExpiryOf(const std::string& expires) {
  if (expires.empty()) return absl::InfinitePast();
  absl::Duration duration;
  if (absl::ParseDuration(expires, &duration)) return absl::Now() + duration;
  return ParseTime("--expires", expires);
}

Or<v1::CreateOverrideRequest> RequestOf(const OverrideFlags& flags) {
  const Or<absl::Time> expiry = ExpiryOf(flags.expires);
  if (!expiry) return expiry.problem();
  v1::CreateOverrideRequest request;
  request.set_verdict(VerdictName(flags.verdict));
  request.set_request_id(flags.request_id.empty() ? client::NewRequestId() : flags.request_id);
  v1::Override& asked = *request.mutable_override();
  for (const std::string& rule : flags.rules) asked.add_rules(rule);
  for (const std::string& one : flags.fingerprints) asked.add_fingerprints(one);
  asked.set_reason(flags.reason);
  asked.set_ticket(flags.ticket);
  asked.set_break_glass(flags.break_glass);
  if (*expiry != absl::InfinitePast()) *asked.mutable_expire_time() = ToProto(*expiry);
  return request;
}

// What comes next, for whoever has asked.
void TellNext(const Session& session, const v1::Override& made) {
  if (made.break_glass()) {
    session.Warn(absl::StrCat("the glass is broken: ", made.name(), " counts at once, and ",
                              "somebody else has to review it by ",
                              Rfc3339(FromProto(made.review_due()))));
  } else if (made.state() == v1::OVERRIDE_STATE_PENDING) {
    session.Note(absl::StrCat("it counts once somebody else approves it: gatectl override approve ",
                              made.name()));
  }
}

int Create(const Session& session, const OverrideFlags& flags) {
  Or<v1::CreateOverrideRequest> request = RequestOf(flags);
  if (!request) return session.Fail(request.problem());
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  request->set_validate_only(true);
  const auto preview = channel->client->CreateOverride(*request);
  if (!preview) return session.Fail(FromError(preview.error(), "ask for the override"));
  if (flags.dry_run) return PrintResponse(session, *channel, *preview);
  if (!flags.confirm) session.Say(PreviewText(*preview, session.err()));
  const Or<bool> confirmed = Confirm(
      session, flags.confirm,
      flags.break_glass ? "break the glass, now and without an approval" : "ask for the override",
      preview->override().service());
  if (!confirmed) return session.Fail(confirmed.problem());
  request->set_validate_only(false);
  const auto created = channel->client->CreateOverride(*request);
  if (!created) return session.Fail(FromError(created.error(), "ask for the override"));
  const int code = PrintResponse(session, *channel, *created);
  if (code == kAllow) TellNext(session, created->override());
  return code;
}

client::Result<v1::Override> Read(const Channel& channel, const OverrideFlags& flags) {
  v1::GetOverrideRequest request;
  request.set_name(OverrideName(flags.name));
  return channel.client->GetOverride(request);
}

std::string EtagOf(const OverrideFlags& flags, const v1::Override& read) {
  return flags.etag.empty() ? read.etag() : flags.etag;
}

int Approve(const Session& session, const OverrideFlags& flags) {
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  const auto read = Read(*channel, flags);
  if (!read) return session.Fail(FromError(read.error(), "read the override"));
  if (!flags.confirm) session.Say(OverrideText(*read, NowFor(session.err()), session.err()));
  const Or<bool> confirmed = Confirm(session, flags.confirm, "approve it", read->service());
  if (!confirmed) return session.Fail(confirmed.problem());
  v1::ApproveOverrideRequest request;
  request.set_name(read->name());
  request.set_comment(flags.comment);
  request.set_etag(EtagOf(flags, *read));
  request.set_request_id(flags.request_id.empty() ? client::NewRequestId() : flags.request_id);
  const auto approved = channel->client->ApproveOverride(request);
  if (!approved) return session.Fail(FromError(approved.error(), "approve the override"));
  return Print(session, *channel, *approved);
}

int Revoke(const Session& session, const OverrideFlags& flags) {
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  const auto read = Read(*channel, flags);
  if (!read) return session.Fail(FromError(read.error(), "read the override"));
  v1::RevokeOverrideRequest request;
  request.set_name(read->name());
  request.set_reason(flags.reason);
  request.set_etag(EtagOf(flags, *read));
  request.set_request_id(flags.request_id.empty() ? client::NewRequestId() : flags.request_id);
  const auto revoked = channel->client->RevokeOverride(request);
  if (!revoked) return session.Fail(FromError(revoked.error(), "take the override back"));
  return Print(session, *channel, *revoked);
}

int Review(const Session& session, const OverrideFlags& flags) {
  if (flags.justified == flags.unjustified) {
    return session.Fail(
        Problem{"E0201",
                "say what was found: --justified or --unjustified",
                {},
                "",
                "",
                {"`gatectl override get NAME` shows what was let through, and why"}});
  }
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  v1::ReviewOverrideRequest request;
  request.set_name(OverrideName(flags.name));
  request.set_justified(flags.justified);
  request.set_comment(flags.comment);
  request.set_request_id(flags.request_id.empty() ? client::NewRequestId() : flags.request_id);
  const auto reviewed = channel->client->ReviewOverride(request);
  if (!reviewed) return session.Fail(FromError(reviewed.error(), "review the override"));
  return Print(session, *channel, *reviewed);
}

int GetOne(const Session& session, const OverrideFlags& flags) {
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  const auto read = Read(*channel, flags);
  if (!read) return session.Fail(FromError(read.error(), "read the override"));
  return Print(session, *channel, *read);
}

std::string Table(const v1::ListOverridesResponse& page, const Terminal& terminal) {
  if (page.overrides().empty() && terminal.is_terminal) return "No overrides.\n";
  std::vector<std::vector<std::string>> rows;
  for (const v1::Override& one : page.overrides()) {
    rows.push_back({one.name(), Word(one.state()), one.break_glass() ? "BREAK-GLASS" : "",
                    one.service(), one.environment(), absl::StrJoin(one.rules(), ","),
                    one.requester(), Rfc3339(FromProto(one.expire_time())), one.ticket(),
                    one.reason()});
  }
  return Columns({"NAME", "STATE", "", "SERVICE", "ENVIRONMENT", "RULES", "ASKED BY", "UNTIL",
                  "TICKET", "REASON"},
                 rows, terminal);
}

int List(const Session& session, const OverrideFlags& flags) {
  v1::ListOverridesRequest request;
  v1::OverrideState state = v1::OVERRIDE_STATE_UNSPECIFIED;
  if (!flags.state.empty() &&
      !v1::OverrideState_Parse("OVERRIDE_STATE_" + absl::AsciiStrToUpper(flags.state), &state)) {
    return session.Fail(Problem{"E0201",
                                absl::StrCat("there is no state \"", flags.state, "\""),
                                {},
                                "",
                                "",
                                {"--state takes pending, approved, consumed, revoked or expired"}});
  }
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  request.set_service(flags.service);
  request.set_environment(flags.environment);
  request.set_state(state);
  request.set_awaiting_review(flags.awaiting_review);
  request.set_page_size(flags.limit);
  request.set_page_token(flags.page_token);
  const auto page = channel->client->ListOverrides(request);
  if (!page) return session.Fail(FromError(page.error(), "list overrides"));
  return PrintPage(session, *channel, *page, page->overrides(),
                   [&](const Terminal& terminal) { return Table(*page, terminal); });
}

}  // namespace

void AddOverride(CLI::App& root, Session& session) {
  CLI::App& command =
      *root.add_subcommand("override", "Let a named finding through, on the record");
  command.require_subcommand(1);
  auto flags = std::make_shared<OverrideFlags>();
  const auto add = [&](const char* name, const char* what, auto run) -> CLI::App& {
    CLI::App& sub = *command.add_subcommand(name, what);
    sub.callback([&session, flags, run] {
      session.run = [&session, flags, run] { return run(session, *flags); };
    });
    return sub;
  };
  const auto named = [&](CLI::App& sub) -> CLI::App& {
    sub.add_option("NAME", flags->name, "The override: overrides/…")->required();
    return sub;
  };
  const auto repeatable = [&](CLI::App& sub) -> CLI::App& {
    sub.add_option("--request-id", flags->request_id,
                   "Do it once, however often this is tried (default: a new one)");
    return sub;
  };
  const auto etag = [&](CLI::App& sub) {
    sub.add_option("--etag", flags->etag, "Only while it has this etag (default: as it is now)");
  };

  CLI::App& create = repeatable(add("create", "Ask for one; others have to approve it", Create));
  create.add_option("VERDICT", flags->verdict, "The verdict that stands in the way")->required();
  create.add_option("--rule", flags->rules, "A rule to let through: migration.drop_column")
      ->required();
  create.add_option("--fingerprint", flags->fingerprints,
                    "Only findings with this fingerprint (default: all of the rules)");
  create.add_option("--reason", flags->reason, "Why: people will ask")->required();
  create.add_option("--ticket", flags->ticket, "Where it is written down")->required();
  create.add_option("--expires", flags->expires,
                    "2h, or a time (default: as long as the policy lets it)");
  create.add_flag("--break-glass", flags->break_glass,
                  "Without an approval, at once; somebody reviews it afterwards");
  create.add_flag("--dry-run", flags->dry_run, "Say what it would let through, and store nothing");
  create.add_flag("--confirm", flags->confirm, "Do not ask: for scripts");

  CLI::App& approve =
      repeatable(named(add("approve", "Approve one that somebody else has asked for", Approve)));
  approve.add_option("--comment", flags->comment, "Why");
  approve.add_flag("--confirm", flags->confirm, "Do not ask: for scripts");
  etag(approve);
  CLI::App& revoke = repeatable(named(add("revoke", "Take one back before it is used", Revoke)));
  revoke.add_option("--reason", flags->reason, "Why: people will ask")->required();
  etag(revoke);
  CLI::App& review = repeatable(
      named(add("review", "Say afterwards whether the glass was broken rightly", Review)));
  review.add_flag("--justified", flags->justified, "It was right");
  review.add_flag("--unjustified", flags->unjustified, "It was not");
  review.add_option("--comment", flags->comment, "What was found")->required();

  named(add("get", "One override", GetOne));
  CLI::App& list = add("list", "Overrides, newest first", List);
  list.add_option("--service", flags->service, "Only this service");
  list.add_option("-e,--env", flags->environment, "Only this environment");
  list.add_option("--state", flags->state, "Only pending, approved, consumed, revoked or expired");
  list.add_flag("--awaiting-review", flags->awaiting_review,
                "Only those of break-glass that nobody has reviewed");
  list.add_option("--limit", flags->limit, "At most this many (50)")->check(CLI::Range(1, 1000));
  list.add_option("--page-token", flags->page_token, "Go on behind the page before");
}

}  // namespace gate::ctl
