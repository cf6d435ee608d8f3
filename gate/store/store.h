// Where verdicts, their evidence and the policies that judged them are kept: append-only, durable
// before the reply, shared by replicas where the implementation is PostgreSQL. And the metrics that
// services report, durable in the same way, for as long as they are wanted.
//
// Two implementations, sqlite.h and postgres.h, pass one contract suite
// (tests/store/contract_test.cc). Both commit in groups: evaluations that wait together share one
// fsync (group_commit.h).
//
// Errors: UNAVAILABLE where the store cannot be reached or is locked (trying again may help),
// RESOURCE_EXHAUSTED where it is full or the queue of waiting appends is, DATA_LOSS where what is
// stored cannot be read. After a failed fsync the process stops: what the kernel dropped cannot be
// written again, and nobody may be told ALLOW on the strength of it.
#ifndef GATE_STORE_STORE_H_
#define GATE_STORE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/base/clock.h"
#include "gate/store/audit_store.h"
#include "gate/store/blob.h"
#include "gate/store/hold_store.h"
#include "gate/store/keeping.h"
#include "gate/store/override_store.h"
#include "gate/store/rollout_store.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/qa.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate {

// All that one evaluation leaves behind.
struct VerdictRecord {
  v1::Verdict verdict;         // with name and request_id
  std::string request_digest;  // Sha256Hex of the request without its request_id
  std::vector<Blob> blobs;
  // Who asked, and by which call: actor and action. The rest of its row in the audit log, which is
  // written with it, is the verdict's. Without an actor: the gate, by itself.
  v1::AuditEntry audit = {};
};

// What an append came to.
struct Appended {
  // The verdict on record: the one given, or the first one with its request_id.
  v1::Verdict verdict;
  // Whether an earlier append with that request_id won.
  bool replayed = false;
};

// Which verdicts to list. Empty or unset fields match all.
struct VerdictFilter {
  std::string service;
  std::string environment;
  v1::Decision decision = v1::DECISION_UNSPECIFIED;
  std::optional<absl::Time> start;  // inclusive
  std::optional<absl::Time> end;    // exclusive
  // Nothing is decided by it, so that a replica of the database may answer where there is one. It
  // shows what was acknowledged before the call all the same.
  bool for_people = false;
};

// A metric of a service in an environment, counted in intervals of one length. Where one of these
// differs it is another series.
struct SeriesKey {
  std::string service;
  std::string environment;
  std::string metric;
  v1::MetricKind kind = v1::METRIC_KIND_UNSPECIFIED;
  absl::Duration step;
};

// What one cohort did in the interval that ends at `time`.
struct ReportedPoint {
  absl::Time time;  // whole steps since 1970
  std::string cohort;
  std::string content;  // of a v1::CohortPoint; the same bytes for the same content
};

// What is reported at once: taken in whole or not at all.
struct MetricsReport {
  struct Series {
    SeriesKey key;
    std::vector<ReportedPoint> points;  // at least one; no two of one time and cohort
  };
  std::string request_id;      // empty: none
  std::string request_digest;  // Sha256Hex of the report without its request_id
  std::vector<Series> series;  // no two of one key
};

// How much is kept, and until when a series may still change.
struct ReportBounds {
  absl::Time now;
  absl::Time forget_before;  // Points before it are forgotten, sooner or later.
  // A new point up to here is taken only where it is the newest of its series: whoever has read a
  // series up to both has read all that it will have there.
  absl::Time settled;
  int64_t max_series = 0;
  int64_t max_points_per_series = 0;
};

// What a report came to, by interval and cohort.
struct Reported {
  int64_t points = 0;  // that are on disk
  int64_t known = 0;   // of them, those that were there before
};

// Which points to read.
struct SeriesRange {
  SeriesKey key;
  absl::Time after;  // exclusive
  absl::Time until;  // inclusive
};

struct StoredSeries {
  bool found = false;                 // Whether anything of that key was reported.
  absl::Time newest;                  // of all its points
  std::vector<ReportedPoint> points;  // of the range, by time, then by cohort
  std::vector<SeriesKey> others;      // not found: of the same name, with other kinds or steps
};

// QA results that are reported at once: of one build on one platform.
struct QaReport {
  std::string request_id;      // empty: none
  std::string request_digest;  // Sha256Hex of the report without its request_id
  // Without name and reported_at. Its finished_at is what the report tells, unset where it tells
  // nothing: the same results of another time are another run.
  v1::QaRun run;
  // When the run ended, as far as is known: by this runs are sorted.
  absl::Time finished_at;
};

// How much of QA is kept.
struct QaBounds {
  absl::Time now;
  // Runs that were reported before it are forgotten, sooner or later, but not those of builds that
  // a watch names.
  absl::Time forget_before;
  int64_t max_builds = 0;
  int64_t max_runs_per_build = 0;
};

// What a report of QA came to.
struct ReportedRun {
  std::string name;    // "evidence/" and a SHA-256 of its content
  bool known = false;  // It was there before, and stands as it was reported first.
};

// Thread-safe.
class Store {
 public:
  using Done = std::function<void(absl::StatusOr<Appended>)>;

  virtual ~Store() = default;

  // Keeps the record, and, where the verdict is ALLOW, the watches of its enforced outcomes, with
  // its name and time, and consumes the overrides that it names (Verdict.overrides). `done` runs
  // once, on a thread of the store, after it is on disk (or has failed); on this thread where the
  // record is refused at once. It must not block. ALREADY_EXISTS (reason REQUEST_ID_REUSED) where
  // request_id was used for another request. ABORTED (OVERRIDE_GONE), and nothing is kept or
  // consumed, where one of the overrides is not approved any more or was over at the verdict's
  // time; one that the verdict's own rollout has consumed counts for it until it ends. After
  // UNAVAILABLE the record may be there or not: the same request_id, asked again, finds out.
  virtual void Append(VerdictRecord record, Done done) = 0;

