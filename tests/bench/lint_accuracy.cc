// How often the migration rules are right about what PostgreSQL really did:
//
//   lint_accuracy [-v] LABELS.json CHECKOUT [LABELS.json CHECKOUT ...]
//
// LABELS.json says of each migration of a repository what changed when all were replayed in order:
//   {"repository": "a/b", "postgres": "15",
//    "files": {"db/1_a.sql": {"breaks": ["drop_col:public.t.a"], "locks": ["rewrite"]}}}
// CHECKOUT is that repository. The files of each are linted as one folder, and each rule and effect
// is held against its labels, file by file, over all repositories together. -v names the files in
// which they differ.
//
// Two labels count more than the rules speak of, and are narrowed here: an index that PostgreSQL
// builds again because it rewrites the table is no CREATE INDEX, and a foreign key is only looked
// up row by row where a table of before has got it (`fk` alone is said of new tables as well).
#include <algorithm>
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
  const char* name;
  std::set<std::string> found;  // rules or effects; any of them
  std::set<std::string> labels;
  std::set<std::string> also = {};  // not wrong by these, nor missed
};

const Topic kTopics[] = {
    {"structural",
     {"drop_column", "drop_table", "rename_column", "rename_table", "change_type", "set_not_null",
      "required_column"},
     {"drop_col", "drop_rel", "replaced_rel", "rename_col", "rename_rel", "type", "set_nn",
      "required_col"},
     {"rewrite", "verify"}},
    {"drop_column", {"drop_column"}, {"drop_col"}},
    {"drop_table", {"drop_table"}, {"drop_rel", "replaced_rel"}},
    {"rename_column", {"rename_column"}, {"rename_col"}},
    {"rename_table", {"rename_table"}, {"rename_rel"}},
    {"change_type", {"change_type"}, {"type"}, {"rewrite"}},  // one enum for another
    {"set_not_null", {"set_not_null", "key_not_null"}, {"set_nn"}, {"verify"}},
    {"required_column", {"required_column"}, {"required_col"}},
    {"drop_default", {"drop_default"}, {"drop_default_on_nn"}},
    {"new_unique", {"new_unique"}, {"new_unique", "new_con_u"}},
    {"new_check", {"new_check"}, {"new_con_c"}},
    {"new_foreign_key", {"new_foreign_key"}, {"new_con_f"}},
    {"new_exclusion", {"new_exclusion"}, {"new_con_x"}},
    {"drop_unique", {"drop_unique"}, {"drop_unique", "drop_con_u", "drop_con_p"}},
    {"drop_not_null", {"drop_not_null"}, {"drop_nn"}},
    {"drop_function", {"drop_function"}, {"drop_func"}},
    {"remove_enum_value", {"remove_enum_value"}, {"enum_removed"}},
    {"add_enum_value", {"add_enum_value"}, {"enum_added"}},
    {"BREAKS_RUNNING_VERSION",
     {"BREAKS_RUNNING_VERSION"},
     {"drop_col", "drop_rel", "rename_col", "rename_rel", "type", "set_nn", "required_col",
      "new_con_c", "new_con_f", "new_con_u", "new_con_x", "new_unique", "drop_con_u", "drop_con_p",
      "drop_unique", "enum_removed", "drop_default_on_nn", "drop_func"}},
    {"rewrites", {"REWRITES_TABLE"}, {"rewrite"}},
    {"scans", {"SCANS_TABLE"}, {"verify", "looked_up"}},
    {"index builds", {"index_not_concurrent"}, {"built"}, {"index"}},
};

struct File {
  std::string path;
  std::set<std::string> labels, found;
  std::set<std::string> rules;  // with the severity
};

struct Totals {
  std::vector<File> files;
  std::map<std::string, int> unproven;  // files, by the first words of what is not proven
};

std::set<std::string> LabelsOf(const nlohmann::json& file) {
  std::set<std::string> labels, whole;
  for (const char* list : {"breaks", "locks"}) {
    for (const std::string& label : file.value(list, std::vector<std::string>())) {
      whole.insert(label);
      labels.insert(label.substr(0, label.find(':')));
    }
  }
  for (const std::string& label : whole) {
    const bool index = label.starts_with("index:");
    if (index && !whole.contains("rewrite:" + label.substr(label.find(':') + 1))) {
      labels.insert("built");
    }
    if (label.starts_with("fk:")) labels.insert("looked_up");
  }
  if (whole.contains("fk") && labels.contains("new_con_f")) labels.insert("looked_up");
  return labels;
}

bool Share(const std::set<std::string>& a, const std::set<std::string>& b) {
  return std::ranges::any_of(a, [&b](const std::string& each) { return b.contains(each); });
}

