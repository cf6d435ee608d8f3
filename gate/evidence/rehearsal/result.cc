#include "gate/evidence/rehearsal/result.h"

#include "absl/strings/str_cat.h"

namespace gate {

std::string Shortened(std::string_view sql) {
  size_t end = 4096;
  if (sql.size() <= end) return std::string(sql);
  while (end > 0 && (sql[end] & 0xC0) == 0x80) --end;
  return std::string(sql.substr(0, end));
}

std::string Describe(const SqlError& error) {
  return error.sqlstate.empty() ? error.message
                                : absl::StrCat(error.message, " (", error.sqlstate, ")");
}

v1::LostCoverage& AddLost(v1::CoverageKind kind, std::string_view reason, std::string_view text,
                          const std::string& path, int line, v1::Rehearsal& rehearsal) {
  v1::LostCoverage& lost = *rehearsal.add_lost_coverage();
  lost.set_kind(kind);
  lost.set_reason(std::string(reason));
  lost.set_text(Shortened(text));
  lost.set_path(path);
  lost.set_line(line);
  return lost;
}

void SetFailure(const SqlError& error, SessionEnd end, const std::string& path, int line,
                v1::Rehearsal& rehearsal) {
  constexpr std::string_view kRefused = "42501", kTimeout = "57014";
  switch (end) {
    case SessionEnd::kNone:
      rehearsal.set_end(error.sqlstate == kRefused   ? v1::REHEARSAL_END_REFUSED
                        : error.sqlstate == kTimeout ? v1::REHEARSAL_END_TIMED_OUT
                                                     : v1::REHEARSAL_END_MIGRATION_FAILED);
      break;
    case SessionEnd::kTimedOut:
      rehearsal.set_end(v1::REHEARSAL_END_TIMED_OUT);
      break;
    case SessionEnd::kDiskFull:
      rehearsal.set_end(v1::REHEARSAL_END_DISK_FULL);
      break;
    case SessionEnd::kLost:
      rehearsal.set_end(v1::REHEARSAL_END_SERVER_LOST);
      break;
  }
  rehearsal.mutable_failure()->set_sqlstate(error.sqlstate);
  rehearsal.mutable_failure()->set_message(error.message);
  rehearsal.mutable_failure()->set_path(path);
  rehearsal.mutable_failure()->set_line(line);
}

}  // namespace gate
