// Where code asks for a flag: the idioms of the flag libraries, and a project's own wrappers.
#ifndef CHECKS_FLAGS_FLAG_READS_H_
#define CHECKS_FLAGS_FLAG_READS_H_

#include <string>
#include <string_view>
#include <vector>

#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// A function of the project's own that tells whether a flag is on.
struct Wrapper {
  // As it is called, or the end of that: "isEnabled", "this.flags.isEnabled".
  std::string function;
  // Which argument names the flag, from 0; kProperty: it is read without a call.
  int argument = 0;
  static constexpr int kProperty = -1;
};

class Defaults;

struct FlagQuestion {
  std::string flag;
  std::vector<Wrapper> wrappers;
  // Where given, those reads count alone that are false where nobody knows the flag.
  const Defaults* defaults = nullptr;
};

class FlagReads {
 public:
  explicit FlagReads(FlagQuestion question);

  enum class Answer {
    kNone,     // It does not ask for this flag.
    kOn,       // True where the flag is on, false where it is off.
    kOff,      // The other way round.
    kUnknown,  // It asks, and what comes out with the flag off is not known: `why`.
  };
  struct Read {
    Answer answer = Answer::kNone;
    std::string_view why;
    // Whether all that is worked out to ask is names and literals: nothing else happens.
    bool pure = true;
    // Whether it is known to be false where nobody knows the flag; found out for `defaults` alone.
    bool falls_back = false;
  };

  // What an expression asks, or a name that is taken out of what a hook gives. Conditions made of
  // several are not looked into.
  Read At(const SyntaxTree& tree, NodeId node) const;

  // What a member of that name asks, of what a hook gives: useFlags().tasksV2,
  // useFeature("tasks_v2").on.
  Read OfHook(const SyntaxTree& tree, std::string_view member, NodeId call) const;

  // Whether code may ask for the flag anywhere in a text; false: At says kNone of all of it.
  bool MayBeIn(std::string_view text) const;

  // Whether it counts: where `defaults` are given, not each does.
  bool Counts(const Read& read) const { return question_.defaults == nullptr || read.falls_back; }

  const std::string& flag() const { return question_.flag; }
  // What the project's own wrappers are called.
  const std::vector<std::string>& own_names() const { return own_names_; }

 private:
  bool NamesFlag(const SyntaxTree& tree, NodeId node) const;
  // The flag itself, as an object that can be asked: Features.tasks_v2, Flipper[:tasks_v2].
  bool IsFlag(const SyntaxTree& tree, NodeId node) const;
  // A tag of a template, which asks with what is in it.
  Read OfTag(const SyntaxTree& tree, NodeId call, NodeId tag) const;

  const FlagQuestion question_;
  std::vector<std::string> own_names_;
  const std::string plain_flag_;  // Its letters and digits alone, small.
};

// The call whose result a name is taken out of, without a default: of `const { on } = useX()`; 0
// for none.
NodeId TakenOutOf(const SyntaxTree& tree, NodeId name);

// The last part of a chain of names: "isEnabled" of this.flags.isEnabled.
std::string_view LastName(const SyntaxTree& tree, NodeId node);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_FLAG_READS_H_
