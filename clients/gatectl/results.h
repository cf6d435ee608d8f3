// Prints what a command came to, in every format that was asked for.
#ifndef CLIENTS_GATECTL_RESULTS_H_
#define CLIENTS_GATECTL_RESULTS_H_

#include <functional>
#include <string>
#include <vector>

#include "checks/render/render.h"
#include "clients/gatectl/session.h"
#include "google/protobuf/message.h"

namespace gate::ctl {

// A verdict or a report. `exit_code` is what the program will end with; `-o github` hands it on.
Or<bool> PrintVerdict(const Session& session, const std::vector<OutputTarget>& targets,
                      const v1::Verdict& verdict, const render::Sources& sources, int exit_code);
Or<bool> PrintReport(const Session& session, const std::vector<OutputTarget>& targets,
                     const v1::LintReport& report, const render::Sources& sources, int exit_code);

// Any other answer: `table` for people, the message itself for the rest. With `items`, jsonl has
// one of them per line.
Or<bool> PrintMessage(const Session& session, const std::vector<OutputTarget>& targets,
                      const google::protobuf::Message& message,
                      const std::function<std::string(const Terminal&)>& table,
                      const std::vector<const google::protobuf::Message*>* items = nullptr);

// Columns for people: padded under a header on a terminal, separated by tabs and without a header
// elsewhere, so that `cut` can read them.
std::string Columns(const std::vector<std::string>& header,
                    const std::vector<std::vector<std::string>>& rows, const Terminal& terminal);

// A word of an enum as it is typed: "code" for CHANGE_KIND_CODE. 0 where there is no such.
v1::ChangeKind ParseKind(const std::string& word);
std::vector<std::string> KindWords();

// "verdicts/1" for "1" and for "verdicts/1".
std::string VerdictName(const std::string& name);

// RFC 3339, or a date and time in UTC; problem E0201 otherwise.
Or<absl::Time> ParseTime(const std::string& flag, const std::string& text);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_RESULTS_H_
