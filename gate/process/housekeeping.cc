#include "gate/process/housekeeping.h"

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr std::chrono::hours kInterval{1};

std::string SizeOf(const Housekeeping::Part& part) {
  const std::string rows = absl::StrCat(part.rows, " rows");
  return part.bytes == 0 ? rows : absl::StrCat("about ", rows, ", ", part.bytes >> 20, " MiB");
}

}  // namespace

Retention RetentionOf(const config::v1::Store& config) {
  Retention retention;
  if (config.retention().has_verdicts()) {
    retention.verdicts = FromProto(config.retention().verdicts());
  }
  if (config.retention().has_audit()) retention.audit = FromProto(config.retention().audit());
  return retention;
}

absl::StatusOr<std::string> WouldForget(Store& store, const Retention& retention, absl::Time now) {
  const auto house = store.KeepHouse(retention, now, /*dry_run=*/true);
  if (!house.ok()) return house.status();
  std::string text;
  for (const Housekeeping::Part& part : house->forgotten) {
    absl::StrAppend(&text, part.name, ": ", SizeOf(part), "\n");
  }
  if (text.empty()) text = "nothing is to be forgotten\n";
  if (!house->held_by.empty()) {
    absl::StrAppend(&text, "older verdicts stay because of ", house->held_by,
                    ", which is still open\n");
  }
  return text;
}

Housekeeper::Housekeeper(Store& store, const Retention& retention, Clock& clock, Logger& log,
                         Metrics& metrics)
    : store_(store), retention_(retention), clock_(clock), log_(log), metrics_(metrics) {}

void Housekeeper::Keep() {
  const auto house = store_.KeepHouse(retention_, clock_.Now(), /*dry_run=*/false);
  metrics_.OnHousekeeping(house);
  if (!house.ok()) {
    log_.Warning("the store could not be kept in order; it is tried again in an hour",
                 {{"error", std::string(house.status().message())}});
    return;
  }
  for (const Housekeeping::Part& part : house->forgotten) {
    log_.Info("forgotten: the time of keeping is over",
              {{"what", part.name}, {"size", SizeOf(part)}});
  }
  for (const std::string& problem : house->problems) {
    log_.Warning("the store could not be kept in order; it is tried again in an hour",
                 {{"error", problem}});
  }
  if (!house->held_by.empty()) {
    log_.Info("verdicts whose time is over stay", {{"because_of", house->held_by}});
  }
}

void Housekeeper::Start() {
  ticker_.Start(kInterval, [this] { Keep(); });
}

}  // namespace gate
