#include "gate/api/qa_request.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "checks/qa/junit.h"
#include "gate/api/names.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

constexpr size_t kMaxErrors = 10;
constexpr size_t kMaxPlatform = 64;
constexpr int kMaxTickets = 100;
constexpr int kMaxFailures = 20;
constexpr size_t kMaxRemarks = 20;
// How far clocks may be apart.
constexpr absl::Duration kFuture = absl::Minutes(1);

constexpr char kTicketForm[] = "must be 1 to 128 characters of [A-Za-z0-9._#/-]";

bool IsMoment(const google::protobuf::Timestamp& time) {
  return time.nanos() >= 0 && time.nanos() < 1'000'000'000 && time.seconds() >= 0 &&
         time.seconds() <= 253'402'300'799;
}

// Reads one request, front to back.
class Reader {
 public:
  Reader(const v1::ReportQaResultsRequest& request, const QaBounds& bounds)
      : request_(request), bounds_(bounds) {}

  absl::StatusOr<ParsedQaReport> Read() && {
    v1::QaRun& run = parsed_.report.run;
    ReadHead(run);
    if (request_.junit_xml().empty() == request_.cases().empty()) {
      Issue("cases", request_.cases().empty() ? "give the cases, or a report as `junit_xml`"
                                              : "give either these or `junit_xml`");
    }
    if (!errors_.empty()) return InvalidFields(errors_);
    ReadFinish(run);
    if (request_.cases().empty()) {
      ReadJunitXml(run);
    } else {
      ReadCases(run);
    }
    if (errors_.empty()) Count(run);
    if (!errors_.empty()) return InvalidFields(errors_);
    parsed_.report.request_id = request_.request_id();
    v1::ReportQaResultsRequest content = request_;
    content.clear_request_id();
    parsed_.report.request_digest =
        Sha256Hex(absl::StrCat("ReportQaResults ", DeterministicBytes(content)));
    return std::move(parsed_);
  }

 private:
  void Issue(std::string field, std::string message) {
    if (errors_.size() < kMaxErrors) errors_.push_back({std::move(field), std::move(message)});
  }
  void Remark(std::string remark) {
    if (parsed_.response.remarks_size() < static_cast<int>(kMaxRemarks)) {
      parsed_.response.add_remarks(std::move(remark));
    }
  }

  void ReadHead(v1::QaRun& run) {
    if (!IsName(request_.service())) {
      Issue("service", "must be 1 to 128 characters of A-Z a-z 0-9 . _ -");
    }
    if (!qa::IsFullRevision(request_.revision())) {
      Issue("revision",
            "must be the full revision of the build that was tested: 40 or 64 hexadecimal digits");
    }
    const std::string& platform = request_.platform();
    if (!IsName(platform) || platform.size() > kMaxPlatform) {
      Issue("platform", "must be 1 to 64 characters of A-Z a-z 0-9 . _ -, for example \"ios\"");
    }
    if (!IsRequestId(request_.request_id())) {
      Issue("request_id", "must be at most 128 characters of A-Z a-z 0-9 . _ : -");
    }
    if (request_.tickets_size() > kMaxTickets) {
      Issue("tickets", absl::StrCat("are ", request_.tickets_size(), "; at most ", kMaxTickets));
    }
    std::set<std::string> tickets;
    for (int i = 0; i < request_.tickets_size() && i < kMaxTickets; ++i) {
      if (!qa::IsTicketKey(request_.tickets(i))) {
        Issue(absl::StrCat("tickets[", i, "]"), kTicketForm);
      }
      tickets.insert(request_.tickets(i));
    }
    run.set_service(request_.service());
    run.set_build(absl::AsciiStrToLower(request_.revision()));
    run.set_platform(platform);
    run.mutable_tickets()->Assign(tickets.begin(), tickets.end());
  }

  // As it is told here. What nobody tells is now.
  void ReadFinish(v1::QaRun& run) {
    parsed_.report.finished_at = bounds_.now;
    if (!request_.has_finished_at()) return;
    if (!IsMoment(request_.finished_at())) {
      return Issue("finished_at", "is not a moment between years 1970 and 9999");
    }
    const absl::Time finished = FromProto(request_.finished_at());
    if (finished > bounds_.now + kFuture) {
      return Issue("finished_at", absl::StrCat(Rfc3339(finished), " has not come yet: here it is ",
                                               Rfc3339(bounds_.now), "; is the clock right?"));
    }
    *run.mutable_finished_at() = request_.finished_at();
    parsed_.report.finished_at = std::min(finished, bounds_.now);
  }

