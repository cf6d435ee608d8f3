// Who mentions a function by its name, all over the code.
#ifndef CHECKS_FLAGS_REFERENCES_H_
#define CHECKS_FLAGS_REFERENCES_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "checks/flags/coverage.h"
#include "checks/flags/guards.h"
#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// A file that has been read, with what guards its code.
struct ReadFile {
  std::string path;
  std::string text;
  SyntaxTree tree;
  std::unique_ptr<Guards> guards;
};

// A mention of a name that is not its definition.
struct Reference {
  const ReadFile* file = nullptr;  // Null where the file cannot be read: `place` alone.
  NodeId node = 0;
  Place place;
};

// Reads files once. What it is made from outlives it.
class Files {
 public:
  Files(const Sources& sources, const FlagReads& reads) : sources_(sources), reads_(reads) {}

  // Null where there is no such file, or no grammar for it, or it is too large.
  const ReadFile* Get(const std::string& path);
  const Sources& sources() const { return sources_; }

  // What was found out once, by name.
  std::map<std::string, std::vector<Reference>> references;
  std::map<std::string, std::vector<Place>> witnesses;

 private:
  const Sources& sources_;
  const FlagReads& reads_;
  std::map<std::string, std::unique_ptr<ReadFile>> read_;
};

// Tests and documentation left out.
const std::vector<Reference>& ReferencesTo(const std::string& name, Files& files);

// The function or class around a node, outside of whose body the node does not lie; 0 for none.
NodeId DefinitionAround(const SyntaxTree& tree, NodeId node);
std::string NameOf(const SyntaxTree& tree, NodeId definition);

// Whether a path is of a test or of documentation.
bool IsTestOrText(const std::string& path);

Place PlaceAt(const std::string& path, const SyntaxTree& tree, NodeId node);

// How a function is reached without a check of the flag: from a function that nobody calls by name,
// or from the last of five that call each other, down to the call of it. Empty where nobody calls
// it.
std::vector<Place> WitnessOf(const std::string& function, Files& files);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_REFERENCES_H_
