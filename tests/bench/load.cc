#include "tests/bench/load.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <future>
#include <stdexcept>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gate/v1/gate.grpc.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "tests/bench/echo.grpc.pb.h"

namespace gate {
namespace {

using Clock = std::chrono::steady_clock;

float MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<float, std::milli>(Clock::now() - start).count();
}

// Opens when it was counted down to zero.
class Countdown {
 public:
  explicit Countdown(int64_t count) : left_(count) {}
  void Done() {
    if (--left_ == 0) zero_.set_value();
  }
  void Wait() { zero_.get_future().wait(); }

 private:
  std::atomic<int64_t> left_;
  std::promise<void> zero_;
};

// One caller of a closed loop: it calls again as soon as it has its answer.
class Caller {
 public:
  Caller(const StartCall& start, Clock::time_point end, Countdown& done)
      : start_(start), end_(end), done_(done) {}

  void Call() {
    began_ = Clock::now();
    start_([this](bool ok) {
      ok ? milliseconds_.push_back(MillisecondsSince(began_)) : void(++failed_);
      if (Clock::now() < end_) return Call();
      done_.Done();
    });
  }
  void AddTo(LoadResult& result) const {
    result.failed += failed_;
    result.milliseconds.insert(result.milliseconds.end(), milliseconds_.begin(),
                               milliseconds_.end());
  }

 private:
  const StartCall& start_;
  const Clock::time_point end_;
  Countdown& done_;
  Clock::time_point began_;
  std::vector<float> milliseconds_;
  int64_t failed_ = 0;
};

template <typename Stub>
std::vector<std::unique_ptr<Stub>> StubsOver(
    const std::vector<std::shared_ptr<grpc::Channel>>& channels) {
  std::vector<std::unique_ptr<Stub>> stubs;
  for (const auto& channel : channels) stubs.push_back(std::make_unique<Stub>(channel));
  return stubs;
}

// One call on its way; frees itself when it has its answer.
template <typename Reply>
struct Call {
  Call(const v1::EvaluateRequest& question, std::function<void(bool)> then)
      : request(question), done(std::move(then)) {
    static std::atomic<int64_t> number = 0;
    request.set_request_id(absl::StrCat("bench-", getpid(), "-", ++number));
  }
  void End(const grpc::Status& status);

  grpc::ClientContext context;
  v1::EvaluateRequest request;
  Reply reply;
  std::function<void(bool)> done;
};

bool Succeeded(const grpc::Status& status) {
  static std::atomic<bool> told = false;
  if (!status.ok() && !told.exchange(true)) {
    std::fprintf(stderr, "a call failed: %d %s\n", status.error_code(),
                 status.error_message().c_str());
  }
  return status.ok();
}

template <typename Reply>
void Call<Reply>::End(const grpc::Status& status) {
  const auto then = std::move(done);
  delete this;
  then(Succeeded(status));
}

}  // namespace

double LoadResult::Quantile(double share) const {
  if (milliseconds.empty()) return 0;
  return milliseconds[static_cast<size_t>(share * static_cast<double>(milliseconds.size() - 1))];
}

LoadResult ClosedLoop(const StartCall& start, int in_flight, std::chrono::duration<double> time) {
  const Clock::time_point began = Clock::now();
  Countdown done(in_flight);
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < in_flight; ++i) {
    callers.push_back(std::make_unique<Caller>(
        start, began + std::chrono::duration_cast<Clock::duration>(time), done));
  }
  for (auto& caller : callers) caller->Call();
  done.Wait();
  LoadResult result;
  result.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  for (const auto& caller : callers) caller->AddTo(result);
  std::sort(result.milliseconds.begin(), result.milliseconds.end());
  return result;
}

LoadResult OpenLoop(const StartCall& start, double per_second, std::chrono::duration<double> time) {
  // The kernel rounds the sleeps of a thread up to 50 us unless it is told otherwise.
  prctl(PR_SET_TIMERSLACK, 1000);
  const auto calls = static_cast<int64_t>(per_second * time.count());
  std::vector<float> milliseconds(calls, -1);
  Countdown done(calls);
  const Clock::time_point began = Clock::now();
  for (int64_t i = 0; i < calls; ++i) {
    const Clock::time_point due =
        began + std::chrono::duration_cast<Clock::duration>(
                    std::chrono::duration<double>(static_cast<double>(i) / per_second));
    if (Clock::now() < due) std::this_thread::sleep_until(due);
    start([&milliseconds, &done, due, i](bool ok) {
      if (ok) milliseconds[i] = MillisecondsSince(due);
      done.Done();
    });
  }
  done.Wait();
  LoadResult result;
  result.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  std::erase(milliseconds, -1.0f);
  result.failed = calls - static_cast<int64_t>(milliseconds.size());
  result.milliseconds = std::move(milliseconds);
  std::sort(result.milliseconds.begin(), result.milliseconds.end());
  return result;
}

struct Client::Stubs {
  explicit Stubs(const std::vector<std::shared_ptr<grpc::Channel>>& channels)
      : gate(StubsOver<v1::Gate::Stub>(channels)),
        echo(StubsOver<bench::v1::Echo::Stub>(channels)) {}

  template <typename Stub>
  Stub& Next(std::vector<std::unique_ptr<Stub>>& stubs) {
    return *stubs[++next % stubs.size()];
  }

  std::vector<std::unique_ptr<v1::Gate::Stub>> gate;
  std::vector<std::unique_ptr<bench::v1::Echo::Stub>> echo;
  std::atomic<uint64_t> next = 0;
};

Client::Client(const std::string& address, int connections) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < connections; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // A connection for each channel.
    channels.push_back(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
    channels.back()->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10));
  }
  stubs_ = std::make_unique<Stubs>(channels);
}

Client::~Client() = default;

v1::Verdict Client::Ask(v1::EvaluateRequest request) {
  request.set_request_id(
      absl::StrCat("ask-", getpid(), "-", Clock::now().time_since_epoch().count()));
  grpc::ClientContext context;
  v1::Verdict verdict;
  const grpc::Status status = stubs_->Next(stubs_->gate).Evaluate(&context, request, &verdict);
  if (!status.ok()) throw std::runtime_error(status.error_message());
  return verdict;
}

StartCall Client::Echo(v1::EvaluateRequest request) {
  return [stubs = stubs_.get(), request = std::move(request)](std::function<void(bool)> done) {
    auto* call = new Call<v1::EvaluateRequest>(request, std::move(done));
    auto* async = stubs->Next(stubs->echo).async();
    async->Call(&call->context, &call->request, &call->reply,
                [call](const grpc::Status& status) { call->End(status); });
  };
}

StartCall Client::Evaluate(v1::EvaluateRequest request) {
  return [stubs = stubs_.get(), request = std::move(request)](std::function<void(bool)> done) {
    auto* call = new Call<v1::Verdict>(request, std::move(done));
    auto* async = stubs->Next(stubs->gate).async();
    async->Evaluate(&call->context, &call->request, &call->reply,
                    [call](const grpc::Status& status) { call->End(status); });
  };
}

}  // namespace gate