  // By id, the part of the name after "verdicts/". NOT_FOUND where there is none.
  virtual absl::StatusOr<v1::Verdict> GetVerdict(std::string_view id) = 0;

  // The verdict that was given to a request, where there is one: {verdict, request_digest}.
  struct Given {
    v1::Verdict verdict;
    std::string request_digest;
  };
  virtual absl::StatusOr<std::optional<Given>> FindRequest(std::string_view request_id) = 0;

  // At most `limit` verdicts, newest first, by create_time (in microseconds) and then by id.
  // `before` is the id of the last verdict of the page before, empty for the first page;
  // INVALID_ARGUMENT where there is no such verdict. Cost does not grow with what is stored.
  virtual absl::StatusOr<std::vector<v1::Verdict>> ListVerdicts(const VerdictFilter& filter,
                                                                std::string_view before,
                                                                int limit) = 0;

  // The uncompressed content. NOT_FOUND where there is none; DATA_LOSS where it does not have
  // that digest any more.
  virtual absl::StatusOr<std::string> GetBlob(std::string_view digest) = 0;

  // Takes in a report; it is on disk when this returns. What was reported of an interval and cohort
  // stands: the same content again is known, another one FAILED_PRECONDITION (REPORTED_OTHERWISE),
  // and so is what is too late (REPORTED_TOO_LATE). RESOURCE_EXHAUSTED beyond the bounds.
  // ALREADY_EXISTS (REQUEST_ID_REUSED) where request_id was used for another report. After
  // UNAVAILABLE it may be there or not: reported again, it is there once.
  virtual absl::StatusOr<Reported> ReportMetrics(const MetricsReport& report,
                                                 const ReportBounds& bounds) = 0;

  // What was reported of one series. RESOURCE_EXHAUSTED where it is more than 64 MiB.
  virtual absl::StatusOr<StoredSeries> ReadSeries(const SeriesRange& range) = 0;

  // Takes in a run of QA; it is on disk when this returns. The same content is one run, however
  // often it is reported. RESOURCE_EXHAUSTED beyond the bounds (TOO_MANY_BUILDS, TOO_MANY_RUNS).
  // ALREADY_EXISTS (REQUEST_ID_REUSED) where request_id was used for another report. After
  // UNAVAILABLE it may be there or not: reported again, it is there once.
  virtual absl::StatusOr<ReportedRun> ReportQaRun(const QaReport& report,
                                                  const QaBounds& bounds) = 0;

  // All runs of some builds of a service, and which other builds have any. RESOURCE_EXHAUSTED where
  // they are more than 64 MiB.
  virtual absl::StatusOr<v1::QaRuns> ReadQaRuns(const std::string& service,
                                                const std::vector<std::string>& builds) = 0;

  // What has to pass before a flag may be switched on: of each service and ticket the watch of the
  // newest verdict, by service and ticket. RESOURCE_EXHAUSTED where there are more than 1,000.
  virtual absl::StatusOr<std::vector<v1::FlagWatch>> ReadFlagWatches(const std::string& environment,
                                                                     const std::string& flag) = 0;

  // Where rollouts are kept; as long as this.
  virtual RolloutStore& rollouts() = 0;

  // Where overrides are kept; as long as this.
  virtual OverrideStore& overrides() = 0;

  // Where declared freezes and incidents are kept; as long as this.
  virtual HoldStore& holds() = 0;
  // The audit log; as long as this.
  virtual AuditStore& audit() = 0;

  // What time it is for all that share the store; as long as this.
  virtual Clock& clock() { return Clock::System(); }

  // Creation time of the newest verdict; InfinitePast when there is none. A clock behind it has
  // stepped back.
  virtual absl::StatusOr<absl::Time> NewestVerdictTime() = 0;

  // Makes room for the months to come, and forgets what is older than `retention`: verdicts with
  // their evidence, and entries of the audit log. What a rollout that moves, an override that is
  // not over or an open incident may refer to stays. Each part that goes leaves an entry in the
  // audit log in its own transaction (before it, where the part takes many), so that a crash leaves
  // all that is to stay, and the next time goes on. One replica at a time does it. `dry_run`
  // changes nothing, and says what would go.
  virtual absl::StatusOr<Housekeeping> KeepHouse(const Retention& retention, absl::Time now,
                                                 bool dry_run) = 0;

  // Whether it can take an append now.
  virtual absl::Status Ready() = 0;
};

// Opens the store that a URL names, and brings its schema up to date under a lock:
// "sqlite:PATH" ("sqlite::memory:" is gone with the store) or "postgresql://…" (libpq's connection
// URI). INVALID_ARGUMENT names what is wrong with the URL; FAILED_PRECONDITION where the schema is
// newer than this program, or the server is set up so that commits may be lost.
struct StoreOptions {
  int write_connections = 2;  // PostgreSQL
  int max_group = 256;        // appends in one commit
  int max_waiting = 4096;     // appends that wait; beyond it RESOURCE_EXHAUSTED
  // PostgreSQL: the URL of a streaming standby, where listings for people are read; empty: none.
  std::string read_replica = {};
  // Hears of each of them whether it was read there.
  std::function<void(bool from_replica)> on_listing = nullptr;
};
absl::StatusOr<std::unique_ptr<Store>> OpenStore(std::string_view url, const StoreOptions& options);

}  // namespace gate

#endif  // GATE_STORE_STORE_H_
