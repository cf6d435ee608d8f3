// kill -9, again and again: nothing that was acknowledged is lost (verdicts, their watches, runs of
// QA), nothing is there twice, and
// whoever asks again gets one and the same answer. GATE_CRASHES=10000 for a long run;
// GATE_CRASH_SEED for another.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/store/store.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/postgres_server.h"

namespace gate {
namespace {

int FromEnvironment(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::atoi(text) : otherwise;
}

// What the killed writer says it did.
struct Journal {
  std::set<std::string> asked;
  std::map<std::string, std::string> given;  // request_id -> verdict id
  std::set<std::string> reported;            // builds
};

Journal ReadJournal(const std::string& path) {
  Journal journal;
  std::ifstream file(path);
  std::string line;
  // A write that crosses a page may be cut short by the kill: a line without an end says nothing.
  while (std::getline(file, line) && !file.eof()) {
    std::istringstream words(line);
    std::string word, request_id, id;
    words >> word;
    if (word == "asked" && words >> request_id) journal.asked.insert(request_id);
    if (word == "reported" && words >> id) journal.reported.insert(id);
    if (word == "given" && words >> request_id >> id) journal.given[request_id] = id;
  }
  return journal;
}

// Asks all at once, as clients do that got no answer.
std::vector<absl::StatusOr<Appended>> AskAgain(Store& store,
                                               const std::vector<std::string>& request_ids) {
  std::vector<std::promise<absl::StatusOr<Appended>>> promises(request_ids.size());
  for (size_t i = 0; i < request_ids.size(); ++i) {
    VerdictRecord record;
    record.verdict.set_name(absl::StrCat("verdicts/", NewId(absl::Now())));
    record.verdict.set_request_id(request_ids[i]);
    record.verdict.set_decision(v1::DECISION_BLOCK);
    record.verdict.mutable_change()->set_service("orders");
    *record.verdict.mutable_create_time() = ToProto(absl::Now());
    record.request_digest = Sha256Hex(request_ids[i]);
    store.Append(std::move(record), [&promises, i](absl::StatusOr<Appended> answer) {
      promises[i].set_value(std::move(answer));
    });
  }
  std::vector<absl::StatusOr<Appended>> answers;
  for (auto& promise : promises) answers.push_back(promise.get_future().get());
  return answers;
}

class CrashTest : public ::testing::Test {
 protected:
  // One life of the writer: it is killed a few milliseconds after it is ready.
  void Crash(const std::string& url, int round) {
    const std::string path = folder_.File(absl::StrCat("journal-", round));
    auto writer = ChildProcess::Start({{CRASH_WRITER, url, path, absl::StrCat(round)}});
    ASSERT_TRUE(writer.ok()) << writer.status();
    ASSERT_TRUE(Eventually([&] {
      return ReadFile(path).starts_with("ready\n") || !(*writer)->Running();
    })) << "the writer did not start";
    ASSERT_TRUE((*writer)->Running()) << "the writer ended by itself, with " << (*writer)->Wait();
    std::this_thread::sleep_for(std::chrono::microseconds(5000 + random_() % 55000));
    if (crash_server_) crash_server_();
    ASSERT_TRUE((*writer)->Running()) << "the writer ended by itself, with " << (*writer)->Wait();
    (*writer)->Kill();
    if (restart_server_) restart_server_();
    Check(url, ReadJournal(path));
  }

  // The promise, for what the last life of the writer did.
  void Check(const std::string& url, const Journal& journal) {
    const auto opened = OpenStore(url, {});
    ASSERT_TRUE(opened.ok()) << opened.status();
    Store& store = **opened;
    for (const auto& [request_id, id] : journal.given) {
      const auto verdict = store.GetVerdict(id);
      ASSERT_TRUE(verdict.ok()) << "lost: " << request_id << " " << verdict.status();
      EXPECT_EQ(verdict->request_id(), request_id);
      const auto evidence = store.GetBlob(Sha256Hex("what was seen for " + request_id));
      ASSERT_TRUE(evidence.ok()) << "lost evidence: " << request_id << " " << evidence.status();
      EXPECT_EQ(WatchesOf(store, request_id), 1) << "lost a watch: " << request_id;
      known_[request_id] = id;
    }
    for (const std::string& build : journal.reported) {
      const auto runs = store.ReadQaRuns("tasks", {build});
      ASSERT_TRUE(runs.ok()) << runs.status();
      EXPECT_EQ(runs->runs_size(), 1) << "lost a run: " << build;
    }
    reported_ += journal.reported.size();
    given_ += journal.given.size();
    std::vector<std::string> unanswered;
    for (const std::string& request_id : journal.asked) {
      if (!journal.given.contains(request_id)) unanswered.push_back(request_id);
    }
    CheckUnanswered(store, unanswered);
    // One of those that were acknowledged.
    if (!journal.given.empty()) {
      const auto& [request_id, id] = *journal.given.begin();
      const auto again = AskAgain(store, {request_id}).front();
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_TRUE(again->replayed);
      EXPECT_EQ(again->verdict.name(), "verdicts/" + id);
    }
  }

