// gatectl help TOPIC: what belongs to no single command.
#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"
#include "checks/render/paint.h"
#include "checks/render/render.h"
#include "clients/gatectl/app.h"
#include "clients/gatectl/commands/commands.h"

namespace gate::ctl {
namespace {

std::string ExitCodes() {
  std::string text = "Ten and above: the gate decided. Below: it did not.\n\n";
  for (const ExitCodeDoc& doc : AllExitCodes()) {
    absl::StrAppend(&text, "  ", render::PadRight(std::to_string(doc.code), 5),
                    render::PadRight(doc.meaning, 66), " ", std::string(doc.pipeline), "\n");
  }
  return text +
         "\nLet HOLD not fail the job:\n"
         "  GitLab     allow_failure: {exit_codes: [11, 12]}\n"
         "  Buildkite  soft_fail: [{exit_status: 11}, {exit_status: 12}]\n"
         "  Jenkins    def code = sh(script: 'gatectl check …', returnStatus: true)\n"
         "  shell      gatectl check … || [ $? -eq 11 ]\n";
}

std::string Formats() {
  std::string text =
      "-o FORMAT writes to standard output, -o FORMAT=FILE to a file; repeat it, or separate by "
      "commas:\n"
      "  gatectl check payments --env production -o json,sarif=gate.sarif,junit=gate.xml\n\n";
  for (const render::Format* format : render::AllFormats()) {
    absl::StrAppend(&text, "  ", render::PadRight(format->name, 10), std::string(format->summary),
                    "\n");
  }
  return text +
         "\nStandard output holds the result alone; notes, progress and errors go to standard "
         "error.\n"
         "JSON and YAML are the protobuf JSON of the API: lowerCamelCase, with the words of enums\n"
         "(BLOCK), times in RFC 3339, 64-bit integers as strings, empty fields present.\n"
         "Commands that list something write table, json, jsonl and yaml; their table is "
         "tab-separated\n"
         "without a header where standard output is no terminal.\n"
         "-o github appends decision, verdict, reason and exit_code to $GITHUB_OUTPUT, and the "
         "verdict as\n"
         "Markdown to $GITHUB_STEP_SUMMARY.\n";
}

constexpr char kEnvironment[] =
    R"(Settings come from, first to last: flag, environment, .gate.yaml, context, default.
`gatectl doctor` prints which won.

  GATE_ADDR           address of the gate                    (--address)
  GATE_CONTEXT        context of the configuration           (--context)
  GATE_TOKEN          bearer token                           (--token-file)
  GATE_ACTOR          who you are, where nobody asks; USER   (--as)
  GATE_OUTPUT         output formats                         (-o)
  GATE_TIMEOUT        bound on one question                  (--timeout)
  GATE_BASE           revision that is deployed              (check --base)
  GATECTL_NO_COLOR, NO_COLOR                  no colour
  CLICOLOR_FORCE, FORCE_COLOR                 colour also where it is no terminal
  XDG_CONFIG_HOME                             configuration in $XDG_CONFIG_HOME/gate/config.yaml
  GITHUB_OUTPUT, GITHUB_STEP_SUMMARY          written by -o github

Read from CI (author, version, repository): GitHub Actions, GitLab CI, Jenkins, Buildkite, CircleCI.
)";

constexpr char kProject[] =
    R"(`gatectl check` looks for .gate.yaml here and above:

  service: payments
  environments:
    - name: production
      # which revision runs there; one of:
      deployed_tag: "production-*"
      deployed_revision_command: "curl -fsS https://payments.example.com/version"
      deployed_merge_base: origin/production
  migrations:
    - path: db/migrations
      format: goose             # default: found from names and markers
      postgres_major_version: 15
  qa_reports:                   # what `gatectl qa report` sends
    - path: "build/reports/**/TEST-*.xml"
  ticket_patterns: ["TASKS-[0-9]+"]
  labels: {team: checkout}

With it, what lies between the deployed revision and HEAD goes along with the question: commits, tickets
and migrations. --base and GATE_BASE come before what the file says. Without .gate.yaml only what the flags
say is sent.
)";

struct Topic {
  std::string_view name;
  std::string (*text)();
};

constexpr Topic kTopics[] = {
    {"environment", [] { return std::string(kEnvironment); }},
    {"exit-codes", ExitCodes},
    {"formats", Formats},
    {"project", [] { return std::string(kProject); }},
};

// The command of that name with its own help: "lint migrations".
const CLI::App* FindCommand(const CLI::App& root, const std::vector<std::string>& words) {
  const CLI::App* at = &root;
  for (const std::string& word : words) {
    const auto named =
        at->get_subcommands([&word](const CLI::App* sub) { return sub->get_name() == word; });
    if (named.empty()) return nullptr;
    at = named[0];
  }
  return at;
}

int Run(const Session& session, const std::vector<std::string>& words) {
  std::string text;
  const std::string first = words.empty() ? "" : words[0];
  for (const Topic& topic : kTopics) {
    if (topic.name == first) text = topic.text();
  }
  if (text.empty()) {
    const CLI::App* command = FindCommand(*session.root, words);
    if (command != nullptr) text = HelpText(*command);
  }
  if (text.empty()) {
    std::vector<std::string_view> names;
    for (const Topic& topic : kTopics) names.push_back(topic.name);
    return session.Fail(
        {"E0201",
         absl::StrCat("there is no help on ", Quoted(first), DidYouMean(first, names)),
         {},
         "",
         "",
         {"topics: environment, exit-codes, formats, project, and every command"}});
  }
  const Or<bool> printed = Print(text);
  return printed ? kAllow : session.Fail(printed.problem());
}

}  // namespace

void AddHelp(CLI::App& root, Session& session) {
  CLI::App& command =
      *root.add_subcommand("help", "Help on a command, exit-codes, environment, formats, project");
  auto words = std::make_shared<std::vector<std::string>>();
  command.add_option("TOPIC", *words, "A topic or a command");
  command.callback(
      [&session, words] { session.run = [&session, words] { return Run(session, *words); }; });
}

}  // namespace gate::ctl
