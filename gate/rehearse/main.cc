// gate-rehearse: runs the migrations of one release on scratch PostgreSQL servers of this machine
// and tells what it saw. For `gatectl lint migrations --rehearse`, which stays small by leaving
// this to a program of its own.
//
// Standard input is a gate.v1.SchemaChange, standard output a gate.v1.Rehearsals, both in
// protobuf's binary form. What goes wrong is one line on standard error.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "gate/evidence/rehearsal/release.h"

namespace gate {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongInput = 2;  // or a machine without PostgreSQL
constexpr size_t kMaxBytes = 64 << 20;

int Fail(int code, const std::string& message) {
  std::fprintf(stderr, "gate-rehearse: %s\n", message.c_str());
  return code;
}

bool ReadInput(std::string& bytes) {
  char buffer[65536];
  size_t size = 0;
  while (bytes.size() <= kMaxBytes && (size = std::fread(buffer, 1, sizeof buffer, stdin)) > 0) {
    bytes.append(buffer, size);
  }
  return std::ferror(stdin) == 0;
}

int Run(const ScratchOptions& options, int seconds) {
  std::string bytes;
  if (!ReadInput(bytes)) return Fail(kFailed, "standard input cannot be read");
  if (bytes.size() > kMaxBytes) return Fail(kWrongInput, "the change is larger than 64 MiB");
  v1::SchemaChange change;
  if (!change.ParseFromString(bytes)) {
    return Fail(kWrongInput, "standard input is not a gate.v1.SchemaChange");
  }
  if (change.files().empty()) return Fail(kWrongInput, "the change has no migrations");
  RehearsalLimits limits;
  limits.total = std::chrono::seconds(seconds);
  Rehearser rehearser(options, limits);
  const auto deadline =
      std::chrono::steady_clock::now() + limits.total * std::max(1, 1 + change.databases_size());
  const auto rehearsals = rehearser.Rehearse(change, deadline);
  if (!rehearsals.ok()) {
    return Fail(kWrongInput, std::string(rehearsals.status().message()));
  }
  const std::string answer = rehearsals->SerializeAsString();
  if (answer.size() > kMaxBytes) return Fail(kFailed, "the answer is larger than 64 MiB");
  const bool written = std::fwrite(answer.data(), 1, answer.size(), stdout) == answer.size() &&
                       std::fflush(stdout) == 0;
  return written ? 0 : Fail(kFailed, "standard output cannot be written");
}

int Main(int argc, char** argv) {
  ScratchOptions options;
  options.keep_schemas = false;  // There is no next one.
  int seconds = 60;
  CLI::App app(
      "Runs the migrations of a release on a scratch PostgreSQL: gate.v1.SchemaChange in, "
      "gate.v1.Rehearsals out.",
      "gate-rehearse");
  app.add_option(
         "--programs", options.programs,
         "folder of postgres and initdb, once for each version; without it Debian's folders "
         "are looked through")
      ->allow_extra_args(false)
      ->envname("GATE_POSTGRES_PROGRAMS")
      ->delimiter(':');
  app.add_option("--folder", options.folder, "where the scratch servers keep their data meanwhile");
  app.add_option("--user", options.user, "whom they run as where this runs as root")
      ->capture_default_str();
  app.add_option("--seconds", seconds, "for each database")
      ->capture_default_str()
      ->check(CLI::Range(1, 3600));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongInput;
  }
  return Run(options, seconds);
}

}  // namespace
}  // namespace gate

int main(int argc, char** argv) { return gate::Main(argc, argv); }
