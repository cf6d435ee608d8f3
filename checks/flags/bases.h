// By which of its bases a class may be called by code that is not in the repository: a listener by
// the framework that it is handed to. Where the language asks for a word on a method that takes the
// place of another (`override`), that word tells, and nothing is asked here.
#ifndef CHECKS_FLAGS_BASES_H_
#define CHECKS_FLAGS_BASES_H_

#include <string>
#include <string_view>
#include <vector>

#include "checks/flags/coverage.h"
#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// Names in what stands between the name of a class and its body: those in its brackets, those
// behind `extends` and `implements`, those behind a colon. Without parameters of types, and what is
// before a dot.
std::vector<std::string_view> BasesInBrackets(std::string_view heading);
std::vector<std::string_view> BasesBehindWords(std::string_view heading);
std::vector<std::string_view> BasesBehindColon(std::string_view heading);

// A base of the class around a method by which others may call it: one that the repository does not
// declare, or that has such a base itself. Empty: there is none, or the method is its class's own.
std::string ForeignBaseOf(const SyntaxTree& tree, NodeId function, const Sources& sources);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_BASES_H_
