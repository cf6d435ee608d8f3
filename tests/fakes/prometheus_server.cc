#include "tests/fakes/prometheus_server.h"

#include <curl/curl.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/wire_fields.h"

namespace gate {
namespace {

size_t Ignore(char*, size_t, size_t size, void*) { return size; }

// The status of a GET, or of a POST where there is a body; 0 where nobody answers.
long HttpStatus(const std::string& url, const std::string& body = "") {
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Ignore);
  if (!body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  }
  long status = 0;
  if (curl_easy_perform(curl) == CURLE_OK) {
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  }
  curl_easy_cleanup(curl);
  return status;
}

std::string Number(double value) {
  if (value != value) return "NaN";
  return absl::StrFormat("%.17g", value);
}

}  // namespace

void MetricsHistory::Add(const std::string& counter, const std::string& labels, absl::Time first,
                         absl::Duration step, const std::vector<double>& values) {
  std::vector<std::pair<absl::Time, double>> samples;
  for (size_t i = 0; i < values.size(); ++i) {
    samples.emplace_back(first + static_cast<int64_t>(i) * step, values[i]);
  }
  Add(counter, labels, std::move(samples));
}

void MetricsHistory::Add(const std::string& counter, const std::string& labels,
                         std::vector<std::pair<absl::Time, double>> samples) {
  series_.push_back({counter, labels, std::move(samples)});
}

void MetricsHistory::Add(const MetricsHistory& other) {
  series_.insert(series_.end(), other.series_.begin(), other.series_.end());
}

std::string MetricsHistory::OpenMetrics() const {
  // All samples of a metric have to stand together.
  std::map<std::string, std::string> by_counter;
  for (const Series& series : series_) {
    std::string& text = by_counter[series.counter];
    for (const auto& [time, value] : series.samples) {
      absl::StrAppend(&text, series.counter, series.labels, " ", Number(value), " ",
                      absl::ToUnixSeconds(time), "\n");
    }
  }
  std::string text;
  for (const auto& [counter, samples] : by_counter) {
    absl::StrAppend(&text, "# TYPE ", counter.substr(0, counter.rfind("_total")), " unknown\n");
    text += samples;
  }
  return text + "# EOF\n";
}

std::string MetricsHistory::Prometheus() const {
  std::string text;
  for (const Series& series : series_) {
    for (const auto& [time, value] : series.samples) {
      absl::StrAppend(&text, series.counter, series.labels, " ", Number(value), " ",
                      absl::ToUnixMillis(time), "\n");
    }
  }
  return text;
}

std::string MetricsHistory::RemoteWrite() const {
  // Fields by their numbers in prompb/types.proto; labels in the order of their names.
  std::string request;
  for (const Series& series : series_) {
    std::map<std::string, std::string> labels = {{"__name__", series.counter}};
    const std::string inside = series.labels.substr(1, series.labels.size() - 2);
    for (const std::string& label :
         std::vector<std::string>(absl::StrSplit(inside, ',', absl::SkipEmpty()))) {
      const size_t equals = label.find('=');
      labels[label.substr(0, equals)] = label.substr(equals + 2, label.size() - equals - 3);
    }
    std::string message;
    for (const auto& [name, value] : labels) {
      message += wire::Bytes(1, wire::Bytes(1, name) + wire::Bytes(2, value));
    }
    for (const auto& [time, value] : series.samples) {
      message +=
          wire::Bytes(2, wire::Double(1, value) +
                             wire::Number(2, static_cast<uint64_t>(absl::ToUnixMillis(time))));
    }
    request += wire::Bytes(1, message);
  }
  return request;
}

absl::Status MetricsServerFake::Start(std::vector<std::string> arguments,
                                      const std::string& ready_path) {
  ChildProcess::Options options;
  options.arguments = std::move(arguments);
  options.output = folder_.File("log");
  absl::StatusOr<std::unique_ptr<ChildProcess>> process = ChildProcess::Start(options);
  if (!process.ok()) return process.status();
  process_ = *std::move(process);
  if (Eventually([&] { return HttpStatus(url() + ready_path) == 200 || !process_->Running(); }) &&
      process_->Running()) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(ReadFile(options.output));
}

absl::StatusOr<std::unique_ptr<MetricsServerFake>> MetricsServerFake::StartPrometheus(
    const MetricsHistory& history, const std::vector<std::string>& flags) {
  std::unique_ptr<MetricsServerFake> server(new MetricsServerFake);
  const TempFolder& folder = server->folder_;
  ChildProcess::Options fill;
  fill.arguments = {"promtool",           "tsdb",
                    "create-blocks-from", "--max-block-duration=1458h",
                    "openmetrics",        folder.Write("history.om", history.OpenMetrics()),
                    folder.File("data")};
  if (const RunResult filled = RunProgram(fill); filled.exit != 0) {
    return absl::InternalError("promtool: " + filled.output);
  }
  std::vector<std::string> arguments = {
      "prometheus", "--config.file=" + folder.Write("prometheus.yml", "global: {}\n"),
      "--storage.tsdb.path=" + folder.File("data"), "--storage.tsdb.retention.time=400d",
      absl::StrCat("--web.listen-address=127.0.0.1:", server->port_)};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  const absl::Status started = server->Start(std::move(arguments), "/-/ready");
  if (!started.ok()) return started;
  return server;
}

absl::Status MetricsServerFake::RemoteWrite(const std::string& request) const {
  // Snappy, all of it literal: https://github.com/google/snappy/blob/main/format_description.txt
  std::string body;
  for (size_t left = request.size(); left > 0 || body.empty(); left >>= 7) {
    body += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
  }
  constexpr size_t kLiteral = 1 << 16;
  for (size_t at = 0; at < request.size(); at += kLiteral) {
    const std::string literal = request.substr(at, kLiteral);
    const size_t length = literal.size() - 1;
    body += {static_cast<char>(61 << 2), static_cast<char>(length & 0xff),
             static_cast<char>(length >> 8)};
    body += literal;
  }
  const long status = HttpStatus(url() + "/api/v1/write", body);
  if (status / 100 == 2) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("remote write: HTTP ", status));
}

absl::StatusOr<std::unique_ptr<MetricsServerFake>> MetricsServerFake::StartVictoriaMetrics(
    const MetricsHistory& history) {
  std::unique_ptr<MetricsServerFake> server(new MetricsServerFake);
  const absl::Status started = server->Start(
      {"victoria-metrics", "-storageDataPath=" + server->folder_.File("data"), "-retentionPeriod=1",
       absl::StrCat("-httpListenAddr=127.0.0.1:", server->port_)},
      "/health");
  if (!started.ok()) return started;
  if (HttpStatus(server->url() + "/api/v1/import/prometheus", history.Prometheus()) / 100 != 2 ||
      HttpStatus(server->url() + "/internal/force_flush") != 200) {
    return absl::InternalError("VictoriaMetrics took no data");
  }
  return server;
}

}  // namespace gate
