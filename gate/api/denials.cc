#include "gate/api/denials.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

using std::chrono::steady_clock;

constexpr size_t kToldApart = 100;
constexpr std::chrono::milliseconds kBetweenLooks{1000};

}  // namespace

Denials::Denials(AuditStore& audit, Clock& clock, Logger& log, std::chrono::milliseconds minute)
    : audit_(audit), clock_(clock), log_(log), minute_(minute), thread_([this] { Run(); }) {}

Denials::~Denials() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

void Denials::Record(v1::AuditEntry entry, std::function<void()> done) {
  *entry.mutable_time() = ToProto(clock_.Now());
  const Time now = steady_clock::now();
  {
    MutexLock lock(mu_);
    std::string key = absl::StrCat(entry.actor(), " ", entry.action());
    if (counted_.size() >= kToldApart && !counted_.contains(key)) key = "others";
    const auto [found, first] = counted_.try_emplace(std::move(key), Counted{now, 0, {}});
    if (first) {
      pending_.push_back({std::move(entry), std::move(done)});
      done = nullptr;
    } else {
      ++found->second.more;
      found->second.newest = std::move(entry);
    }
  }
  if (done) return done();
  changed_.NotifyAll();
}

std::vector<Denials::Pending> Denials::TakeCounted(Time now, bool all) {
  std::vector<Pending> rows;
  for (auto it = counted_.begin(); it != counted_.end();) {
    Counted& counted = it->second;
    if (!all && now < counted.since + minute_) {
      ++it;
      continue;
    }
    if (counted.more > 0) {
      counted.newest.set_detail(absl::StrCat(counted.more, " more refused in a minute",
                                             it->first == "others" ? ", of several callers" : "",
                                             "; the last one: ", counted.newest.detail()));
      rows.push_back({std::move(counted.newest), [] {}});
    }
    it = counted_.erase(it);
  }
  return rows;
}

void Denials::Run() {
  for (;;) {
    std::vector<Pending> rows;
    bool stopping = false;
    {
      MutexLock lock(mu_);
      const auto next = steady_clock::now() + std::min(kBetweenLooks, minute_);
      while (pending_.empty() && !stopping_ && changed_.WaitUntil(mu_, next)) {
      }
      rows = std::exchange(pending_, {});
      stopping = stopping_;
      for (Pending& row : TakeCounted(steady_clock::now(), stopping))
        rows.push_back(std::move(row));
    }
    Write(std::move(rows));
    if (stopping) return;
  }
}

void Denials::Write(std::vector<Pending> pending) {
  if (pending.empty()) return;
  std::vector<v1::AuditEntry> entries;
  for (const Pending& one : pending) entries.push_back(one.entry);
  const absl::Status status = audit_.Append(entries);
  if (!status.ok()) {
    log_.Error(
        "refused calls are not in the audit log",
        {{"rows", static_cast<int64_t>(entries.size())}, {"error", std::string(status.message())}});
  }
  for (const Pending& one : pending) one.done();
}

}  // namespace gate
