#include "gate/store/qa.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gate/store/record.h"

namespace gate {
namespace {

constexpr char kNamePrefix[] = "evidence/";
constexpr int64_t kMaxReadBytes = 64 << 20;
// Both are keys of indexes, and PostgreSQL's hold at most 2,704 bytes an entry.
constexpr size_t kMaxServiceBytes = 1024;
constexpr size_t kMaxBuildBytes = 128;

absl::Status RequestIdReused(std::string_view request_id) {
  return WithReason(
      absl::AlreadyExistsError(absl::StrCat("request_id ", std::string(request_id),
                                            " was used for another report; use a new request_id")),
      "REQUEST_ID_REUSED");
}

absl::Status TooManyBuilds(const EncodedRun& run, int64_t most) {
  return WithReason(absl::ResourceExhaustedError(absl::StrCat(
                        "there are results of ", most,
                        " builds, the most that are kept (qa_results.max_builds); no place for ",
                        run.build, " of ", run.service)),
                    "TOO_MANY_BUILDS");
}

absl::Status TooManyRuns(const EncodedRun& run, int64_t most) {
  return WithReason(
      absl::ResourceExhaustedError(absl::StrCat(
          "there are ", most, " runs of build ", run.build, " of ", run.service,
          ", the most that are kept (qa_results.max_runs_per_build): report the files of one test "
          "run together")),
      "TOO_MANY_RUNS");
}

}  // namespace

absl::StatusOr<EncodedRun> EncodeRun(const QaReport& report) {
  absl::Status status = CheckStoredText("service", report.run.service(), kMaxServiceBytes);
  if (status.ok()) status = CheckStoredText("build", report.run.build(), kMaxBuildBytes);
  if (!status.ok()) return status;
  v1::QaRun run = report.run;
  run.clear_name();
  run.clear_reported_at();
  auto content = std::make_shared<const std::string>(DeterministicBytes(run));
  const auto bytes = static_cast<int64_t>(content->size());
  std::string digest = Sha256Hex(*content);
  auto blob = EncodeBlob({std::move(digest), std::move(content)});
  if (!blob.ok()) return blob.status();
  return EncodedRun{std::move(blob->digest),    run.service(), run.build(),
                    Micros(report.finished_at), bytes,         std::move(blob->content)};
}

absl::StatusOr<v1::QaRun> DecodeRun(std::string_view digest, std::string_view frame,
                                    absl::Time finished_at, absl::Time reported_at) {
  const auto content = DecodeBlob(digest, frame);
  if (!content.ok()) return content.status();
  v1::QaRun run;
  if (!run.ParseFromString(*content)) {
    return absl::DataLossError("a stored QA run cannot be read: its bytes are damaged");
  }
  run.set_name(absl::StrCat(kNamePrefix, std::string(digest)));
  *run.mutable_finished_at() = ToProto(finished_at);
  *run.mutable_reported_at() = ToProto(reported_at);
  return run;
}

absl::Status CountRead(std::string_view service, int64_t bytes, int64_t& sum) {
  sum += bytes;
  if (sum <= kMaxReadBytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("the QA results of ", std::string(service),
                                                   " that are asked for are more than ",
                                                   kMaxReadBytes >> 20, " MiB"));
}

absl::StatusOr<v1::FlagWatch> DecodeWatch(std::string_view bytes) {
  v1::FlagWatch watch;
  if (!watch.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("a stored flag watch cannot be read: its bytes are damaged");
  }
  return watch;
}

absl::Status TooManyWatches(std::string_view flag) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "more than ", kMaxWatches, " tickets went out behind the flag ", std::string(flag)));
}

absl::StatusOr<ReportedRun> TakeIn(const QaReport& report, const EncodedRun& run,
                                   const QaBounds& bounds, QaTables& tables) {
  if (!report.request_id.empty()) {
    const auto digest = tables.EnterRequest(report.request_id, report.request_digest, bounds.now);
    if (!digest.ok()) return digest.status();
    if (*digest != report.request_digest) return RequestIdReused(report.request_id);
  }
  const auto made = tables.LockBuild(run);
  if (!made.ok()) return made.status();
  if (*made) {
    const auto builds = tables.CountBuilds();
    if (!builds.ok()) return builds.status();
    if (*builds > bounds.max_builds) return TooManyBuilds(run, bounds.max_builds);
  }
  if (absl::Status status = tables.ForgetRuns(bounds.forget_before); !status.ok()) return status;
  const auto added = tables.AddRun(run, bounds.now);
  if (!added.ok()) return added.status();
  if (*added) {
    const auto runs = tables.CountRuns(run);
    if (!runs.ok()) return runs.status();
    if (*runs > bounds.max_runs_per_build) return TooManyRuns(run, bounds.max_runs_per_build);
  }
  return ReportedRun{absl::StrCat(kNamePrefix, run.digest), /*known=*/!*added};
}

}  // namespace gate
