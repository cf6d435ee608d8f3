#include "clients/gatectl/session.h"

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/render/escape.h"
#include "checks/render/paint.h"

namespace gate::ctl {

void Session::Say(std::string_view text) const {
  fwrite(text.data(), 1, text.size(), stderr);
  fflush(stderr);
}

void Session::Note(std::string_view text) const {
  Say(absl::StrCat(render::Paint("note:", render::Style::kBlue, err().color), " ",
                   render::EscapeTerminal(text), "\n"));
}

void Session::Warn(std::string_view text) const {
  Say(absl::StrCat(render::Paint("warning:", render::Style::kYellow, err().color), " ",
                   render::EscapeTerminal(text), "\n"));
}

int Session::Fail(const Problem& problem) const {
  Say(problem.ToString(err().color));
  if (problem.exit_code() == kUnreachable && flags.on_unreachable == "allow") {
    Warn("the gate did NOT decide; --on-unreachable=allow lets this deploy go on unchecked");
    if (!Get(variables, "GITHUB_ACTIONS").empty()) {
      Say("::warning title=gate not reached::Nothing was checked; --on-unreachable=allow let it "
          "pass\n");
    }
    Say("exit 0 (the gate did not decide; --on-unreachable=allow)\n");
    return kAllow;
  }
  return End(problem.exit_code());
}

int Session::End(int code) const {
  Say(ExitLine(code));
  return code;
}

Or<Settings> Session::ReadSettings() const {
  Or<Settings> settings = Resolve(flags, variables, folder);
  if (!settings) return settings;
  for (const std::string& warning : settings->warnings) Warn(warning);
  return settings;
}

Or<std::unique_ptr<client::Client>> Session::Connect(const Settings& settings) const {
  Or<client::Options> options = ClientOptions(settings, flags, variables);
  if (!options) return options.problem();
  auto connected = std::make_unique<client::Client>(*std::move(options));
  interrupts->OnInterrupt([raw = connected.get()] { raw->Cancel(); });
  return connected;
}

Or<std::unique_ptr<client::Client>> Session::Connect() const {
  const Or<Settings> settings = ReadSettings();
  if (!settings) return settings.problem();
  return Connect(*settings);
}

Or<std::vector<OutputTarget>> Session::Outputs(bool messages_only) const {
  std::vector<std::string> values = flags.output;
  if (values.empty()) {
    const Or<Settings> settings = Resolve(flags, variables, folder);
    // What is wrong with the configuration matters where it is needed; the default prints anywhere.
    values = {settings ? settings->output.value : "table"};
  }
  Or<std::vector<OutputTarget>> targets = ParseOutputs(values);
  if (!targets || !messages_only) return targets;
  for (const OutputTarget& target : *targets) {
    const std::string_view name = target.format->name;
    if (name == "table" || name == "json" || name == "jsonl" || name == "yaml") continue;
    return Problem{"E0201", absl::StrCat("this command does not write ", std::string(name)),
                   {},      "",
                   "",      {"it writes table, json, jsonl and yaml"}};
  }
  return targets;
}

}  // namespace gate::ctl
