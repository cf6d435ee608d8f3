// What a check of a flag falls back to where nobody knows the flag: the server does not have it, or
// has no answer.
#ifndef CHECKS_FLAGS_DEFAULTS_H_
#define CHECKS_FLAGS_DEFAULTS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "checks/flags/syntax_tree.h"

namespace gate::flags {

class Sources;

// A call that asks for a flag.
struct FlagCall {
  std::string_view called;        // what is called, as it is written: "this.unleash.isEnabled"
  std::string_view name;          // the last part of it
  std::vector<NodeId> arguments;  // their values
  bool has_default = false;       // one of them is the default, and that is a literal false
  NodeId default_argument = 0;
};

// Handed to flags::Cover with the question, it lets those checks count alone that are known to fall
// back to off: a literal false is their default, or they are Unleash's own without a fallback. What
// is covered then is off where nobody knows the flag. A function of that name that the code itself
// has, or may have, proves nothing: the library's is another one. Flags of waffle and Flipper lie
// in the application's database, so that a server that does not have them says nothing of them. For
// one thread.
class Defaults {
 public:
  // `head` outlives it.
  explicit Defaults(const Sources& head) : head_(head) {}

  bool FallsBackToOff(const SyntaxTree& tree, const FlagCall& call) const;

  // Files that may define a function, at the most.
  static constexpr size_t kMostFiles = 300;

 private:
  // Whether the code may have a function of that name.
  bool MayBeDefined(std::string_view name) const;
  bool MayDefine(const std::string& path, std::string_view name) const;

  const Sources& head_;
  mutable std::map<std::string, bool, std::less<>> defined_;
};

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_DEFAULTS_H_
