// Replicas of gated on one PostgreSQL, and what has to be true of them afterwards.
#ifndef TESTS_CHAOS_WORLD_H_
#define TESTS_CHAOS_WORLD_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/chaos/pipelines.h"
#include "tests/fakes/postgres_server.h"
#include "tests/support/running_gate.h"

namespace gate {

int FromEnvironment(const char* name, int otherwise);

class World {
 public:
  // So many gates, with the policy of that file, on the store of that URL. The database has a clock
  // of its own, and each machine of a gate has one, that nothing goes by.
  World(int gates, const std::string& policy, const std::string& store_url);
  // A gate for each URL of one store.
  World(const std::string& policy, const std::vector<std::string>& store_urls);

  RunningGate& gate(size_t i) { return *gates_[i]; }
  std::vector<std::string> addresses() const;
  std::unique_ptr<v1::Rollouts::Stub> Rollouts();

  // Expects that each lease had one holder at a time, that each step was allowed by a verdict on
  // it, that nothing which was told is lost, and, once the database's clock has gone on by a day,
  // that each rollout ends. `database` is where `postgres` has the gates' tables.
  void ExpectAllIsWell(const Pipelines& pipelines, PostgresServer& postgres,
                       const std::string& database);

 private:
  std::vector<v1::Rollout> AllRollouts();
  v1::Verdict Get(const std::string& name);

  std::vector<std::unique_ptr<RunningGate>> gates_;
};

}  // namespace gate

#endif  // TESTS_CHAOS_WORLD_H_
