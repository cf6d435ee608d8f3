// Completions for three shells, from one walk over the command line's tree: what is added there is
// completed without further work.
#ifndef CLIENTS_GATECTL_COMPLETION_H_
#define CLIENTS_GATECTL_COMPLETION_H_

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace gate::ctl {

// How a value is completed.
struct CompletionValues {
  enum class Kind { kNone, kWords, kFiles, kContexts } kind = Kind::kNone;
  std::vector<std::string> words;
};

struct CompletionFlag {
  std::string name;  // "--output" or "-o"
  std::string summary;
  bool takes_value = false;
  CompletionValues values;
};

// A command, by its path: "" is gatectl itself, "lint migrations" one below `lint`.
struct CompletionCommand {
  std::string path;
  std::vector<std::pair<std::string, std::string>> subcommands;  // name, summary
  std::vector<CompletionFlag> flags;                             // its own
  CompletionValues arguments;
};

// Depth first; the first is gatectl itself, whose flags hold for all.
std::vector<CompletionCommand> Walk(const CLI::App& root);

std::string BashCompletion(const std::vector<CompletionCommand>& commands);
std::string ZshCompletion(const std::vector<CompletionCommand>& commands);
std::string FishCompletion(const std::vector<CompletionCommand>& commands);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_COMPLETION_H_
