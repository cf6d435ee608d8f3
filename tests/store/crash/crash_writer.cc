// Appends verdicts, each with a watch of its own, as fast as it can, from several threads, and
// reports runs of QA beside them, until it is killed.
//
//   crash_writer STORE-URL JOURNAL ROUND
//
// JOURNAL gets a line before each append ("asked REQUEST-ID") and, only after the store has said
// that it is durable, one more ("given REQUEST-ID VERDICT-ID"); of a run one line when it is
// durable
// ("reported BUILD"). The journal is written with write(2), one write for each line, so that
// nothing of it is lost when this process is killed but the end of the line that is being written.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/store/store.h"

namespace gate {
namespace {

constexpr int kThreads = 4;
constexpr int kInFlight = 8;  // of each thread

class Journal {
 public:
  explicit Journal(const char* path)
      : fd_(open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {}
  void Write(const std::string& line) {
    if (write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(4);
  }

 private:
  const int fd_;
};

VerdictRecord Make(const std::string& request_id) {
  VerdictRecord record;
  const absl::Time now = absl::Now();
  record.verdict.set_name(absl::StrCat("verdicts/", NewId(now)));
  record.verdict.set_request_id(request_id);
  record.verdict.set_decision(v1::DECISION_ALLOW);
  record.verdict.mutable_change()->set_service("orders");
  record.verdict.mutable_change()->set_environment("production");
  *record.verdict.mutable_create_time() = ToProto(now);
  v1::FlagWatch& watch = *record.verdict.add_outcomes()->add_watches();
  watch.set_flag(request_id);
  watch.set_ticket("TASKS-1");
  watch.set_build("b1");
  record.request_digest = Sha256Hex(request_id);
  const std::string seen = absl::StrCat("what was seen for ", request_id);
  record.blobs = {{Sha256Hex(seen), std::make_shared<const std::string>(seen)}};
  return record;
}

// One at a time of kInFlight that are under way.
void Ask(Store& store, Journal& journal, std::string prefix) {
  std::vector<std::promise<void>> done(kInFlight);
  for (int i = 0;; ++i) {
    std::promise<void>& mine = done[i % kInFlight];
    if (i >= kInFlight) mine.get_future().wait();
    mine = {};
    const std::string request_id = absl::StrCat(prefix, "-", i);
    VerdictRecord record = Make(request_id);
    journal.Write(absl::StrCat("asked ", request_id, "\n"));
    store.Append(std::move(record), [&, request_id](const absl::StatusOr<Appended>& answer) {
      if (answer.ok()) {
        journal.Write(
            absl::StrCat("given ", request_id, " ", answer->verdict.name().substr(9), "\n"));
      } else if (!absl::IsUnavailable(answer.status())) {
        // Only a store that is gone is no surprise here.
        std::fprintf(stderr, "crash_writer: %s\n", answer.status().ToString().c_str());
        _exit(5);
      }
      mine.set_value();
    });
  }
}

void Report(Store& store, Journal& journal, const std::string& prefix) {
  for (int i = 0;; ++i) {
    QaReport report;
    report.run.set_service("tasks");
    report.run.set_build(absl::StrCat(prefix, "-", i));
    report.run.add_cases()->set_name("assigns");
    report.finished_at = absl::Now();
    const absl::Time now = absl::Now();
    const auto reported = store.ReportQaRun(report, {now, now - absl::Hours(24), 1'000'000'000, 1});
    if (reported.ok()) {
      journal.Write(absl::StrCat("reported ", report.run.build(), "\n"));
    } else if (!absl::IsUnavailable(reported.status())) {
      std::fprintf(stderr, "crash_writer: %s\n", reported.status().ToString().c_str());
      _exit(6);
    }
    // Whoever waits for SQLite's lock looks for it once in a while: verdicts have their turn.
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

int Run(const char* url, const char* path, const std::string& round) {
  const auto store = OpenStore(url, {.max_group = 16});
  if (!store.ok()) {
    std::fprintf(stderr, "crash_writer: %s\n", store.status().ToString().c_str());
    return 3;
  }
  Journal journal(path);
  journal.Write("ready\n");
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back(
        [&, thread] { Ask(**store, journal, absl::StrCat("r", round, "-", thread)); });
  }
  threads.emplace_back([&] { Report(**store, journal, absl::StrCat("r", round)); });
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace
}  // namespace gate

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  return gate::Run(argv[1], argv[2], argv[3]);
}
