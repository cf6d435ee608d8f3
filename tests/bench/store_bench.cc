// What a store does alone: durable verdicts a second, memory, and the cost of an append and of a
// page of a listing as the store grows.
//
//   store_bench [--seconds N] [--rows N] [--url URL] [--engine sqlite|postgres|both]
//
// Without --url each engine gets a store of its own, on a disk of the temporary folder, and
// PostgreSQL a server of its own. LD_PRELOAD=libslow_fsync.so adds 2 ms to each fsync (of that
// server too).
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/base/mutex.h"
#include "gate/store/store.h"
#include "tests/fakes/postgres_server.h"

namespace gate {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

struct Flags {
  double seconds = 2;
  int rows = 0;
  std::string url;
  std::string engine = "both";
};

double SecondsSince(steady_clock::time_point start) {
  return duration<double>(steady_clock::now() - start).count();
}

double ResidentMegabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == "VmRSS:" && status >> kilobytes) return kilobytes / 1024;
  }
  return 0;
}

// Like a real one: a kilobyte, one of a hundred services, a hot policy and a hot observation.
class Records {
 public:
  VerdictRecord Next() {
    const absl::Time now = absl::Now();
    VerdictRecord record;
    v1::Verdict& verdict = record.verdict;
    const std::string id = NewId(now);
    verdict.set_name("verdicts/" + id);
    // Random keys: the worst case for an index.
    verdict.set_request_id(absl::StrFormat("%016x%016x", Random(), Random()));
    verdict.set_decision(static_cast<v1::Decision>(1 + Random() % 3));
    verdict.mutable_change()->set_service(absl::StrCat("service-", Random() % 100));
    verdict.mutable_change()->set_environment(Random() % 4 == 0 ? "staging" : "production");
    verdict.set_reason(reason_);
    verdict.set_policy_digest(policy_.digest);
    *verdict.mutable_create_time() = ToProto(now);
    record.request_digest = policy_.digest;
    record.blobs = {policy_, observation_};
    return record;
  }

 private:
  uint64_t Random() {
    MutexLock lock(mu_);
    return random_();
  }
  static Blob BlobOf(std::string content) {
    std::string digest = Sha256Hex(content);
    return {digest, std::make_shared<const std::string>(std::move(content))};
  }

  Mutex mu_;
  std::mt19937_64 random_ GATE_GUARDED_BY(mu_){1};
  const std::string reason_ = std::string(800, 'r');
  const Blob policy_ = BlobOf(std::string(8000, 'p'));
  const Blob observation_ = BlobOf(std::string(20000, 'o'));
};

// Keeps so many appends under way, each started when another ends.
class ClosedLoop {
 public:
  ClosedLoop(Store& store, Records& records) : store_(store), records_(records) {}

  // Appends a second, over so many seconds or so many appends, whichever ends first.
  double Run(int in_flight, double seconds, int64_t count) {
    const auto start = steady_clock::now();
    const auto end =
        start + std::chrono::duration_cast<steady_clock::duration>(duration<double>(seconds));
    int64_t started = 0, ended = 0;
    while (true) {
      {
        MutexLock lock(mu_);
        ended += done_;
        done_ = 0;
        if (failed_) throw std::runtime_error(failure_.ToString());
        while (started - ended == in_flight) {
          ended_.Wait(mu_);
          ended += done_;
          done_ = 0;
        }
      }
      if (started == count || steady_clock::now() >= end) break;
      for (; started < count && started - ended < in_flight; ++started) Start();
    }
    MutexLock lock(mu_);
    for (; ended < started; done_ = 0) {
      if (done_ == 0) ended_.Wait(mu_);
      ended += done_;
    }
    return ended / SecondsSince(start);
  }

 private:
  void Start() {
    store_.Append(records_.Next(), [this](const absl::StatusOr<Appended>& appended) {
      MutexLock lock(mu_);
      ++done_;
      if (!appended.ok()) {
        failed_ = true;
        failure_ = appended.status();
      }
      ended_.NotifyOne();
    });
  }

