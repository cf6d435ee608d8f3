#include "clients/gatectl/completion.h"

#include <CLI/CLI.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "checks/registry.h"
#include "checks/render/render.h"
#include "clients/gatectl/problem.h"
#include "clients/gatectl/results.h"
#include "clients/gatectl/shift.h"

namespace gate::ctl {
namespace {

using Kind = CompletionValues::Kind;

constexpr char kContexts[] = "gatectl context list -o table 2>/dev/null | cut -f2";

std::vector<std::string> Explainable() {
  std::vector<std::string> words;
  for (const Check* check : AllChecks()) {
    words.emplace_back(check->id);
    for (const RuleDoc& rule : check->rules()) words.emplace_back(rule.id);
  }
  for (const ProblemDoc& problem : AllProblems()) words.emplace_back(problem.id);
  return words;
}

CompletionValues ValuesOf(const std::string& flag) {
  if (flag == "output") {
    CompletionValues values{Kind::kWords, {}};
    for (const render::Format* format : render::AllFormats())
      values.words.emplace_back(format->name);
    return values;
  }
  if (flag == "color") return {Kind::kWords, {"auto", "always", "never"}};
  if (flag == "on-unreachable") return {Kind::kWords, {"fail", "allow"}};
  if (flag == "kind") return {Kind::kWords, KindWords()};
  if (flag == "affinity") return {Kind::kWords, AffinityWords()};
  if (flag == "sessions") return {Kind::kWords, SessionsWords()};
  if (flag == "decision") return {Kind::kWords, {"allow", "hold", "block"}};
  if (flag == "context") return {Kind::kContexts, {}};
  for (const char* file : {"config", "change", "schema", "workload"}) {
    if (flag == file) return {Kind::kFiles, {}};
  }
  return {absl::EndsWith(flag, "-file") ? Kind::kFiles : Kind::kNone, {}};
}

CompletionValues ArgumentsOf(const std::string& path) {
  if (path == "explain") return {Kind::kWords, Explainable()};
  if (path == "completion") return {Kind::kWords, {"bash", "zsh", "fish"}};
  if (path == "help") return {Kind::kWords, {"environment", "exit-codes", "formats", "project"}};
  if (path == "context use") return {Kind::kContexts, {}};
  return {absl::StartsWith(path, "lint ") ? Kind::kFiles : Kind::kNone, {}};
}

void Visit(const CLI::App& app, const std::string& path, std::vector<CompletionCommand>& commands) {
  CompletionCommand command;
  command.path = path;
  command.arguments = ArgumentsOf(path);
  for (const CLI::Option* option : app.get_options()) {
    const bool takes_value = option->get_items_expected_max() > 0;
    for (const std::string& name : option->get_lnames()) {
      command.flags.push_back(
          {"--" + name, option->get_description(), takes_value, ValuesOf(name)});
    }
    for (const std::string& name : option->get_snames()) {
      const std::string& twin = option->get_lnames().empty() ? name : option->get_lnames()[0];
      command.flags.push_back({"-" + name, option->get_description(), takes_value, ValuesOf(twin)});
    }
  }
  const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* sub : subcommands) {
    command.subcommands.emplace_back(sub->get_name(), sub->get_description());
  }
  commands.push_back(std::move(command));
  for (const CLI::App* sub : subcommands) {
    Visit(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), commands);
  }
}

// Words as a shell takes them within double quotes; none of ours needs more.
std::string Words(const std::vector<std::string>& words) { return absl::StrJoin(words, " "); }

std::vector<std::string> Candidates(const CompletionCommand& command,
                                    const CompletionCommand& root) {
  std::vector<std::string> words;
  for (const auto& [name, summary] : command.subcommands) words.push_back(name);
  if (command.arguments.kind == Kind::kWords) {
    words.insert(words.end(), command.arguments.words.begin(), command.arguments.words.end());
  }
  for (const CompletionFlag& flag : command.flags) words.push_back(flag.name);
  if (&command != &root) {
    for (const CompletionFlag& flag : root.flags) words.push_back(flag.name);
  }
  return words;
}

std::string SingleQuoted(const std::string& text) {
  return "'" + absl::StrReplaceAll(text, {{"'", "'\\''"}}) + "'";
}

