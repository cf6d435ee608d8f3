// gatectl audit: who did what, and what came of it.
#include <CLI/CLI.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "clients/gatectl/channel.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

struct AuditFlags {
  std::string service, environment, actor, resource, outcome, since, until, page_token;
  int limit = 50;
};

std::string Table(const v1::ListAuditResponse& page, const Terminal& terminal) {
  if (page.entries().empty() && terminal.is_terminal) return "Nothing on record.\n";
  std::vector<std::vector<std::string>> rows;
  for (const v1::AuditEntry& entry : page.entries()) {
    const std::string where =
        entry.service().empty() ? "" : absl::StrCat(entry.service(), "/", entry.environment());
    rows.push_back({Rfc3339(FromProto(entry.time())), entry.actor(), entry.action(),
                    entry.outcome(), where, entry.resource(), entry.detail()});
  }
  return Columns({"TIME", "WHO", "DID", "OUTCOME", "WHERE", "ON", "DETAIL"}, rows, terminal);
}

Or<v1::ListAuditRequest> RequestOf(const AuditFlags& flags) {
  v1::ListAuditRequest request;
  request.set_service(flags.service);
  request.set_environment(flags.environment);
  request.set_actor(flags.actor);
  request.set_resource(flags.resource);
  request.set_outcome(flags.outcome);
  request.set_page_size(flags.limit);
  request.set_page_token(flags.page_token);
  if (!flags.since.empty()) {
    const Or<absl::Time> since = ParseTime("--since", flags.since);
    if (!since) return since.problem();
    *request.mutable_start_time() = ToProto(*since);
  }
  if (!flags.until.empty()) {
    const Or<absl::Time> until = ParseTime("--until", flags.until);
    if (!until) return until.problem();
    *request.mutable_end_time() = ToProto(*until);
  }
  return request;
}

int List(const Session& session, const AuditFlags& flags) {
  const Or<v1::ListAuditRequest> request = RequestOf(flags);
  if (!request) return session.Fail(request.problem());
  const Or<Channel> channel = Open(session);
  if (!channel) return session.Fail(channel.problem());
  const auto page = channel->client->ListAudit(*request);
  if (!page) return session.Fail(FromError(page.error(), "read the audit log"));
  return PrintPage(session, *channel, *page, page->entries(),
                   [&](const Terminal& terminal) { return Table(*page, terminal); });
}

}  // namespace

void AddAudit(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("audit", "Who did what, and what came of it");
  command.require_subcommand(1);
  CLI::App& list = *command.add_subcommand("list", "Entries of the audit log, newest first");
  auto flags = std::make_shared<AuditFlags>();
  list.callback(
      [&session, flags] { session.run = [&session, flags] { return List(session, *flags); }; });
  list.add_option("--service", flags->service, "Only this service");
  list.add_option("-e,--env", flags->environment, "Only this environment");
  list.add_option("--actor", flags->actor, "Only what this caller did, for example token:deploy");
  list.add_option("--resource", flags->resource, "Only this verdict, rollout, …: rollouts/…");
  list.add_option("--outcome", flags->outcome, "Only ALLOW, HOLD, BLOCK, DONE or DENIED")
      ->transform([](std::string word) { return absl::AsciiStrToUpper(word); })
      ->check(CLI::IsMember({"ALLOW", "HOLD", "BLOCK", "DONE", "DENIED"}));
  list.add_option("--since", flags->since, "Only at or after this time");
  list.add_option("--until", flags->until, "Only before this time");
  list.add_option("--limit", flags->limit, "At most this many (50)")->check(CLI::Range(1, 1000));
  list.add_option("--page-token", flags->page_token, "Go on behind the page before");
}

}  // namespace gate::ctl