  // How many watches a verdict of the writer has left.
  static int WatchesOf(Store& store, const std::string& request_id) {
    const auto watches = store.ReadFlagWatches("production", request_id);
    return watches.ok() ? static_cast<int>(watches->size()) : -1;
  }

  // Requests whose answers nobody got: stored or not, from now on there is one answer.
  void CheckUnanswered(Store& store, const std::vector<std::string>& request_ids) {
    std::vector<std::optional<Store::Given>> stored;
    for (const std::string& request_id : request_ids) {
      auto found = store.FindRequest(request_id);
      ASSERT_TRUE(found.ok()) << found.status();
      stored.push_back(*std::move(found));
    }
    const auto first = AskAgain(store, request_ids);
    const auto second = AskAgain(store, request_ids);
    for (size_t i = 0; i < request_ids.size(); ++i) {
      ASSERT_TRUE(first[i].ok() && second[i].ok()) << first[i].status() << second[i].status();
      // A PostgreSQL server may still commit for a client that is dead; then that is the answer.
      if (stored[i]) {
        EXPECT_TRUE(first[i]->replayed);
        EXPECT_EQ(first[i]->verdict.name(), stored[i]->verdict.name());
      }
      EXPECT_EQ(first[i]->verdict.decision(),
                first[i]->replayed ? v1::DECISION_ALLOW : v1::DECISION_BLOCK);
      EXPECT_TRUE(second[i]->replayed);
      EXPECT_EQ(second[i]->verdict.name(), first[i]->verdict.name());
      if (first[i]->replayed) ++unanswered_but_stored_;
      EXPECT_EQ(WatchesOf(store, request_ids[i]), first[i]->replayed ? 1 : 0)
          << "a watch without its verdict, or the other way round: " << request_ids[i];
      known_[request_ids[i]] = first[i]->verdict.name().substr(9);
    }
  }

  // At the end, everything: each request once, under the id that was told.
  void CheckAll(const std::string& url) {
    const auto store = OpenStore(url, {});
    ASSERT_TRUE(store.ok()) << store.status();
    std::map<std::string, std::string> stored;
    for (std::string before;;) {
      const auto page = (*store)->ListVerdicts({}, before, 1000);
      ASSERT_TRUE(page.ok()) << page.status();
      if (page->empty()) break;
      for (const v1::Verdict& verdict : *page) {
        EXPECT_TRUE(stored.emplace(verdict.request_id(), verdict.name().substr(9)).second)
            << "twice: " << verdict.request_id();
      }
      before = page->back().name().substr(9);
    }
    EXPECT_EQ(stored, known_);
  }

  void Report(const char* engine, int crashes) {
    EXPECT_GT(given_, static_cast<size_t>(crashes) / 4) << "hardly anything was ever acknowledged";
    std::cout << engine << ": " << crashes << " crashes, " << given_ << " verdicts acknowledged, "
              << known_.size() << " in all, " << unanswered_but_stored_
              << " stored without an answer, " << reported_ << " runs of QA acknowledged\n";
  }

  TempFolder folder_;
  std::mt19937 random_{static_cast<unsigned>(FromEnvironment("GATE_CRASH_SEED", 2026))};
  std::function<void()> crash_server_;
  std::function<void()> restart_server_;
  std::map<std::string, std::string> known_;
  size_t given_ = 0;
  size_t reported_ = 0;
  int unanswered_but_stored_ = 0;
};

TEST_F(CrashTest, SqliteKeepsWhatItAcknowledged) {
  const int crashes = FromEnvironment("GATE_CRASHES", 240) * 2 / 3;
  const std::string url = "sqlite:" + folder_.File("gate.db");
  for (int round = 0; round < crashes && !HasFatalFailure(); ++round) Crash(url, round);
  CheckAll(url);
  Report("SQLite", crashes);
}

// Every eighth time the server dies as well, while the writer lives.
TEST_F(CrashTest, PostgresKeepsWhatItAcknowledged) {
  const int crashes = FromEnvironment("GATE_CRASHES", 240) / 3;
  PostgresServer server;
  const std::string url = server.CreateDatabase();
  for (int round = 0; round < crashes && !HasFatalFailure(); ++round) {
    const bool with_server = round % 8 == 7;
    crash_server_ = restart_server_ = nullptr;
    if (with_server) crash_server_ = [&] { server.Kill(); };
    if (with_server) restart_server_ = [&] { server.Start(); };
    Crash(url, round);
  }
  CheckAll(url);
  Report("PostgreSQL", crashes);
}

}  // namespace
}  // namespace gate