// The loop that finds which command the words before the cursor name, as bash and zsh both read it.
std::string PathPatterns(const std::vector<CompletionCommand>& commands) {
  std::vector<std::string> patterns;
  for (const CompletionCommand& command : commands) {
    if (!command.path.empty()) patterns.push_back(absl::StrCat("\" ", command.path, "\""));
  }
  return absl::StrJoin(patterns, "|");
}

}  // namespace

std::vector<CompletionCommand> Walk(const CLI::App& root) {
  std::vector<CompletionCommand> commands;
  Visit(root, "", commands);
  return commands;
}

std::string BashCompletion(const std::vector<CompletionCommand>& commands) {
  std::string text =
      "# bash completion for gatectl:  source <(gatectl completion bash)\n"
      "_gatectl() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path= words= i\n"
      "  # --flag=value comes as three words\n"
      "  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then "
      "prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$path ${COMP_WORDS[i]}\" in\n";
  absl::StrAppend(&text, "      ", PathPatterns(commands), ") path+=\" ${COMP_WORDS[i]}\" ;;\n",
                  "    esac\n  done\n  COMPREPLY=()\n  case \"$path:$prev\" in\n");
  for (const CompletionCommand& command : commands) {
    for (const CompletionFlag& flag : command.flags) {
      if (!flag.takes_value) continue;
      const std::string where =
          command.path.empty() ? "*" : absl::StrCat("\" ", command.path, "\"");
      absl::StrAppend(&text, "    ", where, ":", flag.name, ") ");
      switch (flag.values.kind) {
        case Kind::kWords:
          absl::StrAppend(&text, "COMPREPLY=($(compgen -W \"", Words(flag.values.words),
                          "\" -- \"$cur\")); ");
          break;
        case Kind::kFiles:
          absl::StrAppend(&text, "COMPREPLY=($(compgen -f -- \"$cur\")); ");
          break;
        case Kind::kContexts:
          absl::StrAppend(&text, "COMPREPLY=($(compgen -W \"$(", kContexts, ")\" -- \"$cur\")); ");
          break;
        case Kind::kNone:
          break;
      }
      absl::StrAppend(&text, "return ;;\n");
    }
  }
  absl::StrAppend(&text, "  esac\n  case \"$path\" in\n");
  for (const CompletionCommand& command : commands) {
    const std::string path = command.path.empty() ? "" : " " + command.path;
    absl::StrAppend(&text, "    \"", path, "\") words=\"", Words(Candidates(command, commands[0])),
                    "\"");
    if (command.arguments.kind == Kind::kContexts)
      absl::StrAppend(&text, "\" $(", kContexts, ")\"");
    absl::StrAppend(&text, " ;;\n");
  }
  absl::StrAppend(&text, "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n",
                  "  case \"$path\" in\n");
  for (const CompletionCommand& command : commands) {
    if (command.arguments.kind != Kind::kFiles) continue;
    absl::StrAppend(&text, "    \" ", command.path,
                    "\") [[ $cur == -* ]] || COMPREPLY+=($(compgen -f -- \"$cur\")) ;;\n");
  }
  return text + "  esac\n}\ncomplete -o filenames -F _gatectl gatectl\n";
}

