// Appends verdicts as fast as it can, from several threads, until it is killed.
//
//   crash_writer STORE-URL JOURNAL ROUND
//
// JOURNAL gets a line before each append ("asked REQUEST-ID") and, only after the store has said
// that it is durable, one more ("given REQUEST-ID VERDICT-ID"). The journal is written with
// write(2), so that nothing of it is lost when this process is killed. Each line is one write, and
// whole.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
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
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace
}  // namespace gate

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  return gate::Run(argv[1], argv[2], argv[3]);
}
