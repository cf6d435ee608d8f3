// What is said of one token that was added: covered, and by which rule, or not, and why.
#ifndef CHECKS_FLAGS_DECISIONS_H_
#define CHECKS_FLAGS_DECISIONS_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "checks/flags/callers.h"
#include "checks/flags/changed_file.h"
#include "checks/flags/coverage.h"
#include "checks/flags/files.h"
#include "checks/flags/guards.h"
#include "checks/flags/imports.h"
#include "checks/flags/syntax_tree.h"

namespace gate::flags {

struct Said {
  ChangedLine::State state = ChangedLine::State::kCovered;
  std::string rule;    // As of ChangedLine.
  std::string reason;  // The same.
};

Said Covered(std::string_view rule);
Said Uncovered(std::string_view rule, std::string_view reason);
Said Unknown(std::string_view reason);

// Of one file. What it is made from outlives it.
class Decisions {
 public:
  Decisions(const ChangedFile& file, Callers& callers, Files& files)
      : file_(file),
        callers_(callers),
        files_(files),
        base_(file.base()),
        head_(file.head()),
        guards_(file.head_guards()),
        imports_(file.base(), file.head()) {}

  // Of a token that counts.
  Said Of(NodeId token);
  // Of a function or class that was there before, whose first line is another one now.
  Said OfHeader(NodeId definition);

 private:
  Said OfCheck(const Guards::Part& part) const;
  Said OfImport(NodeId token);
  bool IsSeenFrom(NodeId given, NodeId used) const;
  bool IsBehindFilter(NodeId function);
  NodeId Above(NodeId token, Role role) const;

  const ChangedFile& file_;
  Callers& callers_;
  Files& files_;
  const SyntaxTree &base_, &head_;
  const Guards& guards_;
  Imports imports_;
  std::optional<bool> loaded_behind_check_;
  std::map<NodeId, bool> behind_filter_;  // By function, as far as was asked.
};

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_DECISIONS_H_
