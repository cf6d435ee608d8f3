// What went wrong, for a person: what could not be done, why, what was tried, and what to do.
//
//   error[E0301]: cannot reach the gate at gate.example.com:9443
//     cause:   connection refused
//     tried:   3 times in 12.4 s (deadline 15 s)
//     request: 0199c6e0-7b8e-7d9f-a1b2-c3d4e5f60718
//     help:    is the address right? `gatectl doctor` looks at each step
//     docs:    gatectl explain E0301
//   exit 3 (the gate did not decide; your deploy should stop)
#ifndef CLIENTS_GATECTL_PROBLEM_H_
#define CLIENTS_GATECTL_PROBLEM_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clients/cpp/gate/client.h"
#include "clients/gatectl/exit_code.h"

namespace gate::ctl {

// One kind of problem. The id is stable.
struct ProblemDoc {
  std::string_view id;  // "E0301"; its second digit tells the kind
  ExitCode exit_code;
  std::string_view summary;
  std::string_view explanation;  // what `gatectl explain E0301` says
};

std::span<const ProblemDoc> AllProblems();
const ProblemDoc* FindProblem(std::string_view id);

struct Problem {
  std::string_view id;
  std::string title;
  std::vector<std::string> causes;
  std::string tried;
  std::string request;
  std::vector<std::string> help;

  ExitCode exit_code() const;
  // As above, without the exit line.
  std::string ToString(bool color) const;
};

// The line on how the program ended: "exit 3 (the gate did not decide; your deploy should stop)".
std::string ExitLine(int code);

// What a failed call means; `doing` completes "cannot …", for example "get verdicts/1".
Problem FromError(const client::Error& error, std::string_view doing);

// A value, or the problem that there is none.
template <typename T>
class [[nodiscard]] Or {
 public:
  Or(T value) : value_(std::move(value)) {}              // NOLINT: meant to convert
  Or(Problem problem) : problem_(std::move(problem)) {}  // NOLINT: meant to convert
  explicit operator bool() const { return value_.has_value(); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  const Problem& problem() const { return problem_; }

 private:
  std::optional<T> value_;
  Problem problem_;
};

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_PROBLEM_H_
