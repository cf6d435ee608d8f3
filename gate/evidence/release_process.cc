#include "gate/evidence/release_process.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/render/escape.h"
#include "gate/base/file.h"
#include "gate/evidence/rehearsal/guarded_process.h"

namespace gate {
namespace {

constexpr size_t kMostAnswerBytes = 32 << 20;
constexpr size_t kLongestMessage = 4096;
constexpr auto kLook = std::chrono::milliseconds(5);
// The process gives up before we do, so that its words are heard.
constexpr auto kMargin = std::chrono::milliseconds(100);

// For us alone; gone with everything in it.
class PrivateFolder {
 public:
  static absl::StatusOr<PrivateFolder> Make() {
    std::error_code error;
    const std::filesystem::path root = std::filesystem::temp_directory_path(error);
    std::string path = (error ? "/tmp" : root.string()) + "/gate-release-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) {
      return absl::InternalError(absl::StrCat("no folder can be made in ", root.string()));
    }
    return PrivateFolder(std::move(path));
  }
  ~PrivateFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  std::string File(const char* name) const { return absl::StrCat(path_, "/", name); }
  const std::string& path() const { return path_; }

 private:
  explicit PrivateFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

absl::Status Late() { return absl::DeadlineExceededError("the release was not read in time"); }

absl::Status FailureOf(int exit, const std::string& said_in) {
  const absl::StatusOr<std::string> said = ReadFile(said_in, kLongestMessage);
  const std::string words =
      said.ok() ? render::ValidUtf8(std::string(absl::StripAsciiWhitespace(*said))) : "";
  const int code = exit - ReleaseProcess::kFirstFailure;
  if (code > 0 && code <= static_cast<int>(absl::StatusCode::kUnauthenticated)) {
    return absl::Status(static_cast<absl::StatusCode>(code), words);
  }
  return absl::InternalError(
      absl::StrCat("the process that reads repositories ended with ", exit,
                   exit > 128 ? absl::StrCat(" (signal ", exit - 128, ")") : "",
                   words.empty() ? "" : ": ", words));
}

}  // namespace

absl::StatusOr<ReleaseProcess> ReleaseProcess::Find() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string program = (self.parent_path() / "gate-release").string();
  if (error || access(program.c_str(), X_OK) != 0) {
    return absl::NotFoundError(absl::StrCat(
        "repositories are read by the program gate-release, which is not beside this one (",
        program, "): install it"));
  }
  return ReleaseProcess(Options{program});
}

absl::StatusOr<v1::Release> ReleaseProcess::Answer(
    const v1::ReleaseQuery& query, const std::string& folder,
    std::chrono::steady_clock::time_point deadline) const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now() - kMargin);
  if (left.count() <= 0) return Late();
  const absl::StatusOr<PrivateFolder> place = PrivateFolder::Make();
  if (!place.ok()) return place.status();
  std::ofstream question(place->File("query"), std::ios::binary);
  if (!query.SerializeToOstream(&question) || !question.flush()) {
    return absl::InternalError(absl::StrCat(place->path(), " cannot be written"));
  }
  GuardedProcess::Options options;
  options.arguments = {options_.program, "--folder",
                       // It runs in a folder of its own.
                       std::filesystem::absolute(folder).string(), "--query", place->File("query"),
                       "--answer", place->File("answer"), "--milliseconds",
                       std::to_string(left.count())};
  options.folder = place->path();
  options.output = place->File("said");
  options.limits.memory_bytes = options_.memory_bytes;
  options.limits.file_bytes = kMostAnswerBytes;
  options.limits.cpu_seconds = static_cast<uint64_t>(left.count()) / 1000 + 5;
  const auto process = GuardedProcess::Start(options);
  if (!process.ok()) return absl::InternalError(std::string(process.status().message()));
  while ((*process)->Running()) {
    if (std::chrono::steady_clock::now() >= deadline) return Late();
    std::this_thread::sleep_for(kLook);
  }
  if ((*process)->exit() != 0) return FailureOf((*process)->exit(), place->File("said"));
  const absl::StatusOr<std::string> answer = ReadFile(place->File("answer"), kMostAnswerBytes);
  v1::Release release;
  if (!answer.ok() || !release.ParseFromString(*answer)) {
    return absl::InternalError("what the process that reads repositories has written is no answer");
  }
  return release;
}

}  // namespace gate
