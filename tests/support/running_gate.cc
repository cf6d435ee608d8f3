#include "tests/support/running_gate.h"

#include <httplib.h>

#include <filesystem>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace gate {
namespace {

constexpr char kHost[] = "127.0.0.1";

std::string Configuration(const GateSetup& setup, const std::string& address, int monitoring_port,
                          const std::string& store_url) {
  std::string text = absl::StrCat("grpc:\n  address: ", address, "\n", setup.grpc_options,
                                  "monitoring:\n  address: ", kHost, ":", monitoring_port,
                                  "\nstore:\n  url: \"", store_url, "\"\npolicy: policy.yaml\n");
  if (!setup.metrics_servers.empty()) absl::StrAppend(&text, "metrics_servers:\n");
  for (const auto& [name, url] : setup.metrics_servers) {
    absl::StrAppend(&text, "  - name: ", name, "\n    url: ", url, "\n");
  }
  return text + setup.configuration;
}

}  // namespace

RunningGate::RunningGate(const GateSetup& setup) : own_clock_(!setup.now.empty()) {
  address_ = absl::StrCat(kHost, ":", FreePort());
  monitoring_port_ = FreePort();
  store_url_ =
      setup.store_url.empty() ? absl::StrCat("sqlite:", folder_.File("gate.db")) : setup.store_url;
  folder_.Write("gated.yaml", Configuration(setup, address_, monitoring_port_, store_url_));
  WritePolicy(setup.policy);
  for (const auto& [name, text] : setup.files) folder_.Write(name, text);
  if (own_clock_) SetClock(setup.now);
  StartAgain();
}

void RunningGate::SetClock(const std::string& now) {
  // Moved into its place, so that nobody reads half of it.
  const std::string file = folder_.File("clock");
  const bool is_offset = now.starts_with('+') || now.starts_with('-');
  folder_.Write("clock.next", absl::StrCat(is_offset ? "" : "@", now, "\n"));
  std::filesystem::rename(file + ".next", file);
}

void RunningGate::StartAgain() {
  ChildProcess::Options options;
  options.arguments = {GATE_PROGRAMS "/gated", "--config", folder_.File("gated.yaml")};
  options.output = folder_.File("log");
  if (own_clock_) {
    options.environment = {{"LD_PRELOAD", GATE_FAKETIME},
                           {"FAKETIME_TIMESTAMP_FILE", folder_.File("clock")},
                           {"FAKETIME_NO_CACHE", "1"},
                           {"FAKETIME_DONT_FAKE_MONOTONIC", "1"},
                           {"TZ", "UTC"}};
  }
  auto process = ChildProcess::Start(options);
  if (!process.ok()) throw std::runtime_error(std::string(process.status().message()));
  process_ = *std::move(process);
  Eventually([this] { return Ready() || !process_->Running(); });
  if (!Ready()) throw std::runtime_error(absl::StrCat("gated did not become ready:\n", Log()));
  // A connection of its own: an old one would wait after it was refused.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ = grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments);
  gate_ = v1::Gate::NewStub(channel_);
  freezes_ = v1::Freezes::NewStub(channel_);
}

v1::Verdict RunningGate::Evaluate(const v1::EvaluateRequest& request) {
  v1::Verdict verdict;
  const grpc::Status status = TryEvaluate(request, verdict);
  if (!status.ok()) {
    throw std::runtime_error(absl::StrCat("Evaluate: ", static_cast<int>(status.error_code()), " ",
                                          status.error_message(), "\n", Log()));
  }
  return verdict;
}

grpc::Status RunningGate::TryEvaluate(const v1::EvaluateRequest& request, v1::Verdict& verdict) {
  grpc::ClientContext context;
  context.set_wait_for_ready(false);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  return gate_->Evaluate(&context, request, &verdict);
}

HttpReply RunningGate::Get(const std::string& path) const {
  httplib::Client client(kHost, monitoring_port_);
  client.set_connection_timeout(std::chrono::seconds(2));
  const auto reply = client.Get(path);
  return reply ? HttpReply{reply->status, reply->body} : HttpReply{};
}

RunResult RunGatectl(const RunningGate& gate, std::vector<std::string> arguments,
                     const std::string& folder) {
  ChildProcess::Options options;
  options.arguments = std::move(arguments);
  options.arguments.insert(options.arguments.begin(), GATE_PROGRAMS "/gatectl");
  options.environment = {{"GATE_ADDR", gate.address()}, {"NO_COLOR", "1"}};
  options.folder = folder;
  return RunProgram(options);
}

}  // namespace gate
