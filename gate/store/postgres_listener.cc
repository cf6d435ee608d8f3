#include "gate/store/postgres_listener.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gate/store/postgres_transaction.h"

namespace gate {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// After so long the thread looks whether it is to end.
constexpr milliseconds kTurn{500};

}  // namespace

PostgresListener::PostgresListener(std::string url, const std::string& channel,
                                   std::function<void(std::string_view)> heard)
    : heard_(std::move(heard)),
      session_(std::move(url),
               [listen = absl::StrCat("LISTEN ", channel)](PostgresConnection& connection) {
                 return connection.Execute(listen.c_str(), steady_clock::now() + kPostgresTimeout);
               }),
      thread_([this] { Run(); }) {}

PostgresListener::~PostgresListener() {
  stopping_ = true;
  thread_.join();
}

void PostgresListener::Run() {
  while (!stopping_) {
    const auto connection = session_.Connected();
    if (!connection.ok()) {
      std::this_thread::sleep_for(std::clamp(session_.UntilNextAttempt(), milliseconds(1), kTurn));
      continue;
    }
    const auto payloads = (*connection)->Notifications(steady_clock::now() + kTurn);
    if (!payloads.ok()) continue;  // Connected makes a new one.
    for (const std::string& payload : *payloads) heard_(payload);
  }
}

}  // namespace gate
