#include "clients/gatectl/commands/question.h"

#include "absl/strings/str_cat.h"

namespace gate::ctl {

void AddQuestion(CLI::App& command, Question& question) {
  command.add_option("SERVICE", question.service, "The service (default: of .gate.yaml)");
  command.add_option("-e,--env", question.environment, "Where it goes, for example production");
  command.add_option("--version", question.version, "Version as people name it (default: tag)");
  command.add_option("-k,--kind", question.kind,
                     "code (default), hotfix, migration, traffic-shift, flag-flip or config");
  command.add_option("--base", question.base, "Revision that runs there now");
  command.add_option("--head", question.head, "Revision that is to go out (default: HEAD)");
  command.add_flag("--first-deployment", question.first_deployment, "Nothing runs there yet");
  command.add_option("--digest", question.artifact_digest, "Digest of the artefact, sha256:…");
  command.add_option("--change", question.change_file,
                     "The whole change as a YAML or JSON file (- is standard input)");
  command
      .add_option("--ticket", question.tickets,
                  "KEY or KEY=FLAG: ticket it belongs to, and the flag that its code is behind "
                  "(repeatable)")
      ->allow_extra_args(false);
  command.add_option("--label", question.labels, "KEY=VALUE that policies select on (repeatable)")
      ->allow_extra_args(false);
  command.add_option("--canary-since", question.canary_since,
                     "When the canary took its first traffic: a time, or 25m for so long ago");
  command.add_option("--canary-share", question.canary_share,
                     "Its share of the traffic, 5% or 0.05");
  command.add_option("--canary-share-since", question.canary_share_since,
                     "Since when it has that share (default: since it took its first traffic)");
  ShiftFlags& shift = question.shift;
  command
      .add_option("--origin", shift.origins,
                  "For a traffic shift, NAME=BEFORE:AFTER[,site=SITE][,database=SITE][,workers=N]: "
                  "an origin, its shares, its site, that of its database primary (repeatable)")
      ->allow_extra_args(false)
      ->type_name("ORIGIN");
  command.add_option("--affinity", shift.affinity,
                     "What keeps a user with one origin: none, cookie or tenant");
  command.add_option("--sessions", shift.sessions,
                     "Whether the service keeps sessions in its origins: stateful or stateless");
  command.add_option("--way-back", shift.way_back, "How the traffic goes back, how long it takes");
  command.add_option("--takes-back", shift.takes_back,
                     "The earlier shift (verdicts/..., or in words) that this one takes back");
  command.add_option("--author", question.author, "Who asks for it (default: what CI says)");
  command.add_option("--summary", question.summary, "One line for people");
}

Or<bool> RequireNames(const v1::Change& change, const std::string& command) {
  if (!change.service().empty() && !change.environment().empty()) return true;
  const char* missing = change.service().empty() ? "SERVICE" : "--env";
  return Problem{"E0201", absl::StrCat(missing, " is missing"),
                 {},      "",
                 "",      {absl::StrCat("gatectl ", command, " SERVICE --env ENVIRONMENT")}};
}

}  // namespace gate::ctl
