#include "gate/evaluate/validate.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

constexpr size_t kMaxName = 128;
constexpr size_t kMaxText = 1024;
constexpr size_t kMaxLabels = 64;
constexpr size_t kMaxCommits = 10'000;
constexpr size_t kMaxMigrationFiles = 1'000;
constexpr size_t kMaxMigrationFileBytes = 20 << 20;
constexpr int kMaxOrigins = 100;
constexpr int kMaxTickets = 1000;
constexpr int kMaxLoadTestParts = 1000;

bool IsNameChar(unsigned char c) { return std::isalnum(c) || c == '.' || c == '_' || c == '-'; }

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName &&
         std::all_of(text.begin(), text.end(), IsNameChar);
}

// As google/protobuf/timestamp.proto says: 0001-01-01 to 9999-12-31.
bool IsValid(const google::protobuf::Timestamp& time) {
  return time.seconds() >= -62'135'596'800 && time.seconds() <= 253'402'300'799 &&
         time.nanos() >= 0 && time.nanos() <= 999'999'999;
}

class Issues {
 public:
  void Add(std::string field, std::string message) {
    errors_.push_back({std::move(field), std::move(message)});
  }
  void RequireName(std::string field, const std::string& value) {
    if (!IsName(value)) {
      Add(std::move(field),
          value.empty() ? "is required" : "must be 1 to 128 characters of A-Z a-z 0-9 . _ -");
    }
  }
  void LimitText(std::string field, const std::string& value) {
    if (value.size() > kMaxText) {
      Add(std::move(field), absl::StrCat("has ", value.size(), " bytes; at most ", kMaxText));
    }
  }
  void RequireShare(std::string field, double value) {
    if (!(value >= 0 && value <= 1)) Add(std::move(field), "must be from 0 to 1");
  }
  absl::Status Result() const { return InvalidFields(errors_); }

 private:
  std::vector<FieldError> errors_;
};

void CheckDigest(const v1::Change& change, Issues& issues) {
  const std::string& digest = change.artifact_digest();
  constexpr std::string_view kPrefix = "sha256:";
  const bool good = digest.size() == kPrefix.size() + 64 && digest.starts_with(kPrefix) &&
                    std::all_of(digest.begin() + kPrefix.size(), digest.end(), [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                    });
  if (!digest.empty() && !good) {
    issues.Add("change.artifact_digest",
               "must be \"sha256:\" and 64 hexadecimal digits in lower case");
  }
}

void CheckCanary(const v1::CanaryExposure& canary, Issues& issues) {
  issues.RequireShare("change.canary.share", canary.share());
  if (canary.has_started_at() && !IsValid(canary.started_at())) {
    issues.Add("change.canary.started_at", "must be from 0001-01-01 to 9999-12-31");
  }
}

void CheckPostgresVersion(int version, const std::string& field, Issues& issues) {
  if (version != 0 && (version < 11 || version > 18)) {
    issues.Add(field, "must be 11 to 18, or 0 for unknown");
  }
}

void CheckDatabases(const v1::SchemaChange& schema, Issues& issues) {
  std::set<std::string_view> names;
  for (int i = 0; i < schema.databases_size(); ++i) {
    const v1::Database& database = schema.databases(i);
    const std::string field = absl::StrCat("change.schema_change.databases[", i, "]");
    issues.RequireName(field + ".name", database.name());
    if (!names.insert(database.name()).second) {
      issues.Add(field + ".name", absl::StrCat("there are two databases ", database.name()));
    }
    CheckPostgresVersion(database.postgres_major_version(), field + ".postgres_major_version",
                         issues);
  }
  for (int i = 0; i < schema.files_size(); ++i) {
    const std::string& name = schema.files(i).database();
    if (name.empty() || names.contains(name)) continue;
    issues.Add(absl::StrCat("change.schema_change.files[", i, "].database"),
               absl::StrCat("names ", name, ", which is not in change.schema_change.databases"));
  }
}

