#include "tests/store/store_fixture.h"

#include <sqlite3.h>

#include <cstdio>
#include <future>
#include <random>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "google/rpc/error_details.pb.h"

namespace gate {
namespace {

std::string SqliteSql(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  sqlite3_open(path.c_str(), &database);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> owner(database, sqlite3_close);
  sqlite3_busy_timeout(database, 5000);
  std::string output;
  char* error = nullptr;
  const int code = sqlite3_exec(
      database, sql.c_str(),
      [](void* out, int columns, char** values, char**) {
        for (int i = 0; i < columns; ++i) {
          absl::StrAppend(static_cast<std::string*>(out), i == 0 ? "" : "|",
                          values[i] != nullptr ? values[i] : "");
        }
        absl::StrAppend(static_cast<std::string*>(out), "\n");
        return 0;
      },
      &output, &error);
  const std::string message = error != nullptr ? error : "";
  sqlite3_free(error);
  if (code != SQLITE_OK) throw std::runtime_error(message);
  return output;
}

}  // namespace

std::string EngineName(const ::testing::TestParamInfo<Engine>& info) {
  return info.param == Engine::kSqlite ? "Sqlite" : "Postgres";
}

PostgresServer& SharedPostgres() {
  static PostgresServer server;
  return server;
}

absl::Time Noon() {
  return absl::FromCivil(absl::CivilSecond(2026, 11, 20, 12), absl::UTCTimeZone());
}

std::string IdOf(int number) { return absl::StrFormat("01ID%022d", number); }

VerdictRecord Record(std::string id, std::string request_id, std::string request_digest) {
  VerdictRecord record;
  record.verdict.set_name("verdicts/" + id);
  record.verdict.set_request_id(std::move(request_id));
  record.verdict.set_decision(v1::DECISION_ALLOW);
  record.verdict.set_reason("all checks passed");
  record.verdict.mutable_change()->set_service("orders");
  record.verdict.mutable_change()->set_environment("production");
  *record.verdict.mutable_create_time() = ToProto(Noon());
  record.request_digest = std::move(request_digest);
  return record;
}

VerdictRecord Record(int number) {
  const std::string request = absl::StrCat("request-", number);
  VerdictRecord record = Record(IdOf(number), request, Sha256Hex(request));
  *record.verdict.mutable_create_time() = ToProto(Noon() + absl::Seconds(number));
  return record;
}

std::string Noise(size_t size) {
  std::mt19937_64 random(42);
  std::string noise(size, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}

Blob BlobOf(std::string content) {
  std::string digest = Sha256Hex(content);
  return {std::move(digest), std::make_shared<const std::string>(std::move(content))};
}

std::vector<absl::StatusOr<Appended>> AppendAll(Store& store, std::vector<VerdictRecord> records) {
  std::vector<std::promise<absl::StatusOr<Appended>>> promises(records.size());
  for (size_t i = 0; i < records.size(); ++i) {
    store.Append(std::move(records[i]),
                 [promise = &promises[i]](absl::StatusOr<Appended> appended) {
                   promise->set_value(std::move(appended));
                 });
  }
  std::vector<absl::StatusOr<Appended>> answers;
  for (auto& promise : promises) answers.push_back(promise.get_future().get());
  return answers;
}

absl::StatusOr<Appended> AppendNow(Store& store, VerdictRecord record) {
  std::vector<VerdictRecord> records;
  records.push_back(std::move(record));
  return AppendAll(store, std::move(records)).front();
}

std::vector<std::string> NamesOf(const std::vector<v1::Verdict>& verdicts) {
  std::vector<std::string> names;
  for (const v1::Verdict& verdict : verdicts) names.push_back(verdict.name());
  return names;
}

std::string ReasonOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  const auto payload = status.GetPayload(kErrorInfoUrl);
  if (payload) info.ParseFromString(std::string(*payload));
  return info.reason();
}

StoreTest::StoreTest() {
  if (GetParam() == Engine::kSqlite) {
    url_ = "sqlite:" + folder_.File("gate.db");
  } else {
    url_ = SharedPostgres().CreateDatabase(&database_);
  }
}

std::unique_ptr<Store> StoreTest::Open(const StoreOptions& options) {
  auto store = OpenStore(url_, options);
  if (!store.ok()) throw std::runtime_error(store.status().ToString());
  return *std::move(store);
}

std::string StoreTest::Sql(const std::string& sql) {
  return GetParam() == Engine::kSqlite ? SqliteSql(folder_.File("gate.db"), sql)
                                       : SharedPostgres().Sql(database_, sql);
}

std::string StoreTest::Table(const std::string& name) const {
  return GetParam() == Engine::kSqlite ? name : "gate." + name;
}

}  // namespace gate
