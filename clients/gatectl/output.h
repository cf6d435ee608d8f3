// Where results go: standard output, files, and what GitHub reads. Nothing else is written there.
#ifndef CLIENTS_GATECTL_OUTPUT_H_
#define CLIENTS_GATECTL_OUTPUT_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/render/render.h"
#include "clients/gatectl/problem.h"
#include "clients/gatectl/terminal.h"

namespace gate::ctl {

// One "-o": a format, and a file (empty: standard output).
struct OutputTarget {
  const render::Format* format = nullptr;
  std::string file;
};

// "json", "sarif=gate.sarif,junit=gate.xml". Where all go to files, people still get the table on
// standard output. Two for standard output, or one file twice, is a problem.
Or<std::vector<OutputTarget>> ParseOutputs(const std::vector<std::string>& values);

// Writes one result to each target: `text(format, options)` renders it. Everything is rendered and
// every file written before standard output is touched.
using RenderText =
    std::function<std::string(const render::Format& format, const render::Options& options)>;
Or<bool> WriteOutputs(const std::vector<OutputTarget>& targets, const Terminal& terminal,
                      absl::Time now, const render::Sources* sources, const RenderText& text);

// Writes to standard output and makes sure that it got there.
Or<bool> Print(std::string_view text);

// Appends "name=value" lines to the file that GITHUB_OUTPUT names, and Markdown to the one that
// GITHUB_STEP_SUMMARY names, where they are set.
Or<bool> WriteGithubFiles(const Variables& variables,
                          const std::vector<std::pair<std::string, std::string>>& outputs,
                          std::string_view markdown);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_OUTPUT_H_