void CheckSchemaChange(const v1::SchemaChange& schema, Issues& issues) {
  if (static_cast<size_t>(schema.files_size()) > kMaxMigrationFiles) {
    issues.Add("change.schema_change.files",
               absl::StrCat("has ", schema.files_size(), " files; at most ", kMaxMigrationFiles));
  }
  for (int i = 0; i < schema.files_size(); ++i) {
    const std::string field = absl::StrCat("change.schema_change.files[", i, "]");
    if (schema.files(i).path().empty()) issues.Add(field + ".path", "is required");
    if (schema.files(i).sql().size() > kMaxMigrationFileBytes) {
      issues.Add(field + ".sql", "is larger than 20 MiB; split the file");
    }
    if (schema.files(i).down_sql().size() > kMaxMigrationFileBytes) {
      issues.Add(field + ".down_sql", "is larger than 20 MiB; split the file");
    }
  }
  CheckPostgresVersion(schema.postgres_major_version(),
                       "change.schema_change.postgres_major_version", issues);
  CheckDatabases(schema, issues);
}

// The sum of the shares has to be 1; where some are not told it may be less.
void CheckSum(const char* which, double sum, bool all_told, Issues& issues) {
  if (std::abs(sum - 1) < 1e-6 || (!all_told && sum < 1)) return;
  issues.Add("change.traffic_shift.origins",
             absl::StrCat("shares ", which, " must sum to 1; they sum to ", sum));
}

// Where both are told, they have to tell the same.
bool Contradict(const v1::TrafficShift& shift) {
  return shift.has_sticky_sessions() && shift.affinity() != v1::SESSION_AFFINITY_UNSPECIFIED &&
         shift.sticky_sessions() == (shift.affinity() == v1::SESSION_AFFINITY_NONE);
}

void CheckOrigins(const v1::TrafficShift& shift, Issues& issues) {
  std::set<std::string_view> names;
  double before = 0, after = 0;
  bool all_before = true, all_after = true;
  for (int i = 0; i < shift.origins_size(); ++i) {
    const std::string field = absl::StrCat("change.traffic_shift.origins[", i, "]");
    const v1::TrafficShift::Origin& origin = shift.origins(i);
    issues.RequireName(field + ".name", origin.name());
    if (!names.insert(origin.name()).second) {
      issues.Add(field + ".name", absl::StrCat("there are two origins ", origin.name()));
    }
    issues.RequireShare(field + ".share_before", origin.share_before());
    issues.RequireShare(field + ".share_after", origin.share_after());
    issues.LimitText(field + ".site", origin.site());
    issues.LimitText(field + ".database_site", origin.database_site());
    if (origin.workers() < 0) issues.Add(field + ".workers", "must not be negative");
    if (origin.has_service_time() && FromProto(origin.service_time()) <= absl::ZeroDuration()) {
      issues.Add(field + ".service_time", "must be over 0");
    }
    before += origin.share_before();
    after += origin.share_after();
    all_before &= origin.has_share_before();
    all_after &= origin.has_share_after();
  }
  CheckSum("before", before, all_before, issues);
  CheckSum("after", after, all_after, issues);
}

void CheckTrafficShift(const v1::TrafficShift& shift, Issues& issues) {
  if (shift.origins_size() > kMaxOrigins) {
    issues.Add("change.traffic_shift.origins",
               absl::StrCat("has ", shift.origins_size(), " origins; at most ", kMaxOrigins));
    return;
  }
  CheckOrigins(shift, issues);
  if (!v1::SessionAffinity_IsValid(shift.affinity())) {
    issues.Add("change.traffic_shift.affinity", "must be NONE, COOKIE or TENANT");
  } else if (Contradict(shift)) {
    issues.Add("change.traffic_shift.affinity",
               "contradicts sticky_sessions; leave one of them out");
  }
  issues.LimitText("change.traffic_shift.way_back", shift.way_back());
  issues.LimitText("change.traffic_shift.takes_back", shift.takes_back());
}

void CheckLoadTest(const v1::LoadTest& test, Issues& issues) {
  issues.LimitText("change.load_test.environment", test.environment());
  if (test.costs_size() > kMaxLoadTestParts || test.requests().size() > kMaxLoadTestParts) {
    issues.Add("change.load_test",
               absl::StrCat("has more than ", kMaxLoadTestParts, " costs or endpoints"));
    return;
  }
  for (const auto& [endpoint, count] : test.requests()) {
    if (std::isfinite(count) && count >= 0) continue;
    issues.Add(absl::StrCat("change.load_test.requests[\"", endpoint, "\"]"),
               "must not be negative");
  }
  for (int i = 0; i < test.costs_size(); ++i) {
    const double cost = test.costs(i).per_request();
    if (std::isfinite(cost) && cost >= 0) continue;
    issues.Add(absl::StrCat("change.load_test.costs[", i, "].per_request"), "must not be negative");
  }
}

