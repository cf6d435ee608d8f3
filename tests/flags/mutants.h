// Ways to break a guard: texts in which a check of a flag does not guard any more what it did.
//
// Each is made from the syntax tree, so that it can be read again; see `mutation_test.cc` for what
// has to become of them.
#ifndef TESTS_FLAGS_MUTANTS_H_
#define TESTS_FLAGS_MUTANTS_H_

#include <map>
#include <string>
#include <vector>

#include "checks/flags/flag_reads.h"
#include "checks/flags/guards.h"
#include "checks/flags/syntax_tree.h"
#include "tests/flags/patchwork.h"

namespace gate::flags {

// Where it is asked whether the flag is on: the call, or a name that was given what it answers.
struct Check {
  NodeId node = 0;
  bool named = false;
};

struct Mutant {
  std::string kind;  // "negated"
  std::vector<Edit> edits;
  // Which lines it uncovers, of those that rest on the check: those with a place in here.
  Range uncovers = {0, SIZE_MAX};
  std::map<std::string, std::string> others;  // More files, by path.
};

// In the order of the text.
std::vector<Check> ChecksIn(const SyntaxTree& tree, const FlagReads& reads, const Guards& guards);

// Asks for something that has nothing to do with the flag, in the check's place.
Edit Unrelated(const SyntaxTree& tree, const Check& check);

// `places` are of what rests on the check: a byte in each line.
std::vector<Mutant> MutantsOf(const SyntaxTree& tree, const FlagReads& reads, const Guards& guards,
                              const Check& check, const std::vector<size_t>& places);

// Of a function that is covered by its callers: others that call it without a check.
std::vector<Mutant> CallersOf(const SyntaxTree& tree, NodeId function, const std::string& ending);

// The same with a check: then it stays covered.
std::vector<Mutant> GuardedCallersOf(const SyntaxTree& tree, NodeId function,
                                     const std::string& ending);

}  // namespace gate::flags

#endif  // TESTS_FLAGS_MUTANTS_H_
