// gatectl policy what-if: what another policy would have said of the verdicts on record.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "checks/render/words.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/policy_file.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

struct WhatIfFlags {
  std::string path, since = "30d", service, environment;
  int limit = 1000;
};

std::string Changed(const v1::WhatIfResponse::Difference& difference, const Terminal& terminal) {
  const auto word = [&](v1::Decision decision) {
    return absl::StrCat(std::string(render::Sign(decision, terminal.unicode)), " ",
                        std::string(render::Word(decision)));
  };
  return absl::StrCat(word(difference.was()), terminal.unicode ? " → " : " -> ",
                      word(difference.would_be()));
}

std::string Table(const v1::WhatIfResponse& response, const Terminal& terminal) {
  const int same = response.replayed() - response.differences_size();
  std::string text =
      absl::StrCat(response.replayed(), response.replayed() == 1 ? " verdict" : " verdicts",
                   " judged again by that policy: ", response.differences_size(),
                   " would come out otherwise, ", same, " the same.\n");
  if (response.not_replayed() > 0) {
    absl::StrAppend(&text, response.not_replayed(),
                    " could not be: their policy or evidence is not on record.\n");
  }
  if (response.truncated()) {
    text += "There are more in that time: raise --limit.\n";
  }
  if (response.differences().empty()) return text;
  std::vector<std::vector<std::string>> rows;
  for (const v1::WhatIfResponse::Difference& difference : response.differences()) {
    rows.push_back({Changed(difference, terminal), Rfc3339(FromProto(difference.create_time())),
                    difference.service(), difference.environment(), difference.version(),
                    difference.verdict().substr(difference.verdict().find('/') + 1),
                    difference.reason()});
  }
  return text + "\n" +
         Columns(
             {"WAS, WOULD BE", "TIME", "SERVICE", "ENVIRONMENT", "VERSION", "VERDICT", "REASON"},
             rows, terminal);
}

int Run(const Session& session, const WhatIfFlags& flags) {
  const auto targets = session.Outputs(/*messages_only=*/true);
  if (!targets) return session.Fail(targets.problem());
  const Or<v1::Policy> policy = ReadPolicy(flags.path);
  if (!policy) return session.Fail(policy.problem());
  const std::optional<absl::Duration> since = ParseDuration(flags.since);
  if (!since) {
    return session.Fail({"E0201",
                         absl::StrCat("\"", flags.since, "\" is not a duration"),
                         {},
                         "",
                         "",
                         {"--since takes 12h, 30d or the like"}});
  }
  v1::WhatIfRequest request;
  *request.mutable_policy() = *policy;
  *request.mutable_since() = ToProto(*since);
  request.set_limit(flags.limit);
  request.set_service(flags.service);
  request.set_environment(flags.environment);
  const auto client = session.Connect();
  if (!client) return session.Fail(client.problem());
  const auto response = (*client)->WhatIf(request);
  if (!response) return session.Fail(FromError(response.error(), "judge by " + flags.path));
  const Or<bool> printed =
      PrintMessage(session, *targets, *response,
                   [&](const Terminal& terminal) { return Table(*response, terminal); });
  return printed ? kAllow : session.Fail(printed.problem());
}

}  // namespace

void AddPolicy(CLI::App& root, Session& session) {
  CLI::App& policy = *root.add_subcommand("policy", "Policies, tried out");
  policy.require_subcommand(1);
  CLI::App& command = *policy.add_subcommand(
      "what-if", "What a policy file would have said of the verdicts on record");
  auto flags = std::make_shared<WhatIfFlags>();
  command.add_option("FILE", flags->path, "Policy file (- is standard input)")->required();
  command.add_option("--since", flags->since, "How far back (30d)");
  command.add_option("--service", flags->service, "Only this service");
  command.add_option("-e,--env", flags->environment, "Only this environment");
  command.add_option("--limit", flags->limit, "At most this many, the newest (1000)")
      ->check(CLI::Range(1, 10000));
  command.callback(
      [&session, flags] { session.run = [&session, flags] { return Run(session, *flags); }; });
}

}  // namespace gate::ctl
