// The two ends of a command that asks the gate and prints what it answers.
#ifndef CLIENTS_GATECTL_CHANNEL_H_
#define CLIENTS_GATECTL_CHANNEL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/gatectl/results.h"
#include "clients/gatectl/session.h"

namespace gate::ctl {

struct Channel {
  std::vector<OutputTarget> targets;
  std::unique_ptr<client::Client> client;
};

// For answers that are messages. Outputs come first: who writes them wrong is told so without a
// gate.
Or<Channel> Open(const Session& session);

// The moment for texts that say how far away others are: now on a terminal, and nowhere else, where
// they are read later.
absl::Time NowFor(const Terminal& terminal);

// Prints a page of a list, one of its items per line in jsonl, and says how to go on. The exit
// code.
template <typename Page, typename Items>
int PrintPage(const Session& session, const Channel& channel, const Page& page, const Items& items,
              const std::function<std::string(const Terminal&)>& table) {
  std::vector<const google::protobuf::Message*> lines;
  for (const auto& item : items) lines.push_back(&item);
  const Or<bool> printed = PrintMessage(session, channel.targets, page, table, &lines);
  if (!printed) return session.Fail(printed.problem());
  if (!page.next_page_token().empty()) {
    session.Note("there are more: --page-token " + page.next_page_token());
  }
  return kAllow;
}

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_CHANNEL_H_
