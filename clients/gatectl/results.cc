#include "clients/gatectl/results.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "checks/render/escape.h"
#include "checks/render/message.h"
#include "checks/render/paint.h"
#include "checks/render/words.h"
#include "google/protobuf/descriptor.h"

namespace gate::ctl {
namespace {

constexpr char kKindPrefix[] = "CHANGE_KIND_";

using Outputs = std::vector<std::pair<std::string, std::string>>;

// Writes GitHub's files where `-o github` was asked for.
Or<bool> Github(const Session& session, const std::vector<OutputTarget>& targets,
                const Outputs& outputs, const std::function<std::string()>& markdown) {
  const bool asked = std::any_of(targets.begin(), targets.end(), [](const OutputTarget& target) {
    return target.format == &render::kGithubFormat;
  });
  if (!asked) return true;
  return WriteGithubFiles(session.variables, outputs, markdown());
}

}  // namespace

Or<bool> PrintVerdict(const Session& session, const std::vector<OutputTarget>& targets,
                      const v1::Verdict& verdict, const render::Sources& sources, int exit_code) {
  const Outputs outputs = {{"decision", std::string(render::Word(verdict.decision()))},
                           {"verdict", verdict.name()},
                           {"reason", verdict.reason()},
                           {"exit_code", std::to_string(exit_code)}};
  const Or<bool> github = Github(session, targets, outputs, [&] {
    return render::kMarkdownFormat.verdict(verdict, render::Options());
  });
  if (!github) return github;
  return WriteOutputs(targets, session.out(), absl::Now(), &sources,
                      [&](const render::Format& format, const render::Options& options) {
                        return format.verdict(verdict, options);
                      });
}

Or<bool> PrintReport(const Session& session, const std::vector<OutputTarget>& targets,
                     const v1::LintReport& report, const render::Sources& sources, int exit_code) {
  const Outputs outputs = {{"decision", std::string(render::Word(report.decision()))},
                           {"exit_code", std::to_string(exit_code)}};
  const Or<bool> github = Github(session, targets, outputs, [&] {
    return render::kMarkdownFormat.report(report, render::Options());
  });
  if (!github) return github;
  return WriteOutputs(targets, session.out(), absl::Now(), &sources,
                      [&](const render::Format& format, const render::Options& options) {
                        return format.report(report, options);
                      });
}

Or<bool> PrintMessage(const Session& session, const std::vector<OutputTarget>& targets,
                      const google::protobuf::Message& message,
                      const std::function<std::string(const Terminal&)>& table,
                      const std::vector<const google::protobuf::Message*>* items) {
  return WriteOutputs(
      targets, session.out(), absl::Now(), nullptr,
      [&](const render::Format& format, const render::Options& options) -> std::string {
        if (format.name == "json") return render::ToJson(message);
        if (format.name == "yaml") return render::ToYaml(message);
        if (format.name == "jsonl") {
          if (items == nullptr) return render::ToJsonLine(message);
          std::string lines;
          for (const auto* item : *items) lines += render::ToJsonLine(*item);
          return lines;
        }
        Terminal terminal = session.out();
        terminal.color = options.color;
        terminal.unicode = options.unicode;
        return table(terminal);
      });
}

std::string Columns(const std::vector<std::string>& header,
                    const std::vector<std::vector<std::string>>& rows, const Terminal& terminal) {
  std::string out;
  if (!terminal.is_terminal) {
    for (const auto& row : rows) {
      std::vector<std::string> cells;
      for (const std::string& cell : row) cells.push_back(render::EscapeTerminalLine(cell));
      absl::StrAppend(&out, absl::StrJoin(cells, "\t"), "\n");
    }
    return out;
  }
  std::vector<int> widths;
  for (const std::string& name : header) widths.push_back(render::DisplayWidth(name));
  for (const auto& row : rows) {
    for (size_t i = 0; i < widths.size() && i < row.size(); ++i) {
      widths[i] = std::max(widths[i], render::DisplayWidth(render::EscapeTerminalLine(row[i])));
    }
  }
  const auto line = [&](const std::vector<std::string>& row, render::Style style) {
    std::string text;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string cell = render::EscapeTerminalLine(row[i]);
      text += i + 1 == row.size() ? cell : render::PadRight(cell, widths[i] + 2);
    }
    text = render::Clip(text, terminal.width, terminal.unicode);
    return render::Paint(text, style, terminal.color) + "\n";
  };
  out += line(header, render::Style::kBold);
  for (const auto& row : rows) out += line(row, render::Style::kPlain);
  return out;
}

v1::ChangeKind ParseKind(const std::string& word) {
  const std::string name =
      absl::StrCat(kKindPrefix, absl::AsciiStrToUpper(absl::StrReplaceAll(word, {{"-", "_"}})));
  v1::ChangeKind kind = v1::CHANGE_KIND_UNSPECIFIED;
  return v1::ChangeKind_Parse(name, &kind) ? kind : v1::CHANGE_KIND_UNSPECIFIED;
}

std::vector<std::string> KindWords() {
  std::vector<std::string> words;
  const auto* kinds = v1::ChangeKind_descriptor();
  for (int i = 1; i < kinds->value_count(); ++i) {
    const std::string name = kinds->value(i)->name().substr(sizeof kKindPrefix - 1);
    words.push_back(absl::AsciiStrToLower(absl::StrReplaceAll(name, {{"_", "-"}})));
  }
  return words;
}

std::string VerdictName(const std::string& name) {
  return name.find('/') == std::string::npos ? "verdicts/" + name : name;
}

Or<absl::Time> ParseTime(const std::string& flag, const std::string& text) {
  absl::Time time;
  std::string error;
  for (const char* format : {absl::RFC3339_full, "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
    if (absl::ParseTime(format, text, &time, &error)) return time;
  }
  return Problem{
      "E0201", absl::StrCat(flag, " \"", text, "\" is no time"),
      {error}, "",
      "",      {"write it like 2026-11-27T12:00:00-05:00 or, in UTC, \"2026-11-27 17:00\""}};
}

}  // namespace gate::ctl
