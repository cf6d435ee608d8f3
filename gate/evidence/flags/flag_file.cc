#include "gate/evidence/flags/flag_file.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"
#include "checks/policy/yaml_tree.h"
#include "gate/evidence/flags/answer.h"
#include "gate/evidence/flags/flag_list.h"
#include "gate/evidence/flags/flagd_file.h"

namespace gate {
namespace {

using Kind = YamlNode::Kind;

absl::Status At(int line, int column, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("line ", line, ", column ", column, ": ", std::string(what)));
}

absl::Status At(const YamlNode& node, std::string_view what) {
  return At(node.line, node.column, what);
}

// A mapping whose keys are texts, each there once.
absl::Status CheckMapping(const YamlNode& node, std::string_view form) {
  if (node.kind != Kind::kMapping) return At(node, form);
  std::set<std::string_view> seen;
  for (size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const YamlNode& key = *node.items[i];
    if (key.kind != Kind::kScalar || key.text.empty()) return At(key, "a name is expected");
    if (!seen.insert(key.text).second) return At(key, Quoted(key.text) + " is there twice");
  }
  return absl::OkStatus();
}

absl::Status ReadEnvironment(const YamlNode& node, FlagList& flags) {
  const absl::Status mapping =
      CheckMapping(node, "flags are expected, each \"name: off\" or \"name: on\"; {} for none");
  if (!mapping.ok()) return mapping;
  for (size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const YamlNode& state = *node.items[i + 1];
    const bool off = state.kind == Kind::kScalar && state.text == "off";
    const bool on = state.kind == Kind::kScalar && state.text == "on";
    if (!off && !on) {
      return At(state, absl::StrCat("a flag is off or on", state.kind == Kind::kScalar
                                                               ? ", not " + Quoted(state.text)
                                                               : std::string()));
    }
    const absl::Status added = flags.Add(node.items[i]->text, off ? Off("off") : On("on"));
    if (!added.ok()) return added;
    flags.AddFacts(absl::StrCat(node.items[i]->text, "\n", state.text));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::FlagStates> ParseFlagFile(std::string_view text, std::string_view environment) {
  YamlTree tree;
  const std::vector<YamlProblem> problems = ParseYamlTree(text, tree);
  if (!problems.empty()) return At(problems[0].line, problems[0].column, problems[0].message);
  constexpr char kForm[] = "environments are expected, each with its flags";
  if (tree.root == nullptr) return At(1, 1, kForm);
  const absl::Status mapping = CheckMapping(*tree.root, kForm);
  if (!mapping.ok()) return mapping;
  absl::StatusOr<v1::FlagStates> states = absl::FailedPreconditionError(
      absl::StrCat("the file has no environment ", Quoted(environment)));
  for (size_t i = 0; i + 1 < tree.root->items.size(); i += 2) {
    FlagList flags;
    const absl::Status read = ReadEnvironment(*tree.root->items[i + 1], flags);
    if (!read.ok()) return read;
    if (tree.root->items[i]->text == environment) states = flags.States("", true);
  }
  return states;
}

bool FlagFileReader::Read(const FlagQuestion& question, v1::FlagStates& states,
                          v1::Absence& absence) {
  const std::string path = FileFor(file_, question.environment);
  if (path.empty()) {
    return Fail(v1::ABSENCE_REASON_NOT_CONFIGURED,
                absl::StrCat("there is no file for the environment ", Quoted(question.environment),
                             "; name it in file.paths"),
                absence);
  }
  std::string text;
  if (!ReadFlagFile(path, text, absence)) return false;
  absl::StatusOr<v1::FlagStates> read = ParseFlagFile(text, question.name_there);
  if (!read.ok()) {
    return Check(absl::Status(read.status().code(),
                              absl::StrCat(path, ": ", std::string(read.status().message()))),
                 absence);
  }
  states = *std::move(read);
  states.set_server(path);
  return true;
}

}  // namespace gate
