#include "gate/store/record.h"

#include <zstd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gate/store/month.h"
#include "google/protobuf/stubs/common.h"

namespace gate {
namespace {

constexpr std::string_view kNamePrefix = "verdicts/";
constexpr std::string_view kOverridePrefix = "overrides/";
constexpr size_t kMaxIdBytes = 128;
// Both are keys of indexes, and PostgreSQL's hold at most 2,704 bytes an entry.
constexpr size_t kMaxNameBytes = 1024;
// Four of them are one key.
constexpr size_t kMaxWatchBytes = 512;
// A frame that claims to hold more is not one of ours.
constexpr unsigned long long kMaxBlobBytes = 1ull << 30;

bool IsUtf8(std::string_view text) {
  return google::protobuf::internal::IsStructurallyValidUTF8(text.data(),
                                                             static_cast<int>(text.size()));
}

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

absl::Status CheckKey(std::string_view what, std::string_view key, size_t max_bytes) {
  if (key.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a verdict without ", std::string(what), " cannot be stored"));
  }
  return CheckStoredText(what, key, max_bytes);
}

absl::Status Check(const EncodedRecord& record) {
  absl::Status status = CheckKey("name", record.id, kMaxIdBytes);
  if (status.ok()) status = CheckKey("request_id", record.request_id, kMaxIdBytes);
  if (status.ok()) status = CheckKey("request digest", record.request_digest, kMaxIdBytes);
  if (status.ok()) status = CheckStoredText("service", record.service, kMaxNameBytes);
  if (status.ok()) status = CheckStoredText("environment", record.environment, kMaxNameBytes);
  if (!status.ok()) return status;
  if (record.decision == v1::DECISION_UNSPECIFIED || !v1::Decision_IsValid(record.decision)) {
    return absl::InvalidArgumentError("a verdict without a decision cannot be stored");
  }
  return absl::OkStatus();
}

// The watches of what a verdict lets go: those of outcomes that decide. Of one key the last one.
absl::StatusOr<std::vector<EncodedWatch>> EncodeWatches(const v1::Verdict& verdict) {
  std::map<std::tuple<std::string, std::string, std::string, std::string>, v1::FlagWatch> watches;
  if (verdict.decision() != v1::DECISION_ALLOW) return std::vector<EncodedWatch>();
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    const bool enforced = outcome.enforcement() == v1::ENFORCEMENT_ENFORCE ||
                          outcome.enforcement() == v1::ENFORCEMENT_UNSPECIFIED;
    if (!enforced) continue;
    for (v1::FlagWatch watch : outcome.watches()) {
      if (watch.service().empty()) watch.set_service(verdict.change().service());
      if (watch.environment().empty()) watch.set_environment(verdict.change().environment());
      watch.set_build(absl::AsciiStrToLower(watch.build()));
      watch.set_verdict(verdict.name());
      *watch.mutable_create_time() = verdict.create_time();
      watches[{watch.environment(), watch.flag(), watch.service(), watch.ticket()}] = watch;
    }
  }
  std::vector<EncodedWatch> encoded;
  for (const auto& [key, watch] : watches) {
    // A verdict that could be kept without what it rests on must not be given.
    for (const auto& [what, text] : {std::pair("a watch's flag", &watch.flag()),
                                     {"a watch's ticket", &watch.ticket()},
                                     {"a watch's build", &watch.build()},
                                     {"a watch's service", &watch.service()},
                                     {"a watch's environment", &watch.environment()}}) {
      if (absl::Status status = CheckKey(what, *text, kMaxWatchBytes); !status.ok()) return status;
    }
    encoded.push_back({watch.environment(), watch.flag(), watch.service(), watch.ticket(),
                       watch.build(), DeterministicBytes(watch)});
  }
  return encoded;
}

// The overrides that a verdict uses up: what it only shows, it does not.
absl::StatusOr<std::vector<std::string>> EncodeConsumption(const v1::Verdict& verdict) {
  std::vector<std::string> ids;
  if (verdict.decision() != v1::DECISION_ALLOW) return ids;
  for (const std::string& name : verdict.overrides()) {
    if (!std::string_view(name).starts_with(kOverridePrefix)) {
      return absl::InvalidArgumentError("a verdict names an override that has no name");
    }
    ids.push_back(name.substr(kOverridePrefix.size()));
    if (absl::Status status = CheckKey("an override", ids.back(), kMaxIdBytes); !status.ok()) {
      return status;
    }
  }
  std::ranges::sort(ids);
  const auto repeated = std::ranges::unique(ids);
  ids.erase(repeated.begin(), repeated.end());
  return ids;
}

}  // namespace

