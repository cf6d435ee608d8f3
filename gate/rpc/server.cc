#include "gate/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gate/listen/address.h"
#include "gate/rpc/credentials.h"
#include "gate/rpc/services.h"

namespace gate {
namespace {

// Reads of the store and replays; Evaluate has a bound of its own.
constexpr int kReadThreads = 4;
constexpr int kReadCapacity = 1024;

void Bound(const config::v1::Limits& limits, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits.max_message_bytes()));
  builder.SetMaxSendMessageSize(static_cast<int>(limits.max_message_bytes()));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.max_streams_per_connection());
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 16 << 10);
  grpc::ResourceQuota quota("gated");
  quota.Resize(static_cast<size_t>(limits.max_grpc_memory_bytes()));
  builder.SetResourceQuota(quota);
}

// A peer that vanished without a word is noticed; one that pings all the time is cut off.
void KeepAlive(grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
}

}  // namespace

void IgnoreLockOrder() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

struct RpcServer::Parts {
  explicit Parts(Api& api) : calls(api, kReadThreads, kReadCapacity) {}

  Calls calls;
  GateService gate{calls};
  FreezesService freezes{calls};
  PoliciesService policies{calls};
  EvidenceService evidence{calls};
  RolloutsService rollouts{calls};
  OverridesService overrides{calls};
  IncidentsService incidents{calls};
  AuditService audit{calls};
  std::unique_ptr<grpc::Server> server;  // Last: ends before what it calls.
  std::string address;
};

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(Api& api,
                                                            const config::v1::Listener& listener,
                                                            const config::v1::Limits& limits) {
  static const bool prepared = [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    IgnoreLockOrder();
    return true;
  }();
  static_cast<void>(prepared);
  auto credentials = ServerCredentialsOf(listener);
  if (!credentials.ok()) return credentials.status();

  auto parts = std::make_unique<Parts>(api);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(listener.address(), *credentials, &port);
  // Two servers on one port would share its calls in silence.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  Bound(limits, builder);
  KeepAlive(builder);
  for (grpc::Service* service : std::initializer_list<grpc::Service*>{
           &parts->gate, &parts->freezes, &parts->policies, &parts->evidence, &parts->rollouts,
           &parts->overrides, &parts->incidents, &parts->audit}) {
    builder.RegisterService(service);
  }
  parts->server = builder.BuildAndStart();
  if (parts->server == nullptr || port == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot listen for gRPC on ", listener.address(),
                     ": it is taken by another process, or not an address of this machine"));
  }
  parts->address = WithPort(listener.address(), port);
  return std::unique_ptr<RpcServer>(new RpcServer(std::move(parts)));
}

RpcServer::RpcServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

RpcServer::~RpcServer() { Drain(std::chrono::milliseconds(0)); }

const std::string& RpcServer::address() const { return parts_->address; }

void RpcServer::AnnounceEnd() {
  parts_->server->GetHealthCheckService()->SetServingStatus(false);
  parts_->calls.EndWatches();
}

void RpcServer::Drain(std::chrono::milliseconds timeout) {
  parts_->server->Shutdown(std::chrono::system_clock::now() + timeout);
}

}  // namespace gate
