// Structured logs: one JSON object per line on a file descriptor, {"time","level","msg",...fields}.
//
// Logging never waits for whoever reads the log: a line is put into a bounded buffer, and a thread
// writes what has gathered there with one call, some milliseconds after the first line. Where the
// reader is slower than the gate, lines are dropped and counted, and the next line written says how
// many.
#ifndef GATE_LOG_LOG_H_
#define GATE_LOG_LOG_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "gate/base/clock.h"
#include "gate/base/mutex.h"

namespace gate {

enum class LogLevel { kInfo, kWarning, kError };

// One field of a line. References live as long as the call.
struct LogField {
  LogField(std::string_view key, std::string_view text) : key(key), value(text) {}
  LogField(std::string_view key, const char* text) : key(key), value(std::string_view(text)) {}
  LogField(std::string_view key, const std::string& text)
      : key(key), value(std::string_view(text)) {}
  LogField(std::string_view key, bool flag) : key(key), value(flag) {}
  LogField(std::string_view key, std::integral auto number)
      : key(key), value(static_cast<int64_t>(number)) {}
  LogField(std::string_view key, double number) : key(key), value(number) {}

  std::string_view key;
  std::variant<std::string_view, bool, int64_t, double> value;
};

// Thread-safe.
class Logger {
 public:
  // Writes to `fd`, which stays open and is not closed. At most `capacity` bytes wait.
  explicit Logger(int fd, Clock& clock = Clock::System(), size_t capacity = 4 << 20);
  // Writes what waits.
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void Info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kInfo, message, fields);
  }
  void Warning(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kWarning, message, fields);
  }
  void Error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kError, message, fields);
  }

  void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields)
      GATE_EXCLUDES(mu_);

  // Lines that were dropped so far.
  int64_t dropped() const GATE_EXCLUDES(mu_);

  // Waits until all that was logged before is written.
  void Flush() GATE_EXCLUDES(mu_);

 private:
  void Run() GATE_EXCLUDES(mu_);

  const int fd_;
  Clock& clock_;
  const size_t capacity_;
  mutable Mutex mu_;
  CondVar changed_;
  std::string waiting_ GATE_GUARDED_BY(mu_);
  bool writing_ GATE_GUARDED_BY(mu_) = false;
  int flushing_ GATE_GUARDED_BY(mu_) = 0;  // callers of Flush
  bool stopping_ GATE_GUARDED_BY(mu_) = false;
  int64_t dropped_ GATE_GUARDED_BY(mu_) = 0;
  int64_t dropped_told_ GATE_GUARDED_BY(mu_) = 0;
  std::thread thread_;
};

// One line without its end, as Logger writes it. Text that is not UTF-8 is replaced by U+FFFD, and
// control characters are escaped, so that no input can forge a line.
std::string FormatLogLine(LogLevel level, absl::Time time, std::string_view message,
                          std::initializer_list<LogField> fields);

}  // namespace gate

#endif  // GATE_LOG_LOG_H_
