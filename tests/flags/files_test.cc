// Which files count, which are read to find out who calls what, and how lines are put together.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/flags/binary.h"
#include "checks/flags/coverage.h"
#include "checks/flags/stretches.h"
#include "checks/flags/word_index.h"
#include "tests/flags/snapshot.h"

namespace gate::flags {
namespace {

using State = ChangedLine::State;
using Lines = std::vector<std::string>;
using Texts = std::map<std::string, std::string>;

const FlagQuestion kQuestion = {"tasks_v2", {}};

std::vector<std::string> Told(const Coverage& coverage) {
  std::vector<std::string> told;
  for (const ChangedLine& line : coverage.lines) {
    const char* state = line.state == State::kCovered     ? "covered"
                        : line.state == State::kUncovered ? "uncovered"
                                                          : "unknown";
    told.push_back(absl::StrCat(line.place.path, ":", line.place.line, " ", state, " ", line.rule));
  }
  return told;
}

TEST(FilesTest, CodeThatIsMovedIntoTestsIsGone) {
  const std::string code = "def store(task):\n    task.save()\n";
  const Coverage coverage =
      Cover({{"tests/store.py", "app/store.py", code, code}}, Snapshot(Texts()), kQuestion);
  EXPECT_EQ(Told(coverage), (Lines{"app/store.py:1 uncovered removed"}));
}

TEST(FilesTest, CodeThatIsMovedOutOfTestsIsNew) {
  const std::string code = "task.save()\n";
  const Coverage coverage = Cover({{"app/store.py", "tests/store.py", code, code}},
                                  Snapshot(Texts{{"app/store.py", code}}), kQuestion);
  EXPECT_EQ(Told(coverage), (Lines{"app/store.py:1 uncovered load"}));
}

TEST(FilesTest, TestsAndDocumentationDoNotCount) {
  const std::string code = "task.save()\n";
  EXPECT_TRUE(Cover({{"tests/store.py", "", code, std::nullopt},
                     {"src/list.spec.ts", "", std::nullopt, code},
                     {"docs/guide.md", "", code, code + code}},
                    Snapshot(Texts()), kQuestion)
                  .lines.empty());
}

TEST(FilesTest, PicturesDoNotCountAndProgramsDo) {
  const std::string picture("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
  const std::string program(
      "\x7f"
      "ELF\2\1\1\0",
      8);  // NOLINT: two literals
  const Coverage coverage = Cover({{"web/logo.png", "", std::nullopt, picture},
                                   {"web/hidden.png", "", std::nullopt, program},
                                   {"web/gone.png", "", picture, std::nullopt},
                                   {"bin/tool", "", std::nullopt, program},
                                   {"app/strange.py", "", std::nullopt, "a(\0)"}},
                                  Snapshot(Texts()), kQuestion);
  EXPECT_EQ(Told(coverage), (Lines{"app/strange.py:1 unknown unknown", "bin/tool:1 unknown unknown",
                                   "web/hidden.png:1 unknown unknown"}));
}

TEST(FilesTest, WhatIsNeededOfTheCodeIsReadAndNoMore) {
  const std::string before = "def store(task):\n    task.save()\n";
  const std::string after = before + "    task.log_v2()\n";
  Texts files = {{"app/store.py", after}};
  for (int i = 100; i < 200; ++i) {
    files[absl::StrCat("app/view", i, ".py")] = "def view(task):\n    store(task)\n";
    files[absl::StrCat("app/other", i, ".py")] = "def other(task):\n    task.restore()\n";
  }
  const Snapshot snapshot(files);
  const Coverage coverage = Cover({{"app/store.py", "", before, after}}, snapshot, kQuestion);
  EXPECT_EQ(Told(coverage), (Lines{"app/store.py:3 uncovered called"}));
  EXPECT_EQ(coverage.lines[0].witness[0].path, "app/view100.py");
  // The first caller, and the first who mentions its caller, where a second is looked for.
  EXPECT_LE(snapshot.reads(), 100);
}

TEST(FilesTest, WhoIsMentionedWhereNobodyCanReadIsUnknown) {
  const std::string code = "def store(task):\n    task.log_v2()\n";
  const Coverage coverage =
      Cover({{"app/store.py", "", std::nullopt, code}},
            Snapshot(Texts{{"app/store.py", code}, {"jobs.yaml", "run: app.store\n"}}), kQuestion);
  ASSERT_EQ(Told(coverage), (Lines{"app/store.py:2 unknown unknown"}));
  EXPECT_EQ(coverage.lines[0].reason,
            "it is mentioned in jobs.yaml, which cannot be read: there is no grammar for this "
            "language");
}

// What is said of a new function of that text, where another file has this in it.
std::string ToldOfCallee(const std::string& path, const std::string& code,
                         const std::string& caller, const std::string& text) {
  const Coverage coverage = Cover({{path, "", std::nullopt, code}},
                                  Snapshot(Texts{{path, code}, {caller, text}}), kQuestion);
  return coverage.lines.empty() ? "" : coverage.lines.back().rule;
}

TEST(FilesTest, WhoIsImportedByAnotherNameIsCalledByIt) {
  struct Case {
    std::string path, base, head, other, as_it_is, by_another;
    int line;
  };
  const std::vector<Case> cases = {
      {"a.py", "def f():\n    go()\n", "def f():\n    go()\n    renew()\n", "b.py",
       "from a import f\ndef t():\n    if is_enabled('tasks_v2'):\n        f()\n",
       "from a import h, f as g\ndef s():\n    g()\n", 3},
      {"a.ts", "export const f = () => {\n  go();\n};\n",
       "export const f = () => {\n  go();\n  renew();\n};\n", "b.ts",
       "import { f } from './a';\nfunction t() { if (isEnabled('tasks_v2')) f(); }\n",
       "import { f as g } from './a';\nfunction s() { g(); }\n", 3},
      {"a.kt", "fun f() {\n    go()\n}\n", "fun f() {\n    go()\n    renew()\n}\n", "b.kt",
       "import a.f\nfun t() { if (flags.isEnabled(\"tasks_v2\")) f() }\n",
       "import a.f as g\nfun s() { g() }\n", 3},
  };
  for (const Case& each : cases) {
    const std::vector<FileChange> change = {{each.path, each.path, each.base, each.head}};
    const Texts plain = {{each.path, each.head}, {each.other, each.as_it_is}};
    EXPECT_EQ(Told(Cover(change, Snapshot(plain), kQuestion)),
              (Lines{absl::StrCat(each.path, ":", each.line, " covered G8")}));
    Texts renamed = plain;
    renamed["c" + each.path.substr(1)] = each.by_another;
    EXPECT_EQ(Told(Cover(change, Snapshot(renamed), kQuestion)),
              (Lines{absl::StrCat(each.path, ":", each.line, " uncovered called")}));
  }
}

// What is called by an interface may be any that has the name.
TEST(FilesTest, WhatAnInterfaceDeclaresIsItsImplementations) {
  const std::string declares = "interface Store {\n  void loadAll();\n}\n";
  const std::string has =
      "class Full implements Store {\n  public void loadAll() { renew(); }\n}\n";
  const std::string guarded =
      "class A {\n  void a(Store s) { if (flags.isEnabled(\"tasks_v2\")) s.loadAll(); }\n}\n";
  const std::string live = "class B {\n  void b(Other s) { s.loadAll(); }\n}\n";
  const std::vector<FileChange> change = {
      {"Store.java", "Store.java", "interface Store {\n}\n", declares},
      {"Full.java", "Full.java", "class Full implements Store {\n}\n", has}};
  const Texts texts = {{"Store.java", declares}, {"Full.java", has}, {"A.java", guarded}};
  EXPECT_EQ(Told(Cover(change, Snapshot(texts), kQuestion)), (Lines{"Full.java:2 covered G8"}));
  Texts more = texts;
  more["B.java"] = live;
  EXPECT_EQ(Told(Cover(change, Snapshot(more), kQuestion)),
            (Lines{"Full.java:2 uncovered called"}));
}

TEST(FilesTest, WhoIsMentionedInATemplateIsCalledThere) {
  const std::string helper = "def fresh(task)\n  task.log_v2\nend\n";
  const auto told = [&](const std::string& text) {
    return ToldOfCallee("app/tasks_helper.rb", helper, "app/list.html.erb", text);
  };
  EXPECT_EQ(told("<% if Flipper.enabled?(:tasks_v2) %><%= fresh(t) %><% end %>\n"), "G8");
  EXPECT_EQ(told("<% if Flipper.enabled?(:tasks_v2) %>a<% end %><%= fresh(t) %>\n"), "called");
  EXPECT_EQ(told("<% if @late %><%= fresh(t) %><% end %>\n"), "called");
  EXPECT_EQ(told("<% if Flipper.enabled?(:tasks_v2) %><%= fresh(t) %>\n"), "unknown");
  EXPECT_EQ(told("<%# fresh %>\n"), "unknown") << "nothing calls it";
}

TEST(FilesTest, WhoIsMentionedInAScriptOfATemplateIsCalledThere) {
  const std::string script = "function fresh(task) {\n  task.log()\n}\n";
  for (const char* path : {"web/list.html", "web/list.j2"}) {
    const auto told = [&](const std::string& text) {
      return ToldOfCallee("web/tasks.js", script, path, text);
    };
    EXPECT_EQ(told("{% if is_enabled('tasks_v2') %}<a onclick=\"fresh(this)\">{% endif %}\n"),
              "G8");
    EXPECT_EQ(told("{% if task.late %}<a onclick=\"fresh(this)\">{% endif %}\n"), "called");
    EXPECT_EQ(told("{% if is_enabled('tasks_v2') %}{% raw %}fresh{% endraw %}{% else %}"
                   "<script>fresh()</script>{% endif %}\n"),
              "called");
    EXPECT_EQ(told("{% ours %}<a onclick=\"fresh(this)\">{% endours %}\n"), "unknown");
  }
}

TEST(FilesTest, WhoIsImportedByAnotherNameIsCalledByThat) {
  const auto told = [](const std::string& ending, const std::string& code,
                       const std::string& guarded, const std::string& text) {
    const std::string path = "app/store" + ending;
    const Coverage coverage =
        Cover({{path, "", std::nullopt, code}},
              Snapshot(Texts{{path, code}, {"app/a" + ending, guarded}, {"app/b" + ending, text}}),
              kQuestion);
    return coverage.lines.back().rule;
  };
  const std::string python = "def fresh(task):\n    task.log_v2()\n";
  const std::string python_guarded = "def go(t):\n    if flag_on('tasks_v2'):\n        fresh(t)\n";
  EXPECT_EQ(told(".py", python, python_guarded, "from app.store import fresh\n"), "G8");
  EXPECT_NE(told(".py", python, python_guarded,
                 "from app.store import fresh as renew\ndef other(t):\n    renew(t)\n"),
            "G8");
  const std::string script = "export function fresh(t) {\n  t.log()\n}\n";
  const std::string script_guarded =
      "function go(f, t) {\n  if (f.isEnabled('tasks_v2')) fresh(t)\n}\n";
  EXPECT_EQ(told(".ts", script, script_guarded, "import { fresh } from './store'\n"), "G8");
  EXPECT_NE(
      told(".ts", script, script_guarded, "import { fresh as renew } from './store'\nrenew(t)\n"),
      "G8");
  EXPECT_NE(told(".ts", script, script_guarded, "export { fresh as renew } from './store'\n"),
            "G8");
  const std::string by_default = "export default " + script.substr(7);
  EXPECT_NE(told(".ts", by_default, script_guarded, "import renew from './store'\nrenew(t)\n"),
            "G8");
  const std::string macro = "{% macro fresh(t) %}\n<p>\n{% endmacro %}\n";
  const std::string macro_guarded = "{% if is_enabled('tasks_v2') %}{{ fresh(t) }}{% endif %}\n";
  EXPECT_EQ(told(".j2", macro, macro_guarded, "{% from 'store.j2' import fresh %}\n"), "G8");
  EXPECT_NE(told(".j2", macro, macro_guarded,
                 "{% from 'store.j2' import fresh as renew %}{{ renew(t) }}\n"),
            "G8");
}

// What is said of the first line of a new module, where other files have these texts.
std::string ToldOfModule(const std::string& path, const std::string& code, Texts others) {
  others[path] = code;
  const Coverage coverage =
      Cover({{path, "", std::nullopt, code}}, Snapshot(std::move(others)), kQuestion);
  return coverage.lines[0].rule;
}

TEST(FilesTest, AModuleThatIsOnlyLoadedBehindACheckIsCovered) {
  const std::string code = "import { a } from './a'\nstart(a)\n";
  const auto told = [&](const std::string& text, const std::string& path = "web/fresh_v2.ts") {
    return ToldOfModule(path, code, {{"web/list.tsx", text}});
  };
  const std::string lazy = "const Fresh = React.lazy(() => import('./fresh_v2'))\n";
  const std::string shows =
      "function List() {\n  const on = useFlag('tasks_v2')\n"
      "  return <p>{on && <Fresh/>}</p>\n}\n";
  EXPECT_EQ(told("async function go(f) {\n  if (f.isEnabled('tasks_v2')) {\n"
                 "    await import('./fresh_v2')\n  }\n}\n"),
            "G9");
  EXPECT_EQ(told("function go(f) {\n  if (!f.isEnabled('tasks_v2')) return\n"
                 "  require('./fresh_v2').go()\n}\n"),
            "G9");
  EXPECT_EQ(told(lazy + shows), "G9");
  // As the module is loaded with the other.
  EXPECT_NE(told("import { go } from './fresh_v2'\n"), "G9");
  EXPECT_NE(told("const fresh = import('./fresh_v2')\n" + shows), "G9");
  EXPECT_NE(told("if (f.isEnabled('tasks_v2')) require('./fresh_v2')\n"), "G9");
  EXPECT_NE(told("async function go(f) {\n  if (f.isEnabled('tasks_v2') || f.ok) {\n"
                 "    await import('./fresh_v2')\n  }\n}\n"),
            "G9");
  // Somebody else names it, or nobody loads it.
  EXPECT_NE(told(lazy + shows + "routes.push('/fresh_v2')\n"), "G9");
  EXPECT_NE(told("export " + lazy + shows), "G9");
  EXPECT_NE(told(lazy + shows + "register(Fresh)\n"), "G9");
  EXPECT_NE(told("let Fresh = React.lazy(() => import('./fresh_v2'))\n" + shows), "G9");
  EXPECT_NE(told("function go(f) {\n  if (f.isEnabled('tasks_v2')) log('fresh_v2')\n}\n"), "G9");
  EXPECT_NE(told("function go() {}\n"), "G9");
  EXPECT_NE(told(lazy + shows, "pages/fresh_v2.ts"), "G9");
  EXPECT_NE(ToldOfModule("web/fresh_v2.ts", code,
                         {{"web/list.tsx", lazy + shows}, {"package.json", "fresh_v2"}}),
            "G9");

  const std::string python = "import a\na.start()\n";
  const auto told_python = [&](const std::string& text) {
    return ToldOfModule("store/fresh_v2.py", python, {{"store/list.py", text}});
  };
  EXPECT_EQ(told_python("def go(t):\n    if flag_on('tasks_v2'):\n"
                        "        from . import fresh_v2\n        fresh_v2.go(t)\n"),
            "G9");
  EXPECT_NE(told_python("if flag_on('tasks_v2'):\n    from . import fresh_v2\n"), "G9");
  EXPECT_NE(told_python("def go(t):\n    from store import fresh_v2\n"
                        "    if flag_on('tasks_v2'):\n        fresh_v2.go(t)\n"),
            "G9");
}

TEST(FilesTest, AFilterThatSomebodyElseKnowsIsNoGuard) {
  const std::string code =
      "class TasksController < Base\n"
      "  before_action :gate\n"
      "  def fresh\n"
      "    Task.v2!\n"
      "  end\n"
      "  def gate\n"
      "    head :not_found unless Flipper.enabled?(:tasks_v2)\n"
      "  end\n"
      "end\n";
  const std::string before =
      "class TasksController < Base\n  before_action :gate\n  def fresh\n"
      "  end\n" +
      code.substr(code.find("  def gate"));
  const auto told = [&](const std::string& path, const std::string& other) {
    return Cover({{"app/tasks.rb", "", before, code}},
                 Snapshot(Texts{{"app/tasks.rb", code}, {path, other}}), kQuestion)
        .lines[0]
        .rule;
  };
  EXPECT_EQ(told("app/other.rb", "Other.new\n"), "G5");
  EXPECT_EQ(told("spec/tasks_spec.rb", "describe TasksController\n"), "G5");
  EXPECT_NE(told("app/parts.rb", "class PartsController < TasksController\nend\n"), "G5");
  EXPECT_NE(told("app/loose.rb", "module Loose\n  def gate\n  end\nend\n"), "G5");
  EXPECT_NE(told("app/skip.rb", "skip_before_action :gate\n"), "G5");
}

TEST(FilesTest, WhatTheRuntimeCallsHasNoOtherWitness) {
  const std::string before =
      "def other():\n    Task().save()\n\nclass Task:\n    def save(self):\n";
  const std::string after = before + "        self.log()\n";
  const Coverage coverage = Cover({{"app/task.py", "", before + "        pass\n", after}},
                                  Snapshot(Texts{{"app/task.py", after}}), kQuestion);
  ASSERT_EQ(coverage.lines.size(), 1u);
  EXPECT_EQ(coverage.lines[0].runtime, "save");
  EXPECT_TRUE(coverage.lines[0].witness.empty());
}

TEST(StretchesTest, LinesOfWhichTheSameIsSaidAreOne) {
  const std::string before =
      "def store(task):\n"
      "    task.a()\n"
      "    task.b()\n";
  const std::string after =
      "def store(task):\n"
      "    task.new()\n"
      "\n"
      "    # Twice.\n"
      "    task.new()\n"
      "    task.a()\n"
      "    task.new()\n"
      "    if flag_on('tasks_v2'):\n"
      "        task.v2()\n"
      "    task.new()\n"
      "    task.b()\n";
  const Coverage coverage = Cover({{"app/store.py", "", before, after}},
                                  Snapshot(Texts{{"app/store.py", after}}), kQuestion);
  std::vector<std::string> ranges;
  for (const Stretch& stretch : UncoveredStretches(coverage)) {
    ranges.push_back(
        absl::StrCat(stretch.first->place.line, "-", stretch.end_line, " of ", stretch.lines));
  }
  EXPECT_EQ(ranges, (Lines{"2-5 of 2", "7-7 of 1", "10-10 of 1"}));
}

TEST(WordIndexTest, WordsAreFoundWhole) {
  WordIndex index;
  index.Begin("b");
  index.Append("store(ta");
  index.Append("sk); a.réserve");
  index.End();
  index.Begin("a");
  index.Append("restore store_2 task");
  index.End();
  index.AddUnknown("c");
  EXPECT_EQ(index.Mentioning("store"), (Lines{"b", "c"}));
  EXPECT_EQ(index.Mentioning("task"), (Lines{"a", "b", "c"}));
  EXPECT_EQ(index.Mentioning("réserve"), (Lines{"b", "c"}));
  EXPECT_EQ(index.Mentioning("store_2"), (Lines{"a", "c"}));
  EXPECT_EQ(index.Mentioning("ta"), (Lines{"c"}));
  EXPECT_EQ(index.Mentioning("task.store"), (Lines{"b", "c"})) << "all of its words";
  EXPECT_EQ(index.Mentioning("task?"), (Lines{"a", "b", "c"}));
}

}  // namespace
}  // namespace gate::flags
