// Whether code is off where nobody knows its flag.
#include "checks/flags/defaults.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "checks/flags/coverage.h"
#include "tests/flags/snapshot.h"

namespace gate::flags {
namespace {

struct Row {
  const char* what;
  const char* path;
  std::string text;
  bool off;
  std::map<std::string, std::string> others = {};
};

// A text without the line that is new in it.
std::string Before(const std::string& text) {
  const size_t call = std::min(text.find("t.v2()"), text.find("t.V2()"));
  const size_t begin = text.rfind('\n', call) + 1;
  return text.substr(0, begin) + text.substr(text.find('\n', call) + 1);
}

bool IsOff(const Row& row) {
  std::map<std::string, std::string> files = row.others;
  files[row.path] = row.text;
  FileChange change;
  change.path = row.path;
  change.base = Before(row.text);
  change.head = row.text;
  const Snapshot head(files);
  FlagQuestion question{"tasks_v2", {{"ask", 0}}};
  EXPECT_TRUE(Cover({change}, head, question).AllCovered()) << row.what;
  const Defaults defaults(head);
  question.defaults = &defaults;
  return Cover({change}, head, question).AllCovered();
}

std::string Python(const std::string& check) {
  return "def f(t):\n    if " + check + ":\n        t.v2()\n";
}
std::string Script(const std::string& check) {
  return "function f(t) {\n  if (" + check + ") {\n    t.v2()\n  }\n}\n";
}

TEST(Defaults, OffWhereNobodyKnowsTheFlag) {
  const std::string literal = "client.getBooleanValue('tasks_v2', false)";
  const std::string unleash = "unleash.isEnabled('tasks_v2')";
  const Row rows[] = {
      {"a literal", "a.ts", Script(literal), true},
      {"a literal that is named", "a.py",
       Python("client.get_boolean_value('tasks_v2', default_value=False)"), true},
      {"a literal of another name", "a.py",
       Python("client.get_boolean_value('tasks_v2', sticky=False)"), false},
      {"no default", "a.ts", Script("client.getBooleanValue('tasks_v2')"), false},
      {"a literal, last", "a.go",
       "package a\n\nfunc f(t T) {\n\tif ok, _ := c.BoolVariation(\"tasks_v2\", u, false); ok {\n"
       "\t\tt.V2()\n\t}\n}\n",
       true},
      {"Java", "A.java",
       "class A {\n  void f(T t) {\n    if (client.boolVariation(\"tasks_v2\", user, false)) {\n"
       "      t.v2();\n    }\n  }\n}\n",
       true},
      {"Kotlin", "a.kt",
       "fun f(t: T) {\n    if (client.boolVariation(\"tasks_v2\", user, false)) {\n        t.v2()\n"
       "    }\n}\n",
       true},
      {"Swift", "a.swift",
       "func f(t: T) {\n    if client.boolVariation(forKey: \"tasks_v2\", defaultValue: false) {\n"
       "        t.v2()\n    }\n}\n",
       true},
      {"C#", "A.cs",
       "class A {\n  void F(T t) {\n    if (client.BoolVariation(\"tasks_v2\", user, false)) {\n"
       "      t.V2();\n    }\n  }\n}\n",
       true},
      {"Unleash", "a.ts", Script(unleash), true},
      {"Unleash of this", "a.ts", Script("this.unleashClient.isEnabled('tasks_v2')"), true},
      {"Unleash in Ruby", "a.rb",
       "def f(t)\n  if UNLEASH.is_enabled?('tasks_v2')\n    t.v2\n  end\nend\n", true},
      {"Unleash with more", "a.ts", Script("unleash.isEnabled('tasks_v2', context)"), false},
      {"Unleash, negated", "a.py",
       "def f(t):\n    if not unleash.is_enabled('tasks_v2'):\n        return\n    t.v2()\n", true},
      {"who knows whose", "a.ts", Script("flags.isEnabled('tasks_v2')"), false},
      {"waffle", "a.py", Python("flag_is_active(request, 'tasks_v2')"), false},
      {"Flipper", "a.rb", "def f(t)\n  if Flipper.enabled?(:tasks_v2)\n    t.v2\n  end\nend\n",
       false},
      {"a wrapper", "a.py", Python("ask('tasks_v2')"), false},
      {"a property", "a.ts", Script("flags.tasks_v2.enabled"), false},
      {"a hook", "a.ts", Script("useFlags().tasksV2"), false},
      {"one of two", "a.ts", Script(literal + " && flags.isEnabled('tasks_v2')"), true},
      {"either of two", "a.ts", Script(literal + " || flags.isEnabled('tasks_v2')"), false},
      // The library's function is another one.
      {"a method of one's own",
       "a.ts",
       Script(unleash),
       false,
       {{"own.ts", "class Unleash {\n  isEnabled(name) {\n    return true\n  }\n}\n"}}},
      {"a function of one's own",
       "a.py",
       Python("unleash.is_enabled('tasks_v2')"),
       false,
       {{"unleash.py", "def is_enabled(name):\n    return True\n"}}},
      {"a lambda of one's own",
       "a.ts",
       Script(unleash),
       false,
       {{"own.ts", "export const unleash = { isEnabled: (name) => true }\n"}}},
      {"put in later",
       "a.ts",
       Script(unleash),
       false,
       {{"own.ts", "unleash.isEnabled = everything\n"}}},
      {"by its name as a text",
       "a.rb",
       "def f(t)\n  if UNLEASH.is_enabled?('tasks_v2')\n    t.v2\n  end\nend\n",
       false,
       {{"own.rb", "def_delegator :client, :is_enabled?\n"}}},
      {"an interface",
       "a.ts",
       Script(unleash),
       false,
       {{"own.ts", "interface Flags {\n  isEnabled(name: string): boolean\n}\n"}}},
      {"in a file that nobody reads",
       "a.ts",
       Script(unleash),
       false,
       {{"own.vue", "<script>function isEnabled() {}</script>\n"}}},
      {"in a file that is broken",
       "a.ts",
       Script(unleash),
       false,
       {{"own.ts", "unleash.isEnabled('b')\n)))) {\n"}}},
      {"a literal's of one's own",
       "a.ts",
       Script(literal),
       false,
       {{"own.ts", "class C {\n  getBooleanValue(name, sticky) {\n    return true\n  }\n}\n"}}},
      {"under another name",
       "a.ts",
       "import * as unleash from './own'\n" + Script(unleash),
       false,
       {{"own.ts", "export { everything as isEnabled } from './all'\n"}}},
      {"imported under another name", "a.ts",
       "import { everything as getBooleanValue } from 'all'\n" +
           Script("getBooleanValue('tasks_v2', false)"),
       false},
      {"Python, imported under another name", "a.py",
       "from all import everything as get_boolean_value\n" +
           Python("get_boolean_value('tasks_v2', False)"),
       false},
      {"imported", "a.py",
       "from openfeature import get_boolean_value\n" +
           Python("get_boolean_value('tasks_v2', False)"),
       true},
      // What has the name and is no function that could be asked.
      {"other flags",
       "a.ts",
       Script(unleash),
       true,
       {{"b.ts", "if (unleash.isEnabled('other')) {\n  b()\n}\n"}}},
      {"a test's",
       "a.ts",
       Script(unleash),
       true,
       {{"tests/own.ts", "const unleash = { isEnabled: (name) => true }\n"}}},
      {"a value",
       "a.ts",
       Script(unleash),
       true,
       {{"b.ts", "button.isEnabled = true\nif (button.isEnabled && x) {\n  b()\n}\n"}}},
  };
  for (const Row& row : rows) EXPECT_EQ(IsOff(row), row.off) << row.what;
}

}  // namespace
}  // namespace gate::flags
