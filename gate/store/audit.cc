#include "gate/store/audit.h"

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/names.h"
#include "gate/store/record.h"
#include "google/protobuf/stubs/common.h"

namespace gate {
namespace {

// Actor, resource and service are keys of indexes, and PostgreSQL's hold at most 2,704 bytes.
constexpr size_t kMaxKey = 2048;
constexpr size_t kMaxName = 1024;
constexpr size_t kMaxShort = 256;
constexpr size_t kMaxDetail = 2048;
constexpr std::string_view kDenied = "DENIED";

bool IsUtf8(std::string_view text) {
  return google::protobuf::internal::IsStructurallyValidUTF8(text.data(),
                                                             static_cast<int>(text.size()));
}

// Cut at the end of a character, without control characters: rows are read on terminals.
std::string Clean(std::string_view text, size_t max) {
  if (text.size() > max) {
    size_t end = max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string clean(text);
  const bool utf8 = IsUtf8(clean);
  for (char& c : clean) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = ' ';
    if (byte >= 0x80 && !utf8) c = '?';
  }
  return clean;
}

}  // namespace

EncodedAudit EncodeAudit(const v1::AuditEntry& entry) {
  return {Micros(FromProto(entry.time())),     Clean(entry.actor(), kMaxKey),
          Clean(entry.action(), kMaxShort),    Clean(entry.resource(), kMaxShort),
          Clean(entry.service(), kMaxName),    Clean(entry.environment(), kMaxName),
          Clean(entry.outcome(), kMaxShort),   Clean(entry.detail(), kMaxDetail),
          Clean(entry.request_id(), kMaxShort)};
}

EncodedAudit EncodeAudit(const v1::AuditEntry& audit, const v1::Verdict& verdict) {
  v1::AuditEntry entry;
  *entry.mutable_time() = verdict.create_time();
  entry.set_actor(audit.actor().empty() ? kGateActor : audit.actor());
  entry.set_action(audit.action().empty() ? "rollout.judge" : audit.action());
  entry.set_resource(verdict.name());
  entry.set_service(verdict.change().service());
  entry.set_environment(verdict.change().environment());
  entry.set_outcome(ShortName(verdict.decision()));
  entry.set_detail(verdict.reason());
  entry.set_request_id(verdict.request_id());
  return EncodeAudit(entry);
}

std::string AuditListSql(std::string_view table, const AuditFilter& filter) {
  std::string sql = absl::StrCat("SELECT sequence, ", std::string(kAuditColumns), " FROM ",
                                 std::string(table), " WHERE");
  int parameters = 0;
  const auto add = [&](bool wanted, const char* text) {
    if (wanted) absl::StrAppend(&sql, text, "$", ++parameters);
  };
  add(true, " sequence < ");
  add(!filter.service.empty(), " AND service = ");
  add(!filter.environment.empty(), " AND environment = ");
  add(!filter.actor.empty(), " AND actor = ");
  add(!filter.resource.empty(), " AND resource = ");
  if (filter.outcome == kDenied) sql += " AND outcome = 'DENIED'";
  add(!filter.outcome.empty() && filter.outcome != kDenied, " AND outcome = ");
  add(filter.start.has_value(), " AND time >= ");
  add(filter.end.has_value(), " AND time < ");
  add(true, " ORDER BY sequence DESC LIMIT ");
  return sql;
}

std::string NewestPolicySql(std::string_view table) {
  return absl::StrCat("SELECT sequence, ", std::string(kAuditColumns), " FROM ", std::string(table),
                      " WHERE action = 'policy.load' ORDER BY sequence DESC LIMIT 1");
}

std::vector<std::string_view> AuditListTexts(const AuditFilter& filter) {
  std::vector<std::string_view> texts;
  for (const std::string* text :
       {&filter.service, &filter.environment, &filter.actor, &filter.resource, &filter.outcome}) {
    const bool literal = text == &filter.outcome && filter.outcome == kDenied;
    if (!text->empty() && !literal) texts.push_back(*text);
  }
  return texts;
}

v1::AuditEntry DecodeAudit(int64_t sequence, int64_t time,
                           const std::array<std::string_view, 8>& texts) {
  v1::AuditEntry entry;
  entry.set_sequence(sequence);
  *entry.mutable_time() = ToProto(absl::FromUnixMicros(time));
  entry.set_actor(std::string(texts[0]));
  entry.set_action(std::string(texts[1]));
  entry.set_resource(std::string(texts[2]));
  entry.set_service(std::string(texts[3]));
  entry.set_environment(std::string(texts[4]));
  entry.set_outcome(std::string(texts[5]));
  entry.set_detail(std::string(texts[6]));
  entry.set_request_id(std::string(texts[7]));
  return entry;
}

}  // namespace gate
