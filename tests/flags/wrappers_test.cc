// A project's own ways to ask for a flag, as they are declared with --wrapper.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "checks/flags/coverage.h"
#include "tests/flags/cases.h"

namespace gate::flags {
namespace {

// By line, of a file that is new: the rule that covers it, or "-".
std::map<int, std::string> RulesOf(const std::string& path, const std::string& text,
                                   const Wrapper& wrapper) {
  FileChange change;
  change.path = path;
  change.head = text;
  const FileTexts files = {{path, text}};
  std::map<int, std::string> rules;
  const Coverage coverage = Cover({change}, Texts(files), {kCaseFlag, {wrapper}});
  for (const ChangedLine& line : coverage.lines) {
    const bool covered = line.state == ChangedLine::State::kCovered;
    rules[line.place.line] = covered ? line.rule : "-";
  }
  return rules;
}

TEST(Wrappers, AskWithTheFlagAsAnArgument) {
  const auto rules = RulesOf("a.py",
                             "def archive(t):\n"
                             "    if beta(t.owner, 'tasks_v2'):\n"
                             "        t.v2()\n"
                             "    if beta('tasks_v2', t.owner):\n"
                             "        t.v2()\n"
                             "    if alphabeta(t.owner, 'tasks_v2'):\n"
                             "        t.v2()\n",
                             {"beta", 1});
  EXPECT_EQ(rules.at(2), "check");
  EXPECT_EQ(rules.at(3), "G1");
  EXPECT_EQ(rules.at(5), "-");
  EXPECT_EQ(rules.at(7), "-");
}

TEST(Wrappers, AreReadWithoutACall) {
  const Wrapper wrapper = {"showsTasks", Wrapper::kProperty};
  const auto swift = RulesOf("a.swift",
                             "func archive(t: Task) {\n"
                             "    if model.showsTasks {\n"
                             "        t.v2()\n"
                             "    }\n"
                             "    if model.showsTasks.count {\n"
                             "        t.v2()\n"
                             "    }\n"
                             "}\n",
                             wrapper);
  EXPECT_EQ(swift.at(2), "check");
  EXPECT_EQ(swift.at(3), "G1");
  EXPECT_EQ(swift.at(5), "-");
  EXPECT_EQ(swift.at(6), "-");
  const auto typescript = RulesOf("a.ts",
                                  "function archive(t) {\n"
                                  "  if (this.model.showsTasks && t.ok) {\n"
                                  "    t.v2()\n"
                                  "  }\n"
                                  "  if (!showsTasks) return\n"
                                  "  t.v3()\n"
                                  "}\n",
                                  wrapper);
  EXPECT_EQ(typescript.at(2), "check");
  EXPECT_EQ(typescript.at(3), "G1");
  EXPECT_EQ(typescript.at(5), "check");
  EXPECT_EQ(typescript.at(6), "G4");
}

TEST(Wrappers, AreAskedInTemplates) {
  const auto rules = RulesOf("a.html",
                             "{% if tasks_v2 %}\n"
                             "<p>New</p>\n"
                             "{% endif %}\n"
                             "{% if user.tasks_v2.size %}\n"
                             "<p>New</p>\n"
                             "{% endif %}\n"
                             "{% if not tasks_v2 or user.late %}\n"
                             "<p>Old</p>\n"
                             "{% else %}\n"
                             "<p>New</p>\n"
                             "{% endif %}\n"
                             "{% if tasks_v2 != False %}\n"
                             "<p>Where it is missing, too</p>\n"
                             "{% endif %}\n",
                             {"tasks_v2", Wrapper::kProperty});
  EXPECT_EQ(rules.at(1), "check");
  EXPECT_EQ(rules.at(2), "G1");
  EXPECT_EQ(rules.at(4), "-");
  EXPECT_EQ(rules.at(5), "-");
  EXPECT_EQ(rules.at(8), "-");
  EXPECT_EQ(rules.at(10), "G2");
  EXPECT_EQ(rules.at(13), "-");
  const auto tag = RulesOf("a.html",
                           "{% beta user \"tasks_v2\" %}\n"
                           "<p>New</p>\n"
                           "{% else %}\n"
                           "<p>Old</p>\n"
                           "{% endbeta %}\n"
                           "{% beta user \"tasks_v1\" %}\n"
                           "<p>New</p>\n"
                           "{% endbeta %}\n"
                           "{% beta user|load \"tasks_v2\" %}\n"
                           "<p>New</p>\n"
                           "{% endbeta %}\n",
                           {"beta", 1});
  EXPECT_EQ(tag.at(1), "check");
  EXPECT_EQ(tag.at(2), "G1");
  EXPECT_EQ(tag.at(4), "-");
  EXPECT_EQ(tag.at(7), "-");
  EXPECT_EQ(tag.at(9), "-");
  const auto erb = RulesOf("a.erb",
                           "<% if beta?(\"tasks_v2\") %>\n"
                           "<p>New</p>\n"
                           "<% end %>\n",
                           {"beta?", 0});
  EXPECT_EQ(erb.at(2), "G1");
}

}  // namespace
}  // namespace gate::flags
