// Whatever lies in a report: it is read within the bounds that the gate relies on, or refused with
// a reason.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "checks/policy/utf8.h"
#include "checks/qa/junit.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using gate::v1::QaCase;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const gate::qa::JunitReport report = gate::qa::ReadJunit(text);
  const auto is_text = [](std::string_view one) {
    return gate::FindInvalidUtf8(one) == one.npos && one.find_first_of("\n\r\0", 0, 3) == one.npos;
  };
  for (const gate::qa::JunitIssue& error : report.errors) {
    if (error.message.empty() || !is_text(error.message)) __builtin_trap();
  }
  if (!report.errors.empty()) return 0;
  const auto by_name = [](const QaCase& one) -> const std::string& { return one.name(); };
  if (!std::ranges::is_sorted(report.cases, {}, by_name)) __builtin_trap();
  for (const QaCase& one : report.cases) {
    if (one.name().empty() || one.name().size() > gate::qa::kMaxCaseName) __builtin_trap();
    if (one.message().size() > gate::qa::kMaxCaseMessage) __builtin_trap();
    if (one.key().size() > gate::qa::kMaxCaseKey) __builtin_trap();
    if (one.outcome() == gate::v1::QA_OUTCOME_UNSPECIFIED) __builtin_trap();
    if (one.tickets_size() > gate::qa::kMaxCaseTickets) __builtin_trap();
    if (!std::ranges::all_of(one.tickets(), gate::qa::IsTicketKey)) __builtin_trap();
    if (!is_text(one.name()) || !is_text(one.message()) || !is_text(one.key())) __builtin_trap();
  }
  for (const gate::qa::JunitIssue& remark : report.remarks) {
    if (!is_text(remark.message)) __builtin_trap();
  }
  // What was cut off at its end is never taken for whole.
  const size_t end = text.rfind('>');
  if (end != text.npos && gate::qa::ReadJunit(text.substr(0, end)).errors.empty()) __builtin_trap();
  return 0;
}
