#include "clients/gatectl/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/policy/suggest.h"
#include "clients/gatectl/files.h"
#include "clients/gatectl/version.h"

namespace gate::ctl {
namespace {

Problem WrongOutput(std::string title, std::vector<std::string> help) {
  return {"E0201", std::move(title), {}, "", "", std::move(help)};
}

Or<OutputTarget> ParseTarget(const std::string& value) {
  const size_t equals = value.find('=');
  const std::string name = value.substr(0, equals);
  OutputTarget target;
  target.format = render::FindFormat(name);
  if (target.format == nullptr) {
    std::vector<std::string_view> names;
    for (const render::Format* format : render::AllFormats()) names.push_back(format->name);
    return WrongOutput(
        absl::StrCat("there is no output format ", Quoted(name), DidYouMean(name, names)),
        {"`gatectl help formats` lists them"});
  }
  if (equals != std::string::npos) {
    target.file = value.substr(equals + 1);
    if (target.file.empty()) return WrongOutput(absl::StrCat("-o ", value, " names no file"), {});
    if (target.file == "-") target.file.clear();
  }
  return target;
}

Or<bool> AppendTo(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::app | std::ios::binary);
  file << text << std::flush;
  if (file) return true;
  return Problem{"E0102", absl::StrCat("cannot write ", path), {std::strerror(errno)}, "", "", {}};
}

}  // namespace

Or<std::vector<OutputTarget>> ParseOutputs(const std::vector<std::string>& values) {
  std::vector<OutputTarget> targets;
  std::set<std::string> files;
  for (const std::string& value : values) {
    for (const absl::string_view part : absl::StrSplit(value, ',')) {
      Or<OutputTarget> target = ParseTarget(std::string(part));
      if (!target) return target.problem();
      if (!files.insert(target->file).second) {
        return WrongOutput(target->file.empty()
                               ? std::string("standard output holds one format only")
                               : absl::StrCat(target->file, " is named twice"),
                           {"send the others to files: -o json,sarif=gate.sarif"});
      }
      targets.push_back(*std::move(target));
    }
  }
  if (files.count("") == 0) targets.push_back({&render::kTableFormat, ""});
  return targets;
}

Or<bool> WriteOutputs(const std::vector<OutputTarget>& targets, const Terminal& terminal,
                      absl::Time now, const render::Sources* sources, const RenderText& text) {
  std::string for_standard_output;
  for (const OutputTarget& target : targets) {
    render::Options options;
    options.sources = sources;
    options.tool_version = kVersion;
    if (target.file.empty()) {
      options.color = terminal.color;
      options.unicode = terminal.unicode;
      options.width = terminal.width;
      options.wrap_first_line = terminal.is_terminal;
      if (terminal.is_terminal) options.now = now;
      for_standard_output += text(*target.format, options);
    } else if (const Or<bool> written = WriteFile(target.file, text(*target.format, options));
               !written) {
      return written.problem();
    }
  }
  return Print(for_standard_output);
}

Or<bool> Print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = write(STDOUT_FILENO, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      return Problem{
          "E0102", "cannot write the result to standard output", {std::strerror(errno)}, "", "",
          {}};
    }
    text.remove_prefix(size);
  }
  return true;
}

Or<bool> WriteGithubFiles(const Variables& variables,
                          const std::vector<std::pair<std::string, std::string>>& outputs,
                          std::string_view markdown) {
  const std::string output_file(Get(variables, "GITHUB_OUTPUT"));
  if (!output_file.empty()) {
    std::string lines;
    for (const auto& [name, value] : outputs) {
      // A line feed in a value would begin an output of its own.
      std::string line = absl::StrCat(name, "=", value);
      for (char& c : line) {
        if (c == '\n' || c == '\r') c = ' ';
      }
      lines += line + "\n";
    }
    if (const Or<bool> written = AppendTo(output_file, lines); !written) return written.problem();
  }
  const std::string summary_file(Get(variables, "GITHUB_STEP_SUMMARY"));
  if (summary_file.empty()) return true;
  return AppendTo(summary_file, markdown);
}

}  // namespace gate::ctl
