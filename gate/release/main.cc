// gate-release: answers one gate.v1.ReleaseQuery from a repository of this machine. gated starts it
// for each, so that nothing that lies in a repository can end gated; `gatectl lint flags --ticket`
// asks it what gated would be told.
//
// Both files hold messages in protobuf's binary form ("-": standard input and output). What goes
// wrong is one line on standard error, and an exit code of 32 and the code of the status
// (git/release.h says which).
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
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

struct Options {
  std::string folder, query, answer;
  std::string ticket;
  int milliseconds = 60'000;
};

absl::StatusOr<std::string> ReadQuery(const std::string& file) {
  if (file != "-") return ReadFile(file, kMostQueryBytes);
  std::string bytes{std::istreambuf_iterator<char>(std::cin), {}};
  if (bytes.size() > kMostQueryBytes) {
    return absl::FailedPreconditionError("standard input is larger than a question may be");
  }
  return bytes;
}

bool Write(const v1::Release& release, const std::string& file) {
  if (file == "-") return release.SerializeToOstream(&std::cout) && std::cout.flush();
  std::ofstream answer(file, std::ios::binary);
  return release.SerializeToOstream(&answer) && answer.flush();
}

absl::Status Run(const Options& options) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(options.milliseconds);
  const absl::StatusOr<std::string> bytes = ReadQuery(options.query);
  if (!bytes.ok()) return bytes.status();
  v1::ReleaseQuery query;
  if (!query.ParseFromString(*bytes)) {
    return absl::InvalidArgumentError(options.query + " is not a gate.v1.ReleaseQuery");
  }
  const absl::StatusOr<v1::Release> release =
      git::AnswerRelease(query, options.folder, deadline, options.ticket);
  if (!release.ok()) return release.status();
  if (!Write(*release, options.answer)) {
    return absl::InternalError(options.answer + " cannot be written");
  }
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  // What lies in a repository stays out of core files.
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  Options options;
  CLI::App app(
      "Reads a release from a git repository: gate.v1.ReleaseQuery in, gate.v1.Release out.",
      "gate-release");
  app.add_option("--folder", options.folder, "the repository, bare or not")->required();
  app.add_option("--query", options.query, "file with the question (- is standard input)")
      ->required();
  app.add_option("--answer", options.answer,
                 "file that the answer is written to (- is standard output)")
      ->required();
  app.add_option("--ticket", options.ticket,
                 "only how much of this ticket's code its flag guards, and nothing on taking back");
  app.add_option("--milliseconds", options.milliseconds, "how long it may take")
      ->capture_default_str()
      ->check(CLI::Range(1, 3'600'000));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongInput;
  }
  try {
    const absl::Status status = Run(options);
    return status.ok() ? 0 : Fail(status);
  } catch (const std::bad_alloc&) {
    return Fail(
        absl::ResourceExhaustedError("reading the release takes more memory than there may be"));
  }
}

}  // namespace
}  // namespace gate

int main(int argc, char** argv) { return gate::Main(argc, argv); }
