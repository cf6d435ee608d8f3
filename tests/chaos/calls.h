// How callers in chaos call: the same call until its answer is known, at another replica each time.
#ifndef TESTS_CHAOS_CALLS_H_
#define TESTS_CHAOS_CALLS_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace gate {

// Of the clock by which calls and returns are ordered.
inline int64_t Moment() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

std::vector<std::shared_ptr<grpc::Channel>> ConnectAll(const std::vector<std::string>& addresses);

// Whether the same call may be made again, since nobody knows what came of it.
bool IsUnknown(const grpc::Status& status);

// Whether it was refused for that reason (google.rpc.ErrorInfo).
bool IsRefusedAs(const grpc::Status& status, const std::string& reason);

// One thread at a time.
class PatientCaller {
 public:
  PatientCaller(const std::vector<std::string>& addresses, size_t first, unsigned seed)
      : channels_(ConnectAll(addresses)), replica_(first % addresses.size()), random_(seed) {}

  int Below(int n) { return std::uniform_int_distribution(0, n - 1)(random_); }

  // `actor` is who says they are calling; "" is nobody.
  template <typename Stub, typename Request, typename Response>
  grpc::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response, const std::string& actor = "") {
    grpc::Status status;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (attempt > 0) {
        replica_ = (replica_ + 1) % channels_.size();
        std::this_thread::sleep_for(std::chrono::milliseconds(20 + Below(200)));
      }
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + kDeadline);
      if (!actor.empty()) context.AddMetadata("x-gate-actor", actor);
      Stub stub(channels_[replica_]);
      status = (stub.*method)(&context, request, response);
      if (!IsUnknown(status)) return status;
    }
    return status;
  }

 private:
  static constexpr std::chrono::milliseconds kDeadline{3000};
  static constexpr int kAttempts = 12;

  const std::vector<std::shared_ptr<grpc::Channel>> channels_;
  size_t replica_;
  std::mt19937 random_;
};

}  // namespace gate

#endif  // TESTS_CHAOS_CALLS_H_
