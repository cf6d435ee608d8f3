// What one sees while `--wait` waits. On a terminal a few lines that are drawn over; elsewhere one
// line per change, and one each minute so that nobody takes the job for dead.
#ifndef CLIENTS_GATECTL_PROGRESS_H_
#define CLIENTS_GATECTL_PROGRESS_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "clients/gatectl/overdraw.h"
#include "clients/gatectl/terminal.h"
#include "clients/gatectl/wait.h"

namespace gate::ctl {

// The lines to show on a terminal, at most its height, the top kept. Pure.
std::string ProgressLines(const WaitState& state, std::string_view subject, absl::Time now,
                          const Terminal& terminal);

// The line to log: "12:03:10Z HOLD payments to production: reason; asks again in 41 s". Pure.
std::string ProgressLine(const WaitState& state, std::string_view subject, absl::Time now);

class Progress {
 public:
  // `terminal` is asked at each drawing: windows change their size.
  Progress(std::string subject, std::function<Terminal()> terminal,
           std::function<void(std::string_view)> write);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Show(const WaitState& state, absl::Time now);
  // Takes the drawing away and gives the cursor back.
  void Clear() { drawing_.Clear(); }

 private:
  void Log(const WaitState& state, absl::Time now);

  const std::string subject_;
  const std::function<Terminal()> terminal_;
  const std::function<void(std::string_view)> write_;
  Overdraw drawing_;
  std::string logged_;  // what the last line said, but for times
  absl::Time logged_at_ = absl::InfinitePast();
};

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_PROGRESS_H_
