// How both stores take in a run of QA: the rules, over the few things that a database has to do for
// them. In one transaction, under a lock of the build.
#ifndef GATE_STORE_QA_H_
#define GATE_STORE_QA_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/store.h"

namespace gate {

// How many other builds a reader is told of.
inline constexpr int kOtherBuilds = 5;
// As many runs as are forgotten with each report at the most.
inline constexpr int kForgetAtOnce = 100;
// Watches of one flag at the most.
inline constexpr int kMaxWatches = 1000;

// A run in the form in which both stores write it.
struct EncodedRun {
  std::string digest;  // of the content before it was compressed
  std::string service;
  std::string build;
  int64_t finish_time = 0;  // microseconds since 1970
  int64_t bytes = 0;        // before it was compressed
  std::string content;      // a zstd frame
};
// INVALID_ARGUMENT for what an index cannot hold.
absl::StatusOr<EncodedRun> EncodeRun(const QaReport& report);

// A run as it is read back; DATA_LOSS where it is not what its digest says.
absl::StatusOr<v1::QaRun> DecodeRun(std::string_view digest, std::string_view frame,
                                    absl::Time finished_at, absl::Time reported_at);

// Adds up what is to be read; RESOURCE_EXHAUSTED once it is more than 64 MiB.
absl::Status CountRead(std::string_view service, int64_t bytes, int64_t& sum);

// Of the content of a watch's row.
absl::StatusOr<v1::FlagWatch> DecodeWatch(std::string_view bytes);
absl::Status TooManyWatches(std::string_view flag);

// The tables, within a transaction that whoever calls TakeIn begins and ends.
class QaTables {
 public:
  virtual ~QaTables() = default;

  // As ReportTables::EnterRequest.
  virtual absl::StatusOr<std::string> EnterRequest(std::string_view request_id,
                                                   std::string_view digest, absl::Time now) = 0;
  // Makes sure that there is a row of the build and that nobody else changes it until the
  // transaction ends; whether it was made. `newest` only grows.
  virtual absl::StatusOr<bool> LockBuild(const EncodedRun& run) = 0;
  virtual absl::StatusOr<int64_t> CountBuilds() = 0;
  virtual absl::StatusOr<int64_t> CountRuns(const EncodedRun& run) = 0;
  // Whether it was new.
  virtual absl::StatusOr<bool> AddRun(const EncodedRun& run, absl::Time now) = 0;
  // Some of the runs that were reported before that time, but none of a build that a watch names;
  // and builds that have none left.
  virtual absl::Status ForgetRuns(absl::Time before) = 0;
};

// Where it is not OK the transaction has to be rolled back.
absl::StatusOr<ReportedRun> TakeIn(const QaReport& report, const EncodedRun& run,
                                   const QaBounds& bounds, QaTables& tables);

}  // namespace gate

#endif  // GATE_STORE_QA_H_
