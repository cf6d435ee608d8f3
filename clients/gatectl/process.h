// Other programs: git, and what a configuration names. No shell in between unless it is the
// program.
#ifndef CLIENTS_GATECTL_PROCESS_H_
#define CLIENTS_GATECTL_PROCESS_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gate::ctl {

struct ProcessResult {
  bool started = false;
  int exit_code = -1;  // 128 + signal where a signal ended it
  std::string out;
  std::string err;

  // One sentence on how it failed: its own words where it had some.
  std::string Failure() const;
};

// Runs the program to its end with `input` on its standard input, in `folder` (empty: here).
ProcessResult RunProcess(const std::vector<std::string>& arguments, const std::string& folder,
                         std::string_view input);

// A program that stays, and answers as often as it is asked. Not for two threads at once.
class Conversation {
 public:
  Conversation() = default;
  // Lets it end, and waits for that.
  ~Conversation();
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  // Runs the program in `folder`; its standard error is ours. False where that cannot be done.
  bool Start(const std::vector<std::string>& arguments, const std::string& folder);

  // Writes all of it to the program's standard input. More than 64 kB that it has not answered may
  // wait for ever.
  bool Say(std::string_view text);
  // The next line of its standard output, without its end. False where there is none.
  bool HearLine(std::string& line);
  // Hands over the next so many bytes, in pieces. False where there are fewer.
  bool Hear(size_t size, const std::function<void(std::string_view piece)>& take);

 private:
  bool Fill();

  int program_ = -1;
  int in_ = -1, out_ = -1;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;  // What of the buffer has been read and not handed over.
};

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_PROCESS_H_