absl::Status CheckStoredText(std::string_view what, std::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        std::string(what), " has ", text.size(), " bytes; at most ", max_bytes, " can be stored"));
  }
  if (text.find('\0') != text.npos || !IsUtf8(text)) {
    return absl::InvalidArgumentError(absl::StrCat(
        std::string(what), " is not UTF-8 text without NUL bytes, and cannot be stored"));
  }
  return absl::OkStatus();
}

std::string KnownAs(const std::string& digest, int64_t month) {
  return absl::StrCat(digest, "@", month);
}

absl::StatusOr<EncodedBlob> EncodeBlob(const Blob& blob) {
  if (blob.content == nullptr || Sha256Hex(*blob.content) != blob.digest) {
    return absl::InvalidArgumentError(
        absl::StrCat("the content given for ", blob.digest, " does not have that digest"));
  }
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context(ZSTD_createCCtx());
  std::string frame(ZSTD_compressBound(blob.content->size()), '\0');
  const size_t size =
      ZSTD_compressCCtx(context.get(), frame.data(), frame.size(), blob.content->data(),
                        blob.content->size(), ZSTD_CLEVEL_DEFAULT);
  if (ZSTD_isError(size)) {
    return absl::InternalError(
        absl::StrCat("cannot compress ", blob.digest, ": ", ZSTD_getErrorName(size)));
  }
  frame.resize(size);
  frame.shrink_to_fit();
  return EncodedBlob{.digest = blob.digest, .content = std::move(frame)};
}

size_t EncodedRecord::Bytes() const {
  size_t bytes = verdict.size() + service.size() + environment.size() + audit.detail.size() + 512;
  for (const EncodedBlob& blob : blobs) bytes += blob.digest.size() + blob.content.size();
  for (const EncodedWatch& one : watches) bytes += one.watch.size() + 512;
  return bytes;
}

absl::StatusOr<EncodedRecord> Encode(const VerdictRecord& record, KnownDigests& known) {
  const v1::Verdict& verdict = record.verdict;
  EncodedRecord encoded;
  std::string_view name = verdict.name();
  if (name.starts_with(kNamePrefix)) encoded.id = name.substr(kNamePrefix.size());
  encoded.request_id = verdict.request_id();
  encoded.request_digest = record.request_digest;
  encoded.create_time = Micros(FromProto(verdict.create_time()));
  encoded.service = verdict.change().service();
  encoded.environment = verdict.change().environment();
  encoded.decision = verdict.decision();
  if (absl::Status status = Check(encoded); !status.ok()) return status;
  auto watches = EncodeWatches(verdict);
  if (!watches.ok()) return watches.status();
  encoded.watches = *std::move(watches);
  auto consumes = EncodeConsumption(verdict);
  if (!consumes.ok()) return consumes.status();
  encoded.consumes = *std::move(consumes);
  encoded.consumer = verdict.rollout().empty() ? verdict.name() : verdict.rollout();
  encoded.verdict = DeterministicBytes(verdict);
  encoded.audit = EncodeAudit(record.audit, verdict);
  const int64_t month = MonthOf(encoded.create_time);
  for (const Blob& blob : record.blobs) {
    if (known.Contains(KnownAs(blob.digest, month))) continue;
    auto frame = EncodeBlob(blob);
    if (!frame.ok()) return frame.status();
    frame->month = month;
    encoded.blobs.push_back(*std::move(frame));
  }
  return encoded;
}

absl::StatusOr<v1::Verdict> DecodeVerdict(std::string_view bytes) {
  v1::Verdict verdict;
  if (!verdict.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("a stored verdict cannot be read: its bytes are damaged");
  }
  return verdict;
}

absl::StatusOr<std::string> DecodeBlob(std::string_view digest, std::string_view frame) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  const bool known = size != ZSTD_CONTENTSIZE_UNKNOWN && size != ZSTD_CONTENTSIZE_ERROR;
  if (known && size <= kMaxBlobBytes) {
    std::string content(size, '\0');
    const size_t unpacked =
        ZSTD_decompress(content.data(), content.size(), frame.data(), frame.size());
    if (unpacked == size && Sha256Hex(content) == digest) return content;
  }
  return absl::DataLossError(absl::StrCat("what is stored as ", std::string(digest),
                                          " does not have that digest any more"));
}

absl::StatusOr<Appended> ResolveTaken(const EncodedRecord& record, const StoredVerdict& stored) {
  if (stored.request_digest != record.request_digest) {
    return WithReason(
        absl::AlreadyExistsError(absl::StrCat("request_id ", record.request_id,
                                              " was used for another request, which got verdicts/",
                                              stored.id, "; use a new request_id")),
        "REQUEST_ID_REUSED");
  }
  auto verdict = DecodeVerdict(stored.verdict);
  if (!verdict.ok()) return verdict.status();
  return Appended{*std::move(verdict), /*replayed=*/stored.id != record.id};
}

int64_t Micros(absl::Time time) { return absl::ToUnixMicros(time); }

}  // namespace gate
