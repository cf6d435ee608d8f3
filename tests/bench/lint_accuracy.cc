// How often the migration rules are right about what PostgreSQL really did:
//
//   lint_accuracy LABELS.json CHECKOUT [-v]
//
// LABELS.json says of each migration of a repository what changed when all were replayed in order:
//   {"repository": "a/b", "postgres": "15",
//    "files": {"db/1_a.sql": {"breaks": ["drop_col:public.t.a"], "locks": ["rewrite"]}}}
// CHECKOUT is that repository. The files are linted as one folder, and each rule and effect is held
// against its labels, file by file. -v names the files in which they differ.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "checks/migration/lint.h"
#include "nlohmann/json.hpp"

namespace {

// What was found, and the labels that it has to go with. A label is all that stands before its ':'.
struct Topic {
  const char* found;  // a rule, or an effect
  std::set<std::string> labels;
};

const Topic kTopics[] = {
    {"drop_column", {"drop_col"}},
    {"drop_table", {"drop_rel", "replaced_rel"}},
    {"rename_column", {"rename_col"}},
    {"rename_table", {"rename_rel"}},
    {"change_type", {"type", "rewrite"}},
    {"set_not_null", {"set_nn"}},
    {"required_column", {"required_col"}},
    {"drop_default", {"drop_default_on_nn"}},
    {"index_not_concurrent", {"index"}},
    {"new_unique", {"new_unique", "new_con_u"}},
    {"new_check", {"new_con_c"}},
    {"new_foreign_key", {"new_con_f"}},
    {"new_exclusion", {"new_con_x"}},
    {"drop_unique", {"drop_unique", "drop_con_u", "drop_con_p"}},
    {"drop_not_null", {"drop_nn"}},
    {"drop_function", {"drop_func"}},
    {"remove_enum_value", {"enum_removed"}},
    {"add_enum_value", {"enum_added"}},
    {"BREAKS_RUNNING_VERSION",
     {"drop_col", "drop_rel", "rename_col", "rename_rel", "type", "set_nn", "required_col",
      "new_con_c", "new_con_f", "new_con_u", "new_con_x", "new_unique", "drop_con_u", "drop_con_p",
      "drop_unique", "enum_removed", "drop_default_on_nn", "drop_func"}},
    {"REWRITES_TABLE", {"rewrite"}},
    {"SCANS_TABLE", {"verify", "fk"}},
};

struct File {
  std::string path;
  std::set<std::string> labels, found;
};

std::set<std::string> LabelsOf(const nlohmann::json& file) {
  std::set<std::string> labels;
  for (const char* list : {"breaks", "locks"}) {
    for (const std::string& label : file.value(list, std::vector<std::string>())) {
      labels.insert(label.substr(0, label.find(':')));
    }
  }
  return labels;
}

bool Share(const std::set<std::string>& a, const std::set<std::string>& b) {
  for (const std::string& each : a) {
    if (b.contains(each)) return true;
  }
  return false;
}

void Print(const Topic& topic, const std::vector<File>& files, bool verbose) {
  int right = 0, wrong = 0, missed = 0;
  std::string differences;
  for (const File& file : files) {
    const bool found = file.found.contains(topic.found), is = Share(file.labels, topic.labels);
    right += found && is;
    wrong += found && !is;
    missed += !found && is;
    if (found != is) differences += (found ? "    wrong   " : "    missed  ") + file.path + "\n";
  }
  const auto share = [right](int others) {
    return right + others == 0 ? 1.0 : static_cast<double>(right) / (right + others);
  };
  std::printf("%-24s %6.3f %6.3f %6d %6d %6d\n", topic.found, share(wrong), share(missed), right,
              wrong, missed);
  if (verbose) std::fputs(differences.c_str(), stdout);
}

// The files that breaks of any kind are labelled for, and that nothing was said about.
void PrintSilent(const std::vector<File>& files) {
  static const std::set<std::string> kHarmless = {"add_col", "enum_added", "drop_nn", "fk"};
  int without = 0, unproven = 0, silent = 0;
  std::string names;
  for (const File& file : files) {
    without += file.found.empty();
    unproven += file.found.contains("unproven");
    bool breaks = false;
    for (const std::string& label : file.labels) {
      breaks = breaks || (!kHarmless.contains(label) && !label.ends_with("Lock"));
    }
    if (!breaks || !file.found.empty()) continue;
    ++silent;
    names += "    " + file.path + ":";
    for (const std::string& label : file.labels) names += " " + label;
    names += "\n";
  }
  std::printf(
      "%zu files, %d without a finding, %d with something unproven\n%d with a label that "
      "counts and without a finding:\n%s",
      files.size(), without, unproven, silent, names.c_str());
}

std::string Read(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  const nlohmann::json labels =
      argc < 3 ? nlohmann::json() : nlohmann::json::parse(Read(argv[1]), nullptr, false);
  if (!labels.is_object() || !labels.contains("files")) {
    std::fputs("usage: lint_accuracy LABELS.json CHECKOUT [-v]\n", stderr);
    return 2;
  }
  const bool verbose = argc > 3 && std::string_view(argv[3]) == "-v";
  std::vector<gate::LintFile> texts;
  std::vector<File> files;
  std::map<std::string, size_t> index;
  size_t bytes = 0;
  for (const auto& [path, file] : labels["files"].items()) {
    const std::string text = Read(std::string(argv[2]) + "/" + path);
    File entry{path, LabelsOf(file), {}};
    bool failed = text.empty();  // or not in this checkout
    for (const std::string& label : entry.labels) failed = failed || label.starts_with("FAIL");
    if (failed) continue;
    index[path] = files.size();
    files.push_back(std::move(entry));
    texts.push_back({path, text});
    bytes += text.size();
  }
  gate::LintOptions options;
  options.postgres_version = std::atoi(labels.value("postgres", "").c_str());
  const gate::v1::LintReport report = gate::LintMigrations(texts, options);
  for (const gate::v1::Finding& finding : report.findings()) {
    std::set<std::string>& found = files[index.at(finding.location().path())].found;
    found.insert(finding.rule().substr(finding.rule().find('.') + 1));
    for (const int effect : finding.effects()) {
      const std::string& name = gate::v1::Effect_Name(static_cast<gate::v1::Effect>(effect));
      found.insert(name.substr(sizeof("EFFECT_") - 1));
    }
  }
  std::printf("%s, %zu bytes\n%-24s %6s %6s %6s %6s %6s\n", labels.value("repository", "").c_str(),
              bytes, "", "prec.", "recall", "right", "wrong", "missed");
  for (const Topic& topic : kTopics) Print(topic, files, verbose);
  PrintSilent(files);
  return 0;
}
