// Real metrics servers with a history that the test writes: a Prometheus, and a VictoriaMetrics,
// which speaks the same query API and differs where it hurts.
#ifndef TESTS_FAKES_PROMETHEUS_SERVER_H_
#define TESTS_FAKES_PROMETHEUS_SERVER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/fakes/child_process.h"

namespace gate {

// Counters over time.
class MetricsHistory {
 public:
  // Samples of one series: labels as in PromQL, `{track="canary",code="500"}`.
  void Add(const std::string& counter, const std::string& labels, absl::Time first,
           absl::Duration step, const std::vector<double>& values);
  // The same with times of the caller's choice, in order.
  void Add(const std::string& counter, const std::string& labels,
           std::vector<std::pair<absl::Time, double>> samples);
  // All that another one has.
  void Add(const MetricsHistory& other);

  std::string OpenMetrics() const;  // For promtool.
  std::string Prometheus() const;   // The text format with milliseconds.
  std::string RemoteWrite() const;  // A request of the remote-write protocol, not compressed.

 private:
  struct Series {
    std::string counter, labels;
    std::vector<std::pair<absl::Time, double>> samples;
  };
  std::vector<Series> series_;
};

// Listens on 127.0.0.1, keeps its data in a temporary folder, ends with the object.
class MetricsServerFake {
 public:
  // Back-filled with promtool before it starts, ready when this returns.
  static absl::StatusOr<std::unique_ptr<MetricsServerFake>> StartPrometheus(
      const MetricsHistory& history, const std::vector<std::string>& flags = {});
  static absl::StatusOr<std::unique_ptr<MetricsServerFake>> StartVictoriaMetrics(
      const MetricsHistory& history);

  // A request of the remote-write protocol, its protobuf not compressed.
  absl::Status RemoteWrite(const std::string& request) const;
  // More of what it has been filled with; behind it in time.
  absl::Status RemoteWrite(const MetricsHistory& history) const {
    return RemoteWrite(history.RemoteWrite());
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  MetricsServerFake() : port_(FreePort()) {}
  absl::Status Start(std::vector<std::string> arguments, const std::string& ready_path);

  TempFolder folder_;
  const int port_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace gate

#endif  // TESTS_FAKES_PROMETHEUS_SERVER_H_