std::string ZshCompletion(const std::vector<CompletionCommand>& commands) {
  std::string text =
      "#compdef gatectl\n"
      "# zsh completion for gatectl:  gatectl completion zsh > \"${fpath[1]}/_gatectl\"\n"
      "_gatectl() {\n"
      "  local at= previous=${words[CURRENT-1]} i\n"
      "  local -a found\n"
      "  for ((i = 2; i < CURRENT; i++)); do\n"
      "    case \"$at ${words[i]}\" in\n";
  absl::StrAppend(&text, "      (", PathPatterns(commands), ") at+=\" ${words[i]}\" ;;\n",
                  "    esac\n  done\n  case \"$at:$previous\" in\n");
  for (const CompletionCommand& command : commands) {
    for (const CompletionFlag& flag : command.flags) {
      if (!flag.takes_value) continue;
      const std::string where =
          command.path.empty() ? "*" : absl::StrCat("\" ", command.path, "\"");
      absl::StrAppend(&text, "    (", where, ":", flag.name, ") ");
      switch (flag.values.kind) {
        case Kind::kWords:
          absl::StrAppend(&text, "compadd -- ", Words(flag.values.words), "; ");
          break;
        case Kind::kFiles:
          absl::StrAppend(&text, "_files; ");
          break;
        case Kind::kContexts:
          absl::StrAppend(&text, "compadd -- ${(f)\"$(", kContexts, ")\"}; ");
          break;
        case Kind::kNone:
          break;
      }
      absl::StrAppend(&text, "return ;;\n");
    }
  }
  absl::StrAppend(&text, "  esac\n  case \"$at\" in\n");
  const auto described = [](const std::string& name, const std::string& summary) {
    return SingleQuoted(absl::StrCat(absl::StrReplaceAll(name, {{":", "\\:"}}), ":", summary));
  };
  for (const CompletionCommand& command : commands) {
    const std::string path = command.path.empty() ? "" : " " + command.path;
    absl::StrAppend(&text, "    (\"", path, "\")\n      found=(");
    for (const auto& [name, summary] : command.subcommands) {
      absl::StrAppend(&text, "\n        ", described(name, summary));
    }
    for (const std::string& word : command.arguments.words) {
      absl::StrAppend(&text, "\n        ", SingleQuoted(word));
    }
    for (const CompletionFlag& flag : command.flags) {
      absl::StrAppend(&text, "\n        ", described(flag.name, flag.summary));
    }
    absl::StrAppend(&text, ")\n");
    if (command.arguments.kind == Kind::kFiles) absl::StrAppend(&text, "      _files\n");
    if (command.arguments.kind == Kind::kContexts) {
      absl::StrAppend(&text, "      found+=(${(f)\"$(", kContexts, ")\"})\n");
    }
    absl::StrAppend(&text, "      ;;\n");
  }
  text += "  esac\n  if [[ -n $at ]]; then\n    found+=(";
  for (const CompletionFlag& flag : commands[0].flags) {
    absl::StrAppend(&text, "\n      ", described(flag.name, flag.summary));
  }
  return text + ")\n  fi\n  _describe gatectl found\n}\ncompdef _gatectl gatectl\n";
}

std::string FishCompletion(const std::vector<CompletionCommand>& commands) {
  std::string text =
      "# fish completion for gatectl:  gatectl completion fish | source\n"
      "function __gatectl_at\n"
      "  set -l at ''\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    switch \"$at $word\"\n      case";
  for (const CompletionCommand& command : commands) {
    if (!command.path.empty()) absl::StrAppend(&text, " ' ", command.path, "'");
  }
  text +=
      "\n        set at \"$at $word\"\n    end\n  end\n  test \"$at\" = \"$argv[1]\"\nend\n"
      "complete -c gatectl -f\n";
  const auto values = [](const CompletionValues& given) -> std::string {
    switch (given.kind) {
      case Kind::kWords:
        return absl::StrCat(" -x -a '", Words(given.words), "'");
      case Kind::kFiles:
        return " -r -F";
      case Kind::kContexts:
        return absl::StrCat(" -x -a '(", kContexts, ")'");
      case Kind::kNone:
        return " -x";
    }
    return " -x";
  };
  for (const CompletionCommand& command : commands) {
    const std::string at = command.path.empty() ? "" : " " + command.path;
    const std::string condition = absl::StrCat(" -n \"__gatectl_at '", at, "'\"");
    for (const auto& [name, summary] : command.subcommands) {
      absl::StrAppend(&text, "complete -c gatectl", condition, " -a ", name, " -d ",
                      SingleQuoted(summary), "\n");
    }
    if (command.arguments.kind == Kind::kFiles) {
      absl::StrAppend(&text, "complete -c gatectl", condition, " -F\n");
    } else if (command.arguments.kind != Kind::kNone) {
      absl::StrAppend(&text, "complete -c gatectl", condition, values(command.arguments), "\n");
    }
    for (const CompletionFlag& flag : command.flags) {
      const bool is_long = absl::StartsWith(flag.name, "--");
      absl::StrAppend(&text, "complete -c gatectl", command.path.empty() ? "" : condition,
                      is_long ? " -l " : " -s ", flag.name.substr(is_long ? 2 : 1),
                      flag.takes_value ? values(flag.values) : "", " -d ",
                      SingleQuoted(flag.summary), "\n");
    }
  }
  return text;
}

}  // namespace gate::ctl
