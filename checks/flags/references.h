// Who mentions a function by its name, all over the code, and how that is reached.
#ifndef CHECKS_FLAGS_REFERENCES_H_
#define CHECKS_FLAGS_REFERENCES_H_

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "checks/flags/coverage.h"
#include "checks/flags/files.h"
#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// A mention of a name that is not its definition.
struct Reference {
  const ReadFile* file = nullptr;  // Null where it cannot be read...
  NodeId node = 0;
  std::string path;
  std::string why;  // ...and why.
};

// Of one name; found as far as they are asked for, since most questions are answered by the first.
// Tests, documentation, definitions and imports left out. `files` outlives it.
class References {
 public:
  References(const std::string& name, Files& files);

  // The i-th, by path and place; null where there are no more. Of more than are looked at the last
  // is in no file that can be read.
  const Reference* At(size_t i);

  static constexpr size_t kMost = 200;

 private:
  const std::string name_;
  Files& files_;
  const std::vector<std::string> paths_;
  size_t next_ = 0;  // of the paths
  std::deque<Reference> found_;
};

// How a function is reached without a check of the flag.
struct Witness {
  // The function at the top that the framework or the runtime calls; empty where none is known.
  std::string runtime;
  // From there, or from a function that nobody calls by name, or from the last of five that call
  // each other, down to the call of it.
  std::vector<Place> path;
};

// What is known of names. `files` outlives it.
class CallGraph {
 public:
  explicit CallGraph(Files& files) : files_(files) {}

  References& To(const std::string& name);
  // Why a method may be called by code that is not in the repository; empty: it may not.
  std::string WhyInherited(const SyntaxTree& tree, NodeId function) const;
  Witness WitnessOf(const SyntaxTree& tree, NodeId function);

 private:
  Files& files_;
  std::map<std::string, References> references_;
  std::map<std::string, Witness> witnesses_;
};

// Whether a path is of a test or of documentation.
bool IsTestOrText(const std::string& path);

Place PlaceAt(const std::string& path, const SyntaxTree& tree, NodeId node);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_REFERENCES_H_
