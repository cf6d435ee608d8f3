#include "gate/log/log.h"

#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "gate/log/json.h"

namespace gate {
namespace {

// Lines that come this soon after a first one are written with it: under load a thread is woken
// some hundred times a second, not for each line.
constexpr std::chrono::milliseconds kGather{5};

std::string_view NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

// RFC 3339 in UTC with milliseconds. absl::FormatTime takes some microseconds, which is more than
// all the rest of a line.
void AppendTime(absl::Time time, std::string& out) {
  const int64_t millis = absl::ToUnixMillis(time);
  const time_t seconds = millis / 1000;
  std::tm utc;
  gmtime_r(&seconds, &utc);
  char text[40];
  const int length = std::snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                                   utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                                   utc.tm_min, utc.tm_sec, static_cast<int>(millis % 1000));
  out.append(text, static_cast<size_t>(length));
}

struct AppendValue {
  std::string& out;

  void operator()(std::string_view text) const { AppendJsonString(text, out); }
  void operator()(bool flag) const { out += flag ? "true" : "false"; }
  void operator()(int64_t number) const { out += std::to_string(number); }
  void operator()(double number) const {
    char text[40];
    std::snprintf(text, sizeof(text), "%.6g", number);
    out += std::isfinite(number) ? text : "null";
  }
};

// False where the reader is gone; there is no one left to tell.
bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

std::string FormatLogLine(LogLevel level, absl::Time time, std::string_view message,
                          std::initializer_list<LogField> fields) {
  std::string line;
  line.reserve(384);
  line += R"({"time":")";
  AppendTime(time, line);
  line += R"(","level":")";
  line += NameOf(level);
  line += R"(","msg":)";
  AppendJsonString(message, line);
  for (const LogField& field : fields) {
    line += ',';
    AppendJsonString(field.key, line);
    line += ':';
    std::visit(AppendValue{line}, field.value);
  }
  line += '}';
  return line;
}

Logger::Logger(int fd, Clock& clock, size_t capacity)
    : fd_(fd), clock_(clock), capacity_(capacity), thread_([this] { Run(); }) {}

Logger::~Logger() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

int64_t Logger::dropped() const {
  MutexLock lock(mu_);
  return dropped_;
}

void Logger::Flush() {
  MutexLock lock(mu_);
  ++flushing_;
  changed_.NotifyAll();
  while (!waiting_.empty() || writing_) changed_.Wait(mu_);
  --flushing_;
}

void Logger::Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  const std::string line = FormatLogLine(level, clock_.Now(), message, fields);
  bool wake = false;
  {
    MutexLock lock(mu_);
    if (waiting_.size() + line.size() + 1 > capacity_) {
      ++dropped_;
      return;
    }
    // The thread sleeps without an end only while nothing waits and nothing is being written.
    wake = waiting_.empty() && !writing_;
    waiting_ += line;
    waiting_ += '\n';
  }
  if (wake) changed_.NotifyAll();
}

void Logger::Run() {
  std::string batch;
  mu_.Lock();
  while (true) {
    while (waiting_.empty() && !stopping_) changed_.Wait(mu_);
    if (waiting_.empty()) break;
    const auto gathered = std::chrono::steady_clock::now() + kGather;
    while (!stopping_ && flushing_ == 0 && changed_.WaitUntil(mu_, gathered)) {
    }
    batch.clear();
    batch.swap(waiting_);
    const int64_t dropped = dropped_ - dropped_told_;
    dropped_told_ = dropped_;
    writing_ = true;
    mu_.Unlock();
    if (dropped > 0) {
      batch += FormatLogLine(LogLevel::kWarning, clock_.Now(),
                             "log lines were dropped: the log's reader is too slow",
                             {{"dropped", dropped}});
      batch += '\n';
    }
    WriteAll(fd_, batch);
    mu_.Lock();
    writing_ = false;
    changed_.NotifyAll();
  }
  mu_.Unlock();
}

}  // namespace gate
