#include "gate/evidence/metrics_files.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/evidence.h"
#include "checks/proto_time.h"
#include "gate/base/file.h"
#include "gate/evidence/cohort_questions.h"
#include "gate/evidence/open_metrics.h"
#include "gate/evidence/sample_select.h"

namespace gate {
namespace {

constexpr size_t kMaxFileBytes = 64 << 20;
constexpr size_t kMaxBytes = 256 << 20;  // of all files
constexpr size_t kMaxFiles = 1000;

bool Fail(v1::AbsenceReason reason, const std::string& detail, v1::Absence& absence) {
  absence.set_reason(reason);
  absence.set_detail(detail.substr(0, 1024));
  return false;
}

v1::AbsenceReason ReasonOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kPermissionDenied:
      return v1::ABSENCE_REASON_DENIED;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kDataLoss:
      return v1::ABSENCE_REASON_MALFORMED;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kResourceExhausted:
      return v1::ABSENCE_REASON_TOO_LARGE;
    default:
      return v1::ABSENCE_REASON_UNREACHABLE;
  }
}

}  // namespace

MetricsFilesSource::MetricsFilesSource(const config::v1::MetricsFiles& files)
    : source_(files.name()), name_("files:" + files.name()), folder_(files.folder()) {}

bool MetricsFilesSource::Answers(const v1::Query& query) const {
  return (query.has_cohort_metric() && query.cohort_metric().source() == source_) ||
         (query.has_series() && query.series().source() == source_);
}

v1::Observation MetricsFilesSource::Fetch(const v1::Query& query, const FetchContext& context) {
  const auto absent = [&](v1::AbsenceReason reason, const std::string& detail) {
    return Absent(query.id(), name_, reason, detail);
  };
  if (query.has_series()) {
    return absent(v1::ABSENCE_REASON_REJECTED,
                  "files answer for cohorts; a value of all traffic needs a metrics server");
  }
  const v1::CohortMetricQuery& asked = query.cohort_metric();
  if (const std::string problem = ProblemOf(asked); !problem.empty()) {
    return absent(v1::ABSENCE_REASON_REJECTED, problem);
  }
  const IntervalGrid grid = GridOf(asked, context.now);
  if (grid.boundaries == 0) {
    return absent(v1::ABSENCE_REASON_EMPTY,
                  absl::StrCat("no interval of ", absl::FormatDuration(grid.step),
                               " has been completed since the canary began"));
  }
  v1::Absence absence;
  std::vector<Series> files;
  if (!Load(context, files, absence)) return absent(absence.reason(), absence.detail());
  std::vector<const std::vector<PrometheusSeries>*> lists;
  for (const Series& file : files) lists.push_back(file.get());
  const ReadRange read = [&](const SampleQuestion& question, std::vector<PrometheusSeries>& series,
                             v1::Absence& why) {
    auto selected = SelectSamples(question, lists, grid);
    if (!selected.ok()) {
      const bool ours = absl::IsInvalidArgument(selected.status());
      return Fail(ours ? v1::ABSENCE_REASON_REJECTED : v1::ABSENCE_REASON_MALFORMED,
                  std::string(selected.status().message()), why);
    }
    series = *std::move(selected);
    return true;
  };
  v1::Observation observation;
  v1::MetricSeries& series = *observation.mutable_metric();
  bool native = false;
  if (!AskCohorts(asked, grid, read, native, series, absence)) {
    return absent(absence.reason(), absence.detail());
  }
  observation.set_id(query.id());
  observation.set_source(name_);
  *observation.mutable_observed_at() = series.points().empty()
                                           ? ToProto(grid.end())
                                           : series.points(series.points_size() - 1).time();
  return observation;
}

bool MetricsFilesSource::Load(const FetchContext& context, std::vector<Series>& series,
                              v1::Absence& absence) {
  std::error_code error;
  std::vector<std::string> paths;
  std::filesystem::directory_iterator entries(folder_, error), end;
  for (; !error && entries != end; entries.increment(error)) {
    if (entries->path().extension() == ".om") paths.push_back(entries->path().string());
  }
  if (error) {
    return Fail(v1::ABSENCE_REASON_UNREACHABLE,
                absl::StrCat(folder_, " cannot be read: ", error.message()), absence);
  }
  if (paths.size() > kMaxFiles) {
    return Fail(v1::ABSENCE_REASON_TOO_LARGE,
                absl::StrCat(folder_, " has ", paths.size(), " files *.om; at most ", kMaxFiles),
                absence);
  }
  MutexLock lock(mu_);
  std::map<std::string, Known> files;  // Those that are gone are forgotten.
  size_t bytes = 0;
  for (const std::string& path : paths) {
    if (std::chrono::steady_clock::now() >= context.deadline) {
      return Fail(v1::ABSENCE_REASON_TIMEOUT,
                  absl::StrCat("the files of ", folder_, " were not read in time"), absence);
    }
    if (!LoadOne(path, files, absence)) return false;
    bytes += static_cast<size_t>(files[path].size);
    if (bytes > kMaxBytes) {
      return Fail(v1::ABSENCE_REASON_TOO_LARGE,
                  absl::StrCat("the files of ", folder_, " have more than 256 MiB"), absence);
    }
  }
  known_ = std::move(files);
  for (const auto& [path, file] : known_) series.push_back(file.series);
  return true;
}

bool MetricsFilesSource::LoadOne(const std::string& path, std::map<std::string, Known>& files,
                                 v1::Absence& absence) {
  struct stat status = {};
  const bool there = stat(path.c_str(), &status) == 0;
  Known file = {status.st_ino, status.st_size,
                status.st_mtim.tv_sec * int64_t{1'000'000'000} + status.st_mtim.tv_nsec, nullptr};
  const auto known = known_.find(path);
  if (there && known != known_.end()) {
    file.series = known->second.series;
    if (file == known->second) {
      files[path] = std::move(file);
      return true;
    }
  }
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxFileBytes);
  if (!text.ok()) {
    return Fail(ReasonOf(text.status()),
                absl::StrCat(path, " ", std::string(text.status().message())), absence);
  }
  absl::StatusOr<std::vector<PrometheusSeries>> series = ParseOpenMetrics(*text);
  if (!series.ok()) {
    return Fail(ReasonOf(series.status()),
                absl::StrCat(path, ": ", std::string(series.status().message())), absence);
  }
  // What was read is newer than what stat saw, if anything: then it is read again.
  file.series = std::make_shared<const std::vector<PrometheusSeries>>(*std::move(series));
  files[path] = std::move(file);
  return true;
}

}  // namespace gate
