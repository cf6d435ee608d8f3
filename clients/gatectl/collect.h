// What has changed since the revision that is deployed: from flags, environment, .gate.yaml and
// git.
#ifndef CLIENTS_GATECTL_COLLECT_H_
#define CLIENTS_GATECTL_COLLECT_H_

#include <string>
#include <vector>

#include "checks/render/render.h"
#include "clients/gatectl/git.h"
#include "clients/gatectl/settings.h"
#include "clients/gatectl/shift.h"
#include "gate/v1/change.pb.h"

namespace gate::ctl {

// What `gatectl check` was given.
struct Question {
  std::string service;
  std::string environment;
  std::string kind;  // empty: code, or traffic-shift where one is given
  std::string version;
  std::string base;
  std::string head;
  std::string artifact_digest;
  std::string change_file;
  std::string author;
  std::string summary;
  std::vector<std::string> tickets;
  std::vector<std::string> labels;  // "key=value"
  bool first_deployment = false;
  std::string canary_since;  // when the canary took its first traffic: a time, or how long ago
  std::string canary_share;  // "0.05" or "5%"
  std::string canary_share_since;  // since when it has that share, as canary_since
  ShiftFlags shift;
};

struct Collected {
  v1::Change change;
  render::Sources sources;         // migration texts, for code frames
  std::vector<std::string> notes;  // what the user should know, one sentence each
};

// The change to ask about. Fails rather than leaving out what it was told to collect: a migration
// that the gate does not see is one that it cannot stop.
Or<Collected> Collect(const Question& question, const Settings& settings,
                      const Variables& variables, const std::string& folder);

// Ticket ids in a text, in their order, each once. Patterns are RE2; without any, the usual form
// ("TASKS-118"), and not what only looks like it ("UTF-8", "SHA-256").
Or<std::vector<std::string>> FindTickets(const std::string& text,
                                         const std::vector<std::string>& patterns);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_COLLECT_H_
