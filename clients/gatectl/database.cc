#include "clients/gatectl/database.h"

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/gatectl/companion.h"
#include "clients/gatectl/files.h"
#include "clients/gatectl/process.h"
#include "google/protobuf/util/json_util.h"

namespace gate::ctl {
namespace {

constexpr char kProgram[] = "gate-inspect";
constexpr int kUnreachable = 3;  // of gate-inspect

bool IsUrl(const std::string& where) {
  return absl::StartsWith(where, "postgresql://") || absl::StartsWith(where, "postgres://");
}

std::vector<std::string> Lines(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipWhitespace());
}

Or<ReadDatabase> Ask(const std::string& url) {
  // Not as an argument: everybody on the machine can read those.
  const ProcessResult result = RunProcess({CompanionProgram(kProgram), "-"}, "", url + "\n");
  if (!result.started) {
    return Problem{"E0202",
                   "the database cannot be asked",
                   {absl::StrCat("there is no program ", kProgram)},
                   "",
                   "",
                   {absl::StrCat("install ", kProgram,
                                 " beside gatectl, or run it where it is and "
                                 "give its output as a file")}};
  }
  if (result.exit_code != 0) {
    return Problem{result.exit_code == kUnreachable ? "E0304" : "E0202",
                   "the database cannot be asked",
                   Lines(result.Failure()),
                   "",
                   "",
                   {"it takes a role that can connect, and no right on the data"}};
  }
  ReadDatabase read;
  if (!google::protobuf::util::JsonStringToMessage(result.out, &read.database).ok()) {
    return Problem{"E0203", absl::StrCat(kProgram, " gives another answer than this gatectl reads"),
                   {},      "",
                   "",      {"install both from the same release"}};
  }
  read.notes = Lines(result.err);
  return read;
}

}  // namespace

Or<ReadDatabase> InspectDatabase(const std::string& where) {
  if (IsUrl(where)) return Ask(where);
  if (absl::StartsWith(where, "$")) {
    const char* value = std::getenv(where.c_str() + 1);
    if (value != nullptr && IsUrl(value)) return Ask(value);
    return Problem{
        "E0210",
        absl::StrCat(where, " is no connection string"),
        {value == nullptr ? "the variable is not set"
                          : "its value does not begin with postgresql://"},
        "",
        "",
        {absl::StrCat("export ", where.substr(1), "=postgresql://reader@host/database")}};
  }
  const Or<std::string> text = ReadFile(where);
  if (!text) return text.problem();
  ReadDatabase read;
  if (const Or<bool> parsed = ParseFile(where, *text, read.database); !parsed) {
    return parsed.problem();
  }
  return read;
}

}  // namespace gate::ctl
