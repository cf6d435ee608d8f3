#include "gate/rpc/status.h"

#include <string>

#include "gate/api/status.h"

namespace gate {
namespace {

// A trailer travels in one header block, of which clients accept 8 KiB by default. Of a longer
// error the details that matter less go first.
constexpr size_t kLargestDetails = 6 << 10;
constexpr size_t kLongestMessage = 1 << 10;

std::string Shortened(std::string text) {
  if (text.size() <= kLongestMessage) return text;
  size_t end = kLongestMessage;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "…";
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status rpc = ToRpcStatus(status);
  rpc.set_message(Shortened(std::move(*rpc.mutable_message())));
  // BadRequest, the only detail without a bound, comes first by name.
  while (rpc.ByteSizeLong() > kLargestDetails && !rpc.details().empty()) {
    rpc.mutable_details()->DeleteSubrange(0, 1);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(rpc.code()), rpc.message(),
                      rpc.SerializeAsString());
}

}  // namespace gate
