#include "gate/evidence/rehearsal/result.h"

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

constexpr size_t kMaxTextBytes = 4096;

v1::RehearsalEnd EndOf(const SqlError& error, SessionEnd end) {
  switch (end) {
    case SessionEnd::kTimedOut:
      return v1::REHEARSAL_END_TIMED_OUT;
    case SessionEnd::kDiskFull:
      return v1::REHEARSAL_END_DISK_FULL;
    case SessionEnd::kLost:
      return v1::REHEARSAL_END_SERVER_LOST;
    case SessionEnd::kNone:
      break;
  }
  // Our own limits, and rights that we do not give, say nothing about the migration.
  const std::string& code = error.sqlstate;
  if (code == "42501") return v1::REHEARSAL_END_REFUSED;
  if (code == "53100" || code == "53400") return v1::REHEARSAL_END_DISK_FULL;
  if (code == "53200") return v1::REHEARSAL_END_OUT_OF_MEMORY;
  if (code == "57014") return v1::REHEARSAL_END_TIMED_OUT;
  return v1::REHEARSAL_END_MIGRATION_FAILED;
}

// More of a kind would only repeat themselves. nullptr: there is no room.
v1::LostCoverage* AddLost(v1::CoverageKind kind, std::string_view reason,
                          v1::Rehearsal& rehearsal) {
  constexpr int64_t kMaxOfAKind = 200;
  constexpr size_t kMaxReasonBytes = 1024;
  const int64_t known =
      std::ranges::count(rehearsal.lost_coverage(), kind, &v1::LostCoverage::kind);
  if (known >= kMaxOfAKind) {
    v1::LeftOut& left_out = *rehearsal.mutable_left_out();
    left_out.set_lost_coverage(left_out.lost_coverage() + 1);
    return nullptr;
  }
  v1::LostCoverage& lost = *rehearsal.add_lost_coverage();
  lost.set_kind(kind);
  lost.set_reason(Shortened(reason, kMaxReasonBytes));
  return &lost;
}

}  // namespace

std::string Shortened(std::string_view sql, size_t most) {
  size_t end = most;
  if (sql.size() <= end) return std::string(sql);
  while (end > 0 && (sql[end] & 0xC0) == 0x80) --end;
  return std::string(sql.substr(0, end));
}

std::string Describe(const SqlError& error) {
  return error.sqlstate.empty() ? error.message
                                : absl::StrCat(error.message, " (", error.sqlstate, ")");
}

v1::WorkloadStatement Told(const v1::WorkloadStatement& statement) {
  v1::WorkloadStatement told = statement;
  if (told.sql().size() > kMaxTextBytes) told.set_sql(Shortened(statement.sql()));
  return told;
}

void AddLost(v1::CoverageKind kind, std::string_view reason, std::string_view text,
             const std::string& path, int line, v1::Rehearsal& rehearsal) {
  v1::LostCoverage* lost = AddLost(kind, reason, rehearsal);
  if (lost == nullptr) return;
  lost->set_text(Shortened(text));
  lost->set_path(path);
  lost->set_line(line);
}

void LoseStatement(const v1::WorkloadStatement& statement, std::string_view reason,
                   v1::Rehearsal& rehearsal) {
  v1::LostCoverage* lost = AddLost(v1::COVERAGE_KIND_WORKLOAD, reason, rehearsal);
  if (lost != nullptr) *lost->mutable_statement() = Told(statement);
}

void SetTook(std::chrono::nanoseconds took, google::protobuf::Duration& duration) {
  duration.set_seconds(took.count() / 1'000'000'000);
  duration.set_nanos(static_cast<int32_t>(took.count() % 1'000'000'000));
}

void SetFailure(const SqlError& error, SessionEnd end, const std::string& path, int line,
                v1::Rehearsal& rehearsal) {
  rehearsal.set_end(EndOf(error, end));
  rehearsal.mutable_failure()->set_sqlstate(error.sqlstate);
  rehearsal.mutable_failure()->set_message(error.message);
  rehearsal.mutable_failure()->set_path(path);
  rehearsal.mutable_failure()->set_line(line);
}

}  // namespace gate