void Print(const Topic& topic, const std::vector<File>& files, bool verbose) {
  int right = 0, wrong = 0, missed = 0;
  std::string differences;
  for (const File& file : files) {
    const bool found = Share(file.found, topic.found);
    const bool is = Share(file.labels, topic.labels) || (found && Share(file.labels, topic.also));
    right += found && is;
    wrong += found && !is;
    missed += !found && is;
    if (found != is) differences += (found ? "    wrong   " : "    missed  ") + file.path + "\n";
  }
  const auto share = [right](int others) {
    return right + others == 0 ? 1.0 : static_cast<double>(right) / (right + others);
  };
  std::printf("%-24s %6.3f %6.3f %6d %6d %6d\n", topic.name, share(wrong), share(missed), right,
              wrong, missed);
  if (verbose) std::fputs(differences.c_str(), stdout);
}

// How many files each rule speaks of.
void PrintRules(const std::vector<File>& files) {
  std::map<std::string, int> rules;
  for (const File& file : files) {
    for (const std::string& found : file.rules) ++rules[found];
  }
  std::printf("files, by rule:\n");
  for (const auto& [rule, count] : rules) std::printf("    %5d  %s\n", count, rule.c_str());
}

// The files that breaks of any kind are labelled for, and that nothing was said about.
void PrintSilent(const Totals& totals) {
  static const std::set<std::string> kHarmless = {"add_col", "enum_added", "drop_nn", "fk"};
  int without = 0, unproven = 0, silent = 0;
  std::string names;
  for (const File& file : totals.files) {
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
      "counts and without a finding:\n%sunproven, by statement:\n",
      totals.files.size(), without, unproven, silent, names.c_str());
  for (const auto& [words, count] : totals.unproven) {
    std::printf("    %5d  %s\n", count, words.c_str());
  }
}

std::string Read(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

// The first words of the line where a finding stands: "DO $$".
std::string WordsAt(const std::string& text, const gate::v1::Location& at) {
  std::istringstream lines(text);
  std::string line, words, word;
  for (int32_t i = 0; i < at.line(); ++i) std::getline(lines, line);
  std::istringstream rest(line.substr(std::min<size_t>(line.size(), at.column() - 1)));
  for (int i = 0; i < 2 && rest >> word; ++i) words += (i > 0 ? " " : "") + word;
  return words;
}

bool Measure(const std::string& labels_path, const std::string& checkout, Totals& totals) {
  const nlohmann::json labels = nlohmann::json::parse(Read(labels_path), nullptr, false);
  if (!labels.is_object() || !labels.contains("files")) return false;
  std::vector<gate::LintFile> texts;
  std::map<std::string, size_t> index;
  size_t bytes = 0;
  for (const auto& [path, file] : labels["files"].items()) {
    std::string text = Read(checkout + "/" + path);
    const std::set<std::string> truth = LabelsOf(file);
    const bool failed =
        std::ranges::any_of(truth, [](const auto& label) { return label.starts_with("FAIL"); });
    if (failed || text.empty()) continue;  // or not in this checkout
    index[path] = totals.files.size();
    totals.files.push_back({path, truth, {}, {}});
    bytes += text.size();
    texts.push_back({path, std::move(text)});
  }
  gate::LintOptions options;
  options.postgres_version = std::atoi(labels.value("postgres", "").c_str());
  const gate::v1::LintReport report = gate::LintMigrations(texts, options);
  const size_t first = totals.files.size() - texts.size();
  for (const gate::v1::Finding& finding : report.findings()) {
    const size_t at = index.at(finding.location().path());
    std::set<std::string>& found = totals.files[at].found;
    const std::string rule = finding.rule().substr(finding.rule().find('.') + 1);
    if (rule == "unproven" && !found.contains(rule)) {
      ++totals.unproven[WordsAt(texts[at - first].text, finding.location())];
    }
    found.insert(rule);
    const std::string& severity = gate::v1::Severity_Name(finding.severity());
    totals.files[at].rules.insert(rule + " " + severity.substr(sizeof("SEVERITY_") - 1));
    // A primary key makes its columns NOT NULL.
    const bool null = finding.message().find(" NULL") != std::string::npos;
    if (rule == "new_unique" && null) found.insert("key_not_null");
    for (const int effect : finding.effects()) {
      const std::string& name = gate::v1::Effect_Name(static_cast<gate::v1::Effect>(effect));
      found.insert(name.substr(sizeof("EFFECT_") - 1));
    }
  }
  std::printf("%s: %zu files, %zu bytes\n", labels.value("repository", "").c_str(), texts.size(),
              bytes);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool verbose = std::erase(arguments, "-v") > 0;
  Totals totals;
  bool good = !arguments.empty() && arguments.size() % 2 == 0;
  for (size_t i = 0; good && i < arguments.size(); i += 2) {
    good = Measure(arguments[i], arguments[i + 1], totals);
  }
  if (!good) {
    std::fputs("usage: lint_accuracy [-v] LABELS.json CHECKOUT [LABELS.json CHECKOUT ...]\n",
               stderr);
    return 2;
  }
  std::printf("%-24s %6s %6s %6s %6s %6s\n", "", "prec.", "recall", "right", "wrong", "missed");
  for (const Topic& topic : kTopics) Print(topic, totals.files, verbose);
  PrintSilent(totals);
  PrintRules(totals.files);
  return 0;
}