  void ReadJunitXml(v1::QaRun& run) {
    qa::JunitReport report = qa::ReadJunit(request_.junit_xml());
    for (const qa::JunitIssue& error : report.errors) Issue("junit_xml", error.ToString());
    if (!report.errors.empty()) return;
    for (const qa::JunitIssue& remark : report.remarks) Remark(remark.ToString());
    if (!report.build.empty() && report.build != run.build()) {
      Issue("junit_xml",
            absl::StrCat("tells that ", report.build, " was tested, and is reported for ",
                         run.build(), ": results count for the build that was tested alone"));
    }
    if (!report.platform.empty() && report.platform != run.platform()) {
      Remark(absl::StrCat("the report tells the platform ", report.platform, ", and ",
                          run.platform(), " is taken"));
    }
    for (v1::QaCase& one : report.cases) *run.add_cases() = std::move(one);
    if (!run.has_finished_at()) TakeFinish(report, run);
  }

  // A clock without a zone tells one run from another, and nothing else.
  void TakeFinish(const qa::JunitReport& report, v1::QaRun& run) {
    if (report.finished_at) {
      *run.mutable_finished_at() = ToProto(*report.finished_at);
      parsed_.report.finished_at = std::min(*report.finished_at, bounds_.now);
      if (*report.finished_at > bounds_.now + kFuture) {
        Remark(absl::StrCat("the report tells that it ended at ", Rfc3339(*report.finished_at),
                            ", which has not come yet: taken for now"));
      }
    } else if (report.finished_by_clock) {
      *run.mutable_finished_at() = ToProto(*report.finished_by_clock);
    }
  }

  void ReadCases(v1::QaRun& run) {
    if (request_.cases_size() > qa::kMaxCases) {
      return Issue("cases",
                   absl::StrCat("are ", request_.cases_size(), "; at most ", qa::kMaxCases));
    }
    for (int i = 0; i < request_.cases_size() && errors_.size() < kMaxErrors; ++i) {
      ReadCase(request_.cases(i), absl::StrCat("cases[", i, "]"));
    }
    if (!errors_.empty()) return;
    std::vector<const v1::QaCase*> ordered;
    for (const v1::QaCase& one : request_.cases()) ordered.push_back(&one);
    std::ranges::stable_sort(
        ordered, {}, [](const auto* one) -> auto& { return one->name(); });
    for (const v1::QaCase* one : ordered) *run.add_cases() = *one;
  }

  void ReadCase(const v1::QaCase& one, const std::string& at) {
    if (one.name().empty() || one.name().size() > qa::kMaxCaseName) {
      Issue(at + ".name", absl::StrCat("must have 1 to ", qa::kMaxCaseName, " bytes"));
    }
    if (one.outcome() == v1::QA_OUTCOME_UNSPECIFIED || !v1::QaOutcome_IsValid(one.outcome())) {
      Issue(at + ".outcome", "must be PASSED, FAILED, SKIPPED or FLAKY");
    }
    if (one.message().size() > qa::kMaxCaseMessage) {
      Issue(at + ".message", absl::StrCat("must have at most ", qa::kMaxCaseMessage, " bytes"));
    }
    if (one.key().size() > qa::kMaxCaseKey) {
      Issue(at + ".key", absl::StrCat("must have at most ", qa::kMaxCaseKey, " bytes"));
    }
    if (one.tickets_size() > qa::kMaxCaseTickets) {
      Issue(at + ".tickets",
            absl::StrCat("are ", one.tickets_size(), "; at most ", qa::kMaxCaseTickets));
    }
    for (int i = 0; i < one.tickets_size() && i < qa::kMaxCaseTickets; ++i) {
      if (qa::IsTicketKey(one.tickets(i))) continue;
      Issue(absl::StrCat(at, ".tickets[", i, "]"), kTicketForm);
    }
  }

  void Count(const v1::QaRun& run) {
    qa::CaseCounts counts;
    for (const v1::QaCase& one : run.cases()) {
      counts.Add(one.outcome());
      if (one.outcome() == v1::QA_OUTCOME_FAILED &&
          parsed_.response.failures_size() < kMaxFailures) {
        *parsed_.response.add_failures() = one;
      }
    }
    const std::string why = qa::WhyNoEvidence(counts);
    if (!why.empty()) Issue(request_.cases().empty() ? "junit_xml" : "cases", why);
    parsed_.response.set_passed(counts.passed);
    parsed_.response.set_failed(counts.failed);
    parsed_.response.set_skipped(counts.skipped);
    parsed_.response.set_flaky(counts.flaky);
  }

  const v1::ReportQaResultsRequest& request_;
  const QaBounds& bounds_;
  ParsedQaReport parsed_;
  std::vector<FieldError> errors_;
};

}  // namespace

absl::StatusOr<ParsedQaReport> ParseQaReport(const v1::ReportQaResultsRequest& request,
                                             const QaBounds& bounds) {
  return Reader(request, bounds).Read();
}

}  // namespace gate
