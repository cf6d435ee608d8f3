// An Unleash server of the test's own, as its company ships it (deploy/flags), on a database of the
// test's PostgreSQL. It ends with this object, and with the test's process however that ends.
#ifndef TESTS_SUPPORT_UNLEASH_H_
#define TESTS_SUPPORT_UNLEASH_H_

#include <functional>
#include <memory>
#include <string>

#include "nlohmann/json_fwd.hpp"
#include "tests/fakes/child_process.h"
#include "tests/fakes/postgres_server.h"

namespace gate {

// It has the environments "development" and "production". What is changed is there for clients when
// the call returns (Unleash tells them about a second later than its own pages). Not thread-safe.
// Every call throws std::runtime_error, with Unleash's words, where it fails.
class UnleashServer {
 public:
  // Starts it on a new database, with all of its migrations: some seconds. `database` outlives it.
  explicit UnleashServer(PostgresServer& database);

  // Base URL, on a port of 127.0.0.1 that was free.
  const std::string& url() const { return url_; }
  // A client token that sees all projects in the environment.
  std::string Token(const std::string& environment) const;
  // One that sees the project "default" alone.
  std::string ProjectToken(const std::string& environment) const;
  // One that may do everything, in no environment.
  std::string AdminToken() const;

  // Off in all environments, without strategies.
  void CreateFlag(const std::string& flag);
  // Where it is switched on without strategies, Unleash adds one: for 100 %.
  void Switch(const std::string& flag, const std::string& environment, bool on);
  // For so many per cent; it does not switch the flag on.
  void AddStrategy(const std::string& flag, const std::string& environment, int percent);
  // Gone for clients.
  void Archive(const std::string& flag);

  // As when its machine fails.
  void Kill() { process_->Kill(); }

 private:
  // The server's answer; throws unless it is a success.
  std::string Call(const std::string& method, const std::string& path,
                   const std::string& json) const;
  // Until what clients are told of the flag (null where nothing) is as it should be.
  void WaitUntil(const std::string& flag, const std::string& environment,
                 const std::function<bool(const nlohmann::json& feature)>& holds) const;
  std::string Log() const { return ReadFile(folder_.File("log")); }

  const TempFolder folder_;
  std::string url_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace gate

#endif  // TESTS_SUPPORT_UNLEASH_H_
