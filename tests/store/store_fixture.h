// What the tests of the stores share: both engines, records to append, and calls that wait.
#ifndef TESTS_STORE_STORE_FIXTURE_H_
#define TESTS_STORE_STORE_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "gate/store/store.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/postgres_server.h"

namespace gate {

enum class Engine { kSqlite, kPostgres };
std::string EngineName(const ::testing::TestParamInfo<Engine>& info);

// The server that all tests of this process share; started by the first that asks.
PostgresServer& SharedPostgres();

// A moment that tests count from: 2026-11-20T12:00:00Z.
absl::Time Noon();

// A record that can be stored: an ALLOW for orders in production, made at noon. Ids are padded so
// that they sort by number.
VerdictRecord Record(int number);
VerdictRecord Record(std::string id, std::string request_id, std::string request_digest);
std::string IdOf(int number);
Blob BlobOf(std::string content);
// Bytes that do not compress, always the same.
std::string Noise(size_t size);

// Appends and waits.
absl::StatusOr<Appended> AppendNow(Store& store, VerdictRecord record);
// Appends all at once; the answers in the same order.
std::vector<absl::StatusOr<Appended>> AppendAll(Store& store, std::vector<VerdictRecord> records);

std::vector<std::string> NamesOf(const std::vector<v1::Verdict>& verdicts);
// The ErrorInfo reason.
std::string ReasonOf(const absl::Status& status);

// A database of its own for each test; the store may be opened many times.
class StoreTest : public ::testing::TestWithParam<Engine> {
 protected:
  StoreTest();
  std::unique_ptr<Store> Open(const StoreOptions& options = {});
  // Runs SQL beside the store; throws where it fails.
  std::string Sql(const std::string& sql);
  // "gate." where the engine has schemas.
  std::string Table(const std::string& name) const;

  TempFolder folder_;
  std::string database_;  // PostgreSQL
  std::string url_;
};

}  // namespace gate

#endif  // TESTS_STORE_STORE_FIXTURE_H_
