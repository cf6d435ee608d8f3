// gate-inspect: what a live PostgreSQL database tells about itself, as a gate.v1.Database in JSON
// on standard output, and what it does not tell, line by line, on standard error.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/strings/ascii.h"
#include "gate/evidence/inspect/inspect.h"
#include "google/protobuf/util/json_util.h"

namespace gate {
namespace {

// Exit codes as gatectl's.
constexpr int kInternal = 1, kUsage = 2, kUnreachable = 3;

int Fail(int code, std::string_view message) {
  std::fprintf(stderr, "gate-inspect: %s\n", std::string(message).c_str());
  return code;
}

int Run(std::string url, double seconds) {
  // A command line can be read by everybody on the machine.
  if (url == "-") std::getline(std::cin, url);
  if (absl::StripAsciiWhitespace(url).empty())
    return Fail(kUsage, "the connection string is empty");
  setenv("PGCONNECT_TIMEOUT", "5", /*overwrite=*/0);
  const auto deadline = std::chrono::steady_clock::now() +
                        std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
  const absl::StatusOr<Inspection> inspection = Inspect(url, deadline);
  if (!inspection.ok()) {
    return Fail(absl::IsUnavailable(inspection.status()) ? kUnreachable : kUsage,
                std::string(inspection.status().message()));
  }
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(inspection->database, &json, options).ok()) {
    return Fail(kInternal, "the database's catalogue is not UTF-8");
  }
  for (const std::string& note : inspection->notes) std::fprintf(stderr, "%s\n", note.c_str());
  return std::fputs(json.c_str(), stdout) < 0 || std::fflush(stdout) != 0
             ? Fail(kInternal, "standard output cannot be written")
             : 0;
}

}  // namespace
}  // namespace gate

int main(int argc, char** argv) {
  CLI::App app(
      "Reads the catalogue of a live PostgreSQL database: schema, sizes, long transactions, and "
      "the "
      "statements that pg_stat_statements has seen. Never a row of a table.");
  std::string url;
  double seconds = 30;
  app.add_option("URL", url,
                 "As libpq takes it: postgresql://reader@host/shop (- reads it from "
                 "standard input)")
      ->required();
  app.add_option("--timeout", seconds, "Seconds for all of it")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : gate::kUsage;
  }
  return gate::Run(std::move(url), seconds);
}
