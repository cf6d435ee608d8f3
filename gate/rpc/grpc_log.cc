#include "gate/rpc/grpc_log.h"

#include <grpc/support/log.h>

#include "gate/base/mutex.h"

namespace gate {
namespace {

// gRPC takes a plain function, which has no place for the log to write to.
struct Target {
  Mutex mu;
  Logger* log GATE_GUARDED_BY(mu) = nullptr;
};

Target& TheTarget() {
  static Target& target = *new Target;
  return target;
}

void Write(gpr_log_func_args* message) {
  Target& target = TheTarget();
  MutexLock lock(target.mu);
  if (target.log == nullptr) return;
  const bool error = message->severity == GPR_LOG_SEVERITY_ERROR;
  target.log->Log(error ? LogLevel::kWarning : LogLevel::kInfo, "gRPC",
                  {{"detail", message->message}});
}

}  // namespace

GrpcLog::GrpcLog(Logger& log) {
  {
    MutexLock lock(TheTarget().mu);
    TheTarget().log = &log;
  }
  gpr_set_log_function(&Write);
}

GrpcLog::~GrpcLog() {
  MutexLock lock(TheTarget().mu);
  TheTarget().log = nullptr;
}

}  // namespace gate