// As tickets are named in many trackers: "TASKS-118", "org/repository#12".
bool IsTicket(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && std::ranges::all_of(text, [](char c) {
    return IsNameChar(static_cast<unsigned char>(c)) || c == '#' || c == '/';
  });
}

void CheckTickets(const v1::Change& change, Issues& issues) {
  if (change.tickets_size() > kMaxTickets || change.ticket_details_size() > kMaxTickets) {
    issues.Add("change.tickets", absl::StrCat("has more than ", kMaxTickets, " tickets"));
    return;
  }
  std::set<std::string_view> keys;
  for (int i = 0; i < change.ticket_details_size(); ++i) {
    const v1::Ticket& ticket = change.ticket_details(i);
    const std::string field = absl::StrCat("change.ticket_details[", i, "]");
    if (!IsTicket(ticket.key())) {
      issues.Add(field + ".key", "must be 1 to 128 characters of A-Z a-z 0-9 . _ # / -");
    } else if (!keys.insert(ticket.key()).second) {
      issues.Add(field + ".key", absl::StrCat("there are two tickets ", ticket.key()));
    }
    issues.LimitText(field + ".flag", ticket.flag());
    issues.LimitText(field + ".title", ticket.title());
    if (ticket.commits_size() > static_cast<int>(kMaxCommits)) {
      issues.Add(field + ".commits", "has more than 10,000 commits");
    }
    for (int j = 0; j < ticket.commits_size(); ++j) {
      const std::string& revision = ticket.commits(j);
      const bool good = revision.size() >= 7 && revision.size() <= 64 &&
                        std::ranges::all_of(revision, [](char c) {
                          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                        });
      if (!good) {
        issues.Add(absl::StrCat(field, ".commits[", j, "]"),
                   "must be 7 to 64 hexadecimal digits in lower case");
      }
    }
  }
}

void CheckChange(const v1::Change& change, Issues& issues) {
  issues.RequireName("change.service", change.service());
  issues.RequireName("change.environment", change.environment());
  if (change.kind() == v1::CHANGE_KIND_UNSPECIFIED || !v1::ChangeKind_IsValid(change.kind())) {
    issues.Add("change.kind",
               "must be CODE, HOTFIX, MIGRATION, TRAFFIC_SHIFT, FLAG_FLIP or CONFIG");
  }
  issues.LimitText("change.version", change.version());
  issues.LimitText("change.repository", change.repository());
  issues.LimitText("change.base_revision", change.base_revision());
  issues.LimitText("change.head_revision", change.head_revision());
  issues.LimitText("change.author", change.author());
  issues.LimitText("change.summary", change.summary());
  CheckDigest(change, issues);
  if (change.labels().size() > kMaxLabels) issues.Add("change.labels", "has more than 64 labels");
  for (const auto& [key, value] : change.labels()) {
    if (key.empty() || key.size() > 63) {
      issues.Add("change.labels", "a key must have 1 to 63 characters");
    }
    issues.LimitText(absl::StrCat("change.labels[\"", key, "\"]"), value);
  }
  if (static_cast<size_t>(change.commits_size()) > kMaxCommits) {
    issues.Add("change.commits", "has more than 10,000 commits");
  }
  CheckTickets(change, issues);
  if (change.has_canary()) CheckCanary(change.canary(), issues);
  if (change.has_schema_change()) CheckSchemaChange(change.schema_change(), issues);
  if (change.has_traffic_shift()) CheckTrafficShift(change.traffic_shift(), issues);
  if (change.has_load_test()) CheckLoadTest(change.load_test(), issues);
  if (change.kind() == v1::CHANGE_KIND_FLAG_FLIP && change.flag_flip().flag().empty()) {
    issues.Add("change.flag_flip.flag", "is required for a change of kind FLAG_FLIP");
  }
}

void CheckRequestId(const std::string& id, Issues& issues) {
  const bool good = id.size() <= kMaxName && std::all_of(id.begin(), id.end(), [](char c) {
                      return IsNameChar(static_cast<unsigned char>(c)) || c == ':';
                    });
  if (!good) issues.Add("request_id", "must be at most 128 characters of A-Z a-z 0-9 . _ : -");
}

}  // namespace

absl::Status ValidateRequest(const v1::EvaluateRequest& request) {
  Issues issues;
  if (request.has_change()) {
    CheckChange(request.change(), issues);
  } else {
    issues.Add("change", "is required");
  }
  CheckRequestId(request.request_id(), issues);
  issues.LimitText("rollout", request.rollout());
  return issues.Result();
}

}  // namespace gate