  Store& store_;
  Records& records_;
  Mutex mu_;
  CondVar ended_;
  int64_t done_ GATE_GUARDED_BY(mu_) = 0;
  bool failed_ GATE_GUARDED_BY(mu_) = false;
  absl::Status failure_ GATE_GUARDED_BY(mu_);
};

double ListMicroseconds(Store& store, const VerdictFilter& filter) {
  constexpr int kPages = 50;
  const auto start = steady_clock::now();
  for (int i = 0; i < kPages; ++i) {
    if (const auto page = store.ListVerdicts(filter, "", 50); !page.ok()) {
      throw std::runtime_error(page.status().ToString());
    }
  }
  return SecondsSince(start) / kPages * 1e6;
}

void Throughput(const char* engine, Store& store, Records& records, double seconds) {
  ClosedLoop loop(store, records);
  for (const int in_flight : {1, 64, 256}) {
    const double rate = loop.Run(in_flight, seconds, int64_t{1} << 60);
    std::printf("%-10s %3d in flight  %9.0f durable verdicts/s\n", engine, in_flight, rate);
    std::fflush(stdout);
  }
}

// At each power of ten: what the next thousand appends cost, and a page.
void Growth(const char* engine, Store& store, Records& records, int rows) {
  constexpr int kSample = 5000;
  ClosedLoop loop(store, records);
  int stored = 0;
  for (int target = 1000; target <= rows; target *= 10) {
    loop.Run(256, 1e9, target - stored);
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    const double rate = loop.Run(64, 1e9, kSample);
    getrusage(RUSAGE_SELF, &after);
    stored = target + kSample;
    const auto cpu = [](const rusage& usage) {
      return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
             static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    };
    std::printf(
        "%-10s %8d rows  %8.0f appends/s  %6.1f us CPU/append  page %6.0f us  page of a "
        "service %6.0f us  resident %4.0f MB\n",
        engine, target, rate, (cpu(after) - cpu(before)) / kSample, ListMicroseconds(store, {}),
        ListMicroseconds(store, {.service = "service-7", .decision = v1::DECISION_BLOCK}),
        ResidentMegabytes());
    std::fflush(stdout);
  }
}

void Measure(const char* engine, const std::string& url, const Flags& flags) {
  auto store = OpenStore(url, {});
  if (!store.ok()) throw std::runtime_error(store.status().ToString());
  Records records;
  if (flags.rows > 0) {
    Growth(engine, **store, records, flags.rows);
  } else {
    Throughput(engine, **store, records, flags.seconds);
  }
}

bool Read(int argc, char** argv, Flags& flags) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    const std::string value = argv[i + 1];
    if (flag == "--seconds" && absl::SimpleAtod(value, &flags.seconds)) continue;
    if (flag == "--rows" && absl::SimpleAtoi(value, &flags.rows)) continue;
    if (flag == "--url") flags.url = value;
    if (flag == "--engine") flags.engine = value;
    if (flag != "--url" && flag != "--engine") return false;
  }
  return argc % 2 == 1;
}

int Run(const Flags& flags) {
  if (!flags.url.empty()) {
    Measure("store", flags.url, flags);
    return 0;
  }
  if (flags.engine != "postgres") {
    const TempFolder folder;
    Measure("SQLite", "sqlite:" + folder.File("gate.db"), flags);
  }
  if (flags.engine != "sqlite") {
    PostgresServer server({"max_wal_size = 4GB", "shared_buffers = 256MB"});
    Measure("PostgreSQL", server.CreateDatabase(), flags);
  }
  return 0;
}

}  // namespace
}  // namespace gate

int main(int argc, char** argv) {
  gate::Flags flags;
  if (!gate::Read(argc, argv, flags)) {
    std::fprintf(stderr,
                 "usage: store_bench [--seconds N] [--rows N] [--url URL] "
                 "[--engine sqlite|postgres|both]\n");
    return 2;
  }
  try {
    return gate::Run(flags);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "store_bench: %s\n", error.what());
    return 1;
  }
}
