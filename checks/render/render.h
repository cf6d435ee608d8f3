// Verdicts and lint reports -> what people and tools read.
//
// One format is one file and one entry in the table of formats.cc. A format is a value with two
// pure functions; both take whatever the messages hold, also what no server would send: an unknown
// decision is shown as unknown, never as ALLOW.
#ifndef CHECKS_RENDER_RENDER_H_
#define CHECKS_RENDER_RENDER_H_

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "checks/render/source_text.h"
#include "gate/v1/report.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::render {

// Texts of files by the path that locations carry, for code frames. Any bytes.
using Sources = std::map<std::string, SourceText, std::less<>>;

// What a format may use of the place that it is shown in. The defaults suit a file.
struct Options {
  bool color = false;
  // Signs beyond ASCII. Colour and signs are never alone: a word always says the same.
  bool unicode = true;
  // Columns that text is wrapped at; 0: not wrapped.
  int width = 100;
  // Whether the first line is wrapped as well. A log keeps it whole: `head -1` and grep see all of
  // it.
  bool wrap_first_line = false;
  // For times relative to now ("in 10 min"); InfinitePast: absolute times only.
  absl::Time now = absl::InfinitePast();
  // Shown in the formats that name their tool.
  std::string tool_version = "0.1.0";
  const Sources* sources = nullptr;
};

struct Format {
  std::string_view name;     // as given to -o
  std::string_view summary;  // one line for `gatectl help formats`
  std::string (*verdict)(const v1::Verdict& verdict, const Options& options);
  std::string (*report)(const v1::LintReport& report, const Options& options);
};

// Every format, by name, ascending.
std::span<const Format* const> AllFormats();

// The format of that name, or nullptr.
const Format* FindFormat(std::string_view name);

extern const Format kGithubFormat;
extern const Format kGitlabFormat;
extern const Format kJsonFormat;
extern const Format kJsonlFormat;
extern const Format kJunitFormat;
extern const Format kMarkdownFormat;
extern const Format kSarifFormat;
extern const Format kTableFormat;
extern const Format kYamlFormat;

}  // namespace gate::render

#endif  // CHECKS_RENDER_RENDER_H_
