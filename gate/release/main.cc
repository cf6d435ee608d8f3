// gate-release: answers one gate.v1.ReleaseQuery from a repository of this machine. gated starts it
// for each, so that nothing that lies in a repository can end gated.
//
// Both files hold messages in protobuf's binary form. What goes wrong is one line on standard
// error, and an exit code of 32 and the code of the status (git/release.h says which).
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <new>
#include <string>

#include "gate/base/file.h"
#include "gate/evidence/git/release.h"
#include "gate/evidence/release_process.h"

namespace gate {
namespace {

constexpr int kWrongInput = 2;

constexpr size_t kMostQueryBytes = 16 << 20;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return ReleaseProcess::kFirstFailure + static_cast<int>(status.code());
}

absl::Status Run(const std::string& folder, const std::string& query_file,
                 const std::string& answer_file, int milliseconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  const absl::StatusOr<std::string> bytes = ReadFile(query_file, kMostQueryBytes);
  if (!bytes.ok()) return bytes.status();
  v1::ReleaseQuery query;
  if (!query.ParseFromString(*bytes)) {
    return absl::InvalidArgumentError(query_file + " is not a gate.v1.ReleaseQuery");
  }
  const absl::StatusOr<v1::Release> release = git::AnswerRelease(query, folder, deadline);
  if (!release.ok()) return release.status();
  std::ofstream answer(answer_file, std::ios::binary);
  if (!release->SerializeToOstream(&answer) || !answer.flush()) {
    return absl::InternalError(answer_file + " cannot be written");
  }
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  // What lies in a repository stays out of core files.
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  std::string folder, query, answer;
  int milliseconds = 60'000;
  CLI::App app(
      "Reads a release from a git repository: gate.v1.ReleaseQuery in, gate.v1.Release out.",
      "gate-release");
  app.add_option("--folder", folder, "the repository, bare or not")->required();
  app.add_option("--query", query, "file with the question")->required();
  app.add_option("--answer", answer, "file that the answer is written to")->required();
  app.add_option("--milliseconds", milliseconds, "how long it may take")
      ->capture_default_str()
      ->check(CLI::Range(1, 3'600'000));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongInput;
  }
  try {
    const absl::Status status = Run(folder, query, answer, milliseconds);
    return status.ok() ? 0 : Fail(status);
  } catch (const std::bad_alloc&) {
    return Fail(
        absl::ResourceExhaustedError("reading the release takes more memory than there may be"));
  }
}

}  // namespace
}  // namespace gate

int main(int argc, char** argv) { return gate::Main(argc, argv); }
