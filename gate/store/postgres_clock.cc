#include "gate/store/postgres_clock.h"

#include <ctime>

namespace gate {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kBetweenLooks{1};
// What takes longer says little of now, as where this process was stopped meanwhile: it may be off
// by half of it.
constexpr std::chrono::seconds kLongestLook{1};

// Goes on while the machine sleeps, as steady_clock does not: what wakes up does not take itself
// to be in the past until it has looked again.
int64_t NanosSinceStart() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

absl::Status PostgresClock::Start(PostgresConnection& connection) {
  if (absl::Status status = Look(connection, kPostgresTimeout); !status.ok()) return status;
  ticker_.Start(kBetweenLooks, [this] { Tick(); });
  return absl::OkStatus();
}

absl::Time PostgresClock::Now() {
  return absl::FromUnixNanos(started_unix_nanos_ + NanosSinceStart());
}

absl::Status PostgresClock::Look(PostgresConnection& connection, std::chrono::nanoseconds longest) {
  const int64_t before = NanosSinceStart();
  const auto rows = connection.Query("SELECT clock_timestamp()", {}, steady_clock::now() + longest);
  const int64_t took = NanosSinceStart() - before;
  if (!rows.ok()) return rows.status();
  if (took > longest.count()) return absl::UnavailableError("the look took too long");
  // The answer was given at some moment in between: what agrees with that is not touched.
  const int64_t latest = rows->Timestamp(0, 0) * 1000 - before;
  if (started_unix_nanos_ > latest || started_unix_nanos_ < latest - took) {
    started_unix_nanos_ = latest - took / 2;
  }
  return absl::OkStatus();
}

void PostgresClock::Tick() {
  const auto connection = session_.Connected();
  if (connection.ok()) Look(**connection, kLongestLook).IgnoreError();
}

}  // namespace gate
