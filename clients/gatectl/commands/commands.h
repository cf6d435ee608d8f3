// One file per command. Each adds its subcommand to the command line; its callback sets
// session.run.
#ifndef CLIENTS_GATECTL_COMMANDS_COMMANDS_H_
#define CLIENTS_GATECTL_COMMANDS_COMMANDS_H_

#include "clients/gatectl/session.h"

namespace gate::ctl {

void AddAudit(CLI::App& root, Session& session);
void AddCheck(CLI::App& root, Session& session);
void AddCompletion(CLI::App& root, Session& session);
void AddContext(CLI::App& root, Session& session);
void AddDoctor(CLI::App& root, Session& session);
void AddExplain(CLI::App& root, Session& session);
void AddFreeze(CLI::App& root, Session& session);
void AddHelp(CLI::App& root, Session& session);
void AddIncident(CLI::App& root, Session& session);
void AddJudge(CLI::App& root, Session& session);
void AddLint(CLI::App& root, Session& session);
void AddMetrics(CLI::App& root, Session& session);
void AddOverride(CLI::App& root, Session& session);
void AddPolicy(CLI::App& root, Session& session);
void AddQa(CLI::App& root, Session& session);
void AddReview(CLI::App& root, Session& session);
void AddRollout(CLI::App& root, Session& session);
void AddToken(CLI::App& root, Session& session);
void AddVerdict(CLI::App& root, Session& session);
void AddVersion(CLI::App& root, Session& session);
void AddWhoAmI(CLI::App& root, Session& session);

// Parts of `lint`.
void AddLintFlags(CLI::App& lint, Session& session);
void AddLintMigrations(CLI::App& lint, Session& session);
void AddLintPolicy(CLI::App& lint, Session& session);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_COMMANDS_COMMANDS_H_
