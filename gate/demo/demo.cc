#include "gate/demo/demo.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gate/config/config.h"
#include "gate/demo/history.h"
#include "gate/demo/metrics_source.h"
#include "gate/embedded/demo.h"
#include "gate/evaluate/evaluator.h"
#include "gate/evidence/calendar.h"
#include "gate/evidence/gatherer.h"
#include "gate/evidence/holds.h"
#include "gate/evidence/schema_change.h"

namespace gate {
namespace {

namespace fs = std::filesystem;

// The time of the change that is being judged.
class PastClock final : public Clock {
 public:
  absl::Time Now() override { return now_; }
  void Set(absl::Time now) { now_ = now; }

 private:
  absl::Time now_;
};

absl::Status WriteUnlessThere(const std::string& path, std::string_view text) {
  if (fs::exists(path)) return absl::OkStatus();
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (file) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("cannot write ", path, "; name a folder that this user may write to"));
}

absl::StatusOr<std::string> MakeFolder(const std::string& wanted) {
  std::error_code error;
  if (!wanted.empty()) {
    fs::create_directories(wanted, error);
    if (!error) return fs::absolute(wanted).string();
    return absl::FailedPreconditionError(
        absl::StrCat("--demo-dir ", wanted, ": ", error.message()));
  }
  std::string path = (fs::temp_directory_path(error) / "gated-demo-XXXXXX").string();
  if (error || mkdtemp(path.data()) == nullptr) {
    return absl::FailedPreconditionError(
        "cannot make a temporary folder for the demo; name one with --demo-dir");
  }
  return path;
}

v1::EvaluateRequest Question(v1::Change change) {
  v1::EvaluateRequest request;
  *request.mutable_change() = std::move(change);
  return request;
}

absl::Status EvaluateNow(Evaluator& evaluator, v1::EvaluateRequest request) {
  v1::AuditEntry audit;
  audit.set_action("gate.v1.Gate.Evaluate");
  std::promise<absl::Status> ended;
  evaluator.Evaluate(
      std::move(request), std::chrono::steady_clock::now() + std::chrono::seconds(30),
      [&](const absl::StatusOr<v1::Verdict>& verdict) { ended.set_value(verdict.status()); },
      std::move(audit));
  return ended.get_future().get();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Demo>> Demo::Prepare(const ProcessOptions& options) {
  absl::StatusOr<std::string> folder = MakeFolder(options.demo_folder);
  if (!folder.ok()) return folder.status();
  std::unique_ptr<Demo> demo(new Demo(*folder, options.demo_folder.empty()));
  const std::string policy = *folder + "/policy.yaml";
  for (const absl::Status& status :
       {WriteUnlessThere(policy, kDemoPolicy),
        WriteUnlessThere(*folder + "/us-federal-holidays.ics", kUsFederalHolidays)}) {
    if (!status.ok()) return status;
  }
  config::v1::Config& config = demo->config_;
  config.mutable_grpc()->set_address(absl::StrCat("127.0.0.1:", options.demo_port));
  config.mutable_http()->set_address(absl::StrCat("127.0.0.1:", options.demo_http_port));
  config.mutable_store()->set_url(absl::StrCat("sqlite:", *folder, "/gate.db"));
  config.set_policy(policy);
  FillDefaults(config);
  return demo;
}

Demo::~Demo() {
  std::error_code ignored;
  if (temporary_) fs::remove_all(folder_, ignored);
}

absl::Status Demo::WriteHistory(const PolicyHolder& policies, Store& store, absl::Time now) const {
  const absl::StatusOr<absl::Time> newest = store.NewestVerdictTime();
  if (!newest.ok()) return newest.status();
  if (*newest != absl::InfinitePast()) return absl::OkStatus();
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(std::make_unique<CalendarSource>(policies));
  sources.push_back(std::make_unique<RequestedSchemaChange>());
  sources.push_back(std::make_unique<DemoMetrics>());
  sources.push_back(std::make_unique<HoldsSource>(store.holds()));
  Gatherer gatherer(std::move(sources), 1, nullptr);
  PastClock clock;
  Evaluator evaluator(policies, gatherer, store, clock, {.threads = 1, .capacity = 8});
  for (PastChange& past : PastChanges(now)) {
    clock.Set(past.time);
    const absl::Status status = EvaluateNow(evaluator, Question(std::move(past.change)));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string Demo::Banner(const std::string& grpc_address, const std::string& http_address) const {
  const std::string server =
      config_.grpc().address() == "127.0.0.1:9443" ? "" : absl::StrCat(" --address ", grpc_address);
  return absl::StrCat(
      "\nThe gate serves an example policy on this machine. It runs open: nobody is asked who they "
      "are.\n"
      "  gRPC ",
      grpc_address, "   JSON http://", http_address, "   policy ", config_.policy(),
      "\n\nTry, in another terminal:\n"
      "  gatectl check catalog --env production --version 1.200",
      server,
      "\n"
      "  gatectl check catalog --env production --version 1.201-bad",
      server,
      "\n"
      "  gatectl verdict list",
      server,
      "\n"
      "  gatectl freeze list",
      server,
      "\n"
      "  curl http://",
      http_address,
      "/v1/verdicts?pageSize=3\n"
      "\nCtrl-C ends it",
      temporary_ ? ", and removes all that it wrote.\n\n" : ".\n\n");
}

}  // namespace gate
