#include "gate/store/keeping.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/store/audit_store.h"
#include "gate/store/month.h"
#include "gate/store/record.h"
#include "gate/v1/incident.pb.h"
#include "gate/v1/override.pb.h"

namespace gate {
namespace {

// Years 1 to 9999, which both databases know.
constexpr int64_t kNever = -62135596800ll * 1000000;
// A rollout, or an incident's first report, is on record a moment after what it is about.
constexpr int64_t kSlack = 24ll * 3600 * 1000000;
constexpr std::string_view kVerdictPrefix = "verdicts/";

int64_t Before(absl::Time now, absl::Duration kept) {
  if (kept == absl::InfiniteDuration()) return kNever;
  return std::max(kNever, Micros(now - kept));
}

}  // namespace

absl::StatusOr<OpenMatter> OpenOverride(std::string_view id, int64_t create_time,
                                        std::string_view bytes, std::string_view consumed_by,
                                        const VerdictTimes& time_of) {
  v1::Override stored;
  if (!stored.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("a stored override cannot be read: its bytes are damaged");
  }
  OpenMatter matter{absl::StrCat("overrides/", std::string(id)), create_time};
  for (std::string_view verdict : {std::string_view(stored.verdict()), consumed_by}) {
    if (!verdict.starts_with(kVerdictPrefix)) continue;
    const auto time = time_of(verdict.substr(kVerdictPrefix.size()));
    if (!time.ok()) return time.status();
    if (*time) matter.since = std::min(matter.since, **time);
  }
  return matter;
}

absl::StatusOr<OpenMatter> OpenIncident(std::string_view id, int64_t create_time,
                                        std::string_view bytes) {
  v1::Incident stored;
  if (!stored.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("a stored incident cannot be read: its bytes are damaged");
  }
  OpenMatter matter{absl::StrCat("incidents/", std::string(id)), create_time};
  if (stored.has_start_time()) {
    matter.since = std::min(matter.since, Micros(FromProto(stored.start_time())));
  }
  return matter;
}

Horizon HorizonOf(const Retention& retention, absl::Time now, const std::vector<OpenMatter>& open) {
  Horizon horizon{Before(now, retention.verdicts), kNever, Before(now, retention.audit), ""};
  for (const OpenMatter& matter : open) {
    if (matter.since - kSlack >= horizon.verdicts) continue;
    horizon.verdicts = std::max(kNever, matter.since - kSlack);
    horizon.held_by = matter.name;
  }
  horizon.verdicts = MonthOf(horizon.verdicts);
  if (horizon.verdicts > kNever) horizon.blobs = MonthsLater(horizon.verdicts, -1);
  // Verdicts that are kept, for whatever reason, keep what is said of them.
  horizon.audit = std::min(MonthOf(horizon.audit), horizon.verdicts);
  return horizon;
}

v1::AuditEntry ForgottenEntry(const Housekeeping::Part& part, int64_t before, absl::Time now) {
  v1::AuditEntry entry;
  *entry.mutable_time() = ToProto(now);
  entry.set_actor(kGateActor);
  entry.set_action("store.forget");
  entry.set_resource(part.name);
  entry.set_outcome("DONE");
  entry.set_detail(absl::StrCat(
      part.rows, " rows from before ",
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMicros(before), absl::UTCTimeZone()),
      ": their time of keeping is over"));
  return entry;
}

}  // namespace gate
