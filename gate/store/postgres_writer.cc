#include "gate/store/postgres_writer.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "gate/store/overrides.h"
#include "gate/store/postgres_error.h"

namespace gate {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A restart or a fail-over is often over within it; callers have patience for little more.
constexpr std::chrono::seconds kPatience{5};
constexpr milliseconds kDeadlockPause{5};

constexpr char kInsertBlobs[] =
    "INSERT INTO gate.all_blobs (digest, content, month)"
    " SELECT * FROM unnest($1::text[], $2::bytea[], $3::timestamptz[]) ON CONFLICT DO NOTHING";
// Verdicts, each with its key and its row in the audit log: one statement, so that a group which is
// sent again after its commit writes none of them twice. Answers with the ids of those that were
// new. gate.verdicts keeps unique what was written before there were keys; its own index sees what
// a replica of the version before writes meanwhile. (Not NOT EXISTS, which is a join: planned while
// the table was small it reads all of it for each group, until somebody analyzes the table.)
constexpr char kInsertVerdicts[] =
    "WITH given AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[],"
    " $5::text[], $6::text[], $7::smallint[], $8::bytea[], $9::text[], $10::text[], $11::text[],"
    " $12::text[], $13::text[]) WITH ORDINALITY AS given (id, request_id, request_digest,"
    " create_time, service, environment, decision, verdict, actor, action, resource, outcome,"
    " detail, place)),"
    " claimed AS (INSERT INTO gate.verdict_keys (id, request_id, create_time)"
    " SELECT id, request_id, create_time FROM given WHERE"
    " (SELECT id FROM gate.verdicts AS earlier WHERE earlier.request_id = given.request_id LIMIT 1)"
    " IS NULL"
    " ORDER BY place ON CONFLICT DO NOTHING RETURNING id, request_id),"
    " kept AS (INSERT INTO gate.all_verdicts"
    " (id, request_id, request_digest, create_time, service, environment, decision, verdict)"
    " SELECT id, request_id, request_digest, create_time, service, environment, decision, verdict"
    " FROM given JOIN claimed USING (id, request_id) ORDER BY place"
    " ON CONFLICT DO NOTHING RETURNING id)"
    " INSERT INTO gate.all_audit"
    " (time, actor, action, resource, service, environment, outcome, detail, request_id)"
    " SELECT create_time, actor, action, resource, service, environment, outcome, detail,"
    " request_id FROM given JOIN kept USING (id) ORDER BY place RETURNING substr(resource, 10)";
// Of verdicts that were inserted, or had been before the connection broke. Of one key the newest,
// in the order of keys, so that two groups take their locks in the same order.
constexpr char kInsertWatches[] =
    "INSERT INTO gate.flag_watches"
    " (environment, flag, service, ticket, build, create_time, verdict, watch)"
    " SELECT DISTINCT ON (given.environment, given.flag, given.service, given.ticket) given.*"
    " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],"
    " $7::text[], $8::bytea[])"
    " AS given (environment, flag, service, ticket, build, create_time, verdict, watch)"
    " JOIN gate.all_verdicts AS kept"
    " ON kept.id = given.verdict AND kept.create_time = given.create_time"
    " ORDER BY given.environment, given.flag, given.service, given.ticket,"
    " given.create_time DESC, given.verdict COLLATE \"C\" DESC"
    " ON CONFLICT (environment, flag, service, ticket) DO UPDATE SET build = excluded.build,"
    " create_time = excluded.create_time, verdict = excluded.verdict, watch = excluded.watch"
    " WHERE (excluded.create_time, excluded.verdict)"
    " > (flag_watches.create_time, flag_watches.verdict)";
constexpr char kFindRequests[] =
    "SELECT request_id, id, request_digest, verdict FROM gate.verdicts WHERE request_id = ANY ($1)"
    " UNION ALL SELECT kept.request_id, kept.id, kept.request_digest, kept.verdict"
    " FROM gate.verdict_keys AS key JOIN gate.all_verdicts AS kept"
    " ON kept.id = key.id AND kept.create_time = key.create_time WHERE key.request_id = ANY ($1)";

absl::Status PrepareInserts(PostgresConnection& connection) {
  const auto deadline = steady_clock::now() + kPostgresTimeout;
  absl::Status status = connection.Prepare("blobs", kInsertBlobs, deadline);
  if (status.ok()) status = connection.Prepare("verdicts", kInsertVerdicts, deadline);
  if (status.ok()) status = connection.Prepare("watches", kInsertWatches, deadline);
  return status.ok() ? connection.Prepare("consume", kConsumeOverrides, deadline) : status;
}

// By digest, so that two groups which store the same blobs take their locks in the same order.
std::vector<PostgresParameter> BlobArrays(std::span<PendingAppend* const> group) {
  std::vector<const EncodedBlob*> blobs;
  for (const PendingAppend* pending : group) {
    for (const EncodedBlob& blob : pending->record.blobs) blobs.push_back(&blob);
  }
  const auto key = [](const EncodedBlob* blob) { return std::tie(blob->digest, blob->month); };
  std::ranges::sort(blobs, {}, key);
  const auto repeated = std::ranges::unique(blobs, {}, key);
  blobs.erase(repeated.begin(), repeated.end());
  if (blobs.empty()) return {};
  PostgresArray digests = PostgresArray::Texts(blobs.size());
  PostgresArray contents = PostgresArray::Bytes(blobs.size());
  PostgresArray months = PostgresArray::Timestamps(blobs.size());
  for (const EncodedBlob* blob : blobs) {
    digests.Add(blob->digest);
    contents.Add(blob->content);
    months.AddTimestamp(blob->month);
  }
  return {std::move(digests).Take(), std::move(contents).Take(), std::move(months).Take()};
}

std::vector<PostgresParameter> VerdictArrays(std::span<PendingAppend* const> group) {
  const size_t size = group.size();
  PostgresArray ids = PostgresArray::Texts(size);
  PostgresArray request_ids = PostgresArray::Texts(size);
  PostgresArray request_digests = PostgresArray::Texts(size);
  PostgresArray times = PostgresArray::Timestamps(size);
  PostgresArray services = PostgresArray::Texts(size);
  PostgresArray environments = PostgresArray::Texts(size);
  PostgresArray decisions = PostgresArray::Smallints(size);
  PostgresArray verdicts = PostgresArray::Bytes(size);
  PostgresArray actors = PostgresArray::Texts(size);
  PostgresArray actions = PostgresArray::Texts(size);
  PostgresArray resources = PostgresArray::Texts(size);
  PostgresArray outcomes = PostgresArray::Texts(size);
  PostgresArray details = PostgresArray::Texts(size);
  for (const PendingAppend* pending : group) {
    const EncodedRecord& record = pending->record;
    actors.Add(record.audit.actor);
    actions.Add(record.audit.action);
    resources.Add(record.audit.resource);
    outcomes.Add(record.audit.outcome);
    details.Add(record.audit.detail);
    ids.Add(record.id);
    request_ids.Add(record.request_id);
    request_digests.Add(record.request_digest);
    times.AddTimestamp(record.create_time);
    services.Add(record.service);
    environments.Add(record.environment);
    decisions.AddSmallint(record.decision);
    verdicts.Add(record.verdict);
  }
  std::vector<PostgresParameter> arrays;
  for (PostgresArray* array :
       {&ids, &request_ids, &request_digests, &times, &services, &environments, &decisions,
        &verdicts, &actors, &actions, &resources, &outcomes, &details}) {
    arrays.push_back(std::move(*array).Take());
  }
  return arrays;
}

// Empty where there are none.
std::vector<PostgresParameter> WatchArrays(std::span<PendingAppend* const> group) {
  size_t size = 0;
  for (const PendingAppend* pending : group) size += pending->record.watches.size();
  if (size == 0) return {};
  PostgresArray environments = PostgresArray::Texts(size);
  PostgresArray flags = PostgresArray::Texts(size);
  PostgresArray services = PostgresArray::Texts(size);
  PostgresArray tickets = PostgresArray::Texts(size);
  PostgresArray builds = PostgresArray::Texts(size);
  PostgresArray times = PostgresArray::Timestamps(size);
  PostgresArray verdicts = PostgresArray::Texts(size);
  PostgresArray watches = PostgresArray::Bytes(size);
  for (const PendingAppend* pending : group) {
    for (const EncodedWatch& watch : pending->record.watches) {
      environments.Add(watch.environment);
      flags.Add(watch.flag);
      services.Add(watch.service);
      tickets.Add(watch.ticket);
      builds.Add(watch.build);
      times.AddTimestamp(pending->record.create_time);
      verdicts.Add(pending->record.id);
      watches.Add(watch.watch);
    }
  }
  std::vector<PostgresParameter> arrays;
  for (PostgresArray* array :
       {&environments, &flags, &services, &tickets, &builds, &times, &verdicts, &watches}) {
    arrays.push_back(std::move(*array).Take());
  }
  return arrays;
}

// Whether one record alone may be to blame.
bool IsAboutARow(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsInternal(status) || absl::IsDataLoss(status);
}

}  // namespace

Outage::Time Outage::Since(Time now) {
  MutexLock lock(mu_);
  if (!since_) since_ = now;
  return *since_;
}

void Outage::End() {
  MutexLock lock(mu_);
  since_.reset();
}

PostgresWriter::PostgresWriter(std::string url, KnownDigests& known, Outage& outage)
    : session_(std::move(url),
               [&known](PostgresConnection& connection) {
                 known.Clear();
                 return PrepareInserts(connection);
               }),
      outage_(outage) {}

void PostgresWriter::Write(std::vector<PendingAppend>& group, Closing& closing) {
  std::vector<PendingAppend*> records;
  records.reserve(group.size());
  for (PendingAppend& pending : group) records.push_back(&pending);
  // By request_id, so that replicas which write the same requests cannot wait for each other in a
  // circle; in the order of arrival, which is that of their addresses, among the same.
  std::ranges::sort(records, [](const PendingAppend* a, const PendingAppend* b) {
    return std::tie(a->record.request_id, a) < std::tie(b->record.request_id, b);
  });
  WriteOrSplit(records, closing);
}

void PostgresWriter::WriteOrSplit(Group group, Closing& closing) {
  const absl::Status status = Persist(group, closing);
  if (status.ok()) return;
  if (group.size() > 1 && IsAboutARow(status)) {
    WriteOrSplit(group.first(group.size() / 2), closing);
    WriteOrSplit(group.subspan(group.size() / 2), closing);
    return;
  }
  for (PendingAppend* pending : group) pending->result = status;
}

absl::Status PostgresWriter::Persist(Group group, Closing& closing) {
  const auto started = steady_clock::now();
  bool kept = true;  // The connection is one from before, which may have broken long ago.
  for (;;) {
    const auto tried = steady_clock::now();
    const auto connection = session_.Connected();
    const absl::Status status =
        connection.ok() ? Attempt(**connection, group) : connection.status();
    const bool gone =
        connection.ok() ? !(*connection)->alive() : absl::IsUnavailable(connection.status());
    if (!gone) outage_.End();
    if (!gone && !absl::IsAborted(status)) return status;
    const auto since = gone ? outage_.Since(tried) : started;
    if (gone && connection.ok() && std::exchange(kept, false)) continue;
    const auto now = steady_clock::now();
    const milliseconds pause = std::max(session_.UntilNextAttempt(), kDeadlockPause);
    if (now + pause >= since + kPatience || closing.WaitFor(pause)) {
      return absl::IsAborted(status) ? PostgresGone(std::string(status.message())) : status;
    }
  }
}

absl::Status PostgresWriter::Attempt(PostgresConnection& connection, Group group) {
  GoneOverrides gone;
  const auto taken = Commit(connection, group, gone);
  if (!taken.ok()) return taken.status();
  return taken->empty() ? absl::OkStatus() : ResolveTakenOnes(connection, *taken, gone);
}

absl::StatusOr<std::vector<PendingAppend*>> PostgresWriter::Commit(PostgresConnection& connection,
                                                                   Group group,
                                                                   GoneOverrides& gone) {
  const auto deadline = steady_clock::now() + kPostgresTimeout;
  std::vector<PendingAppend*> taken;
  std::vector<PendingAppend*> written(group.begin(), group.end());
  std::vector<PostgresCommand> commands;
  if (!ConsumesOverrides(group)) {
    commands.push_back({"BEGIN"});
  } else {
    absl::Status status = connection.Execute("BEGIN", deadline);
    if (!status.ok()) return status;
    auto locked = LockOverrides(connection, group, deadline);
    if (!locked.ok()) {
      if (connection.alive()) (void)connection.Execute("ROLLBACK", deadline);
      return locked.status();
    }
    gone = *std::move(locked);
    const auto is_gone = [&](const PendingAppend* pending) { return gone.contains(pending); };
    std::ranges::copy_if(group, std::back_inserter(taken), is_gone);
    std::erase_if(written, is_gone);
  }
  if (auto blobs = BlobArrays(written); !blobs.empty()) {
    commands.push_back({"blobs", /*prepared=*/true, std::move(blobs)});
  }
  const size_t verdicts = commands.size();
  commands.push_back({"verdicts", /*prepared=*/true, VerdictArrays(written)});
  if (auto watches = WatchArrays(written); !watches.empty()) {
    commands.push_back({"watches", /*prepared=*/true, std::move(watches)});
  }
  if (auto consumption = ConsumptionArrays(written); !consumption.empty()) {
    commands.push_back({"consume", /*prepared=*/true, std::move(consumption)});
  }
  commands.push_back({"COMMIT"});
  const auto answers = connection.Pipeline(commands, deadline);
  if (!answers.ok()) return answers.status();
  if (answers->back().Tag() != "COMMIT") return absl::InternalError("the commit was rolled back");

  const PostgresRows& inserted = (*answers)[verdicts];
  absl::flat_hash_set<std::string> winners;
  for (int row = 0; row < inserted.size(); ++row) winners.emplace(inserted.Bytes(row, 0));
  for (PendingAppend* pending : written) {
    if (winners.erase(pending->record.id) == 0) {
      taken.push_back(pending);
    } else {
      // Kept: should the connection break below, the next attempt needs it.
      pending->result = Appended{pending->verdict, /*replayed=*/false};
    }
  }
  return taken;
}

absl::Status PostgresWriter::ResolveTakenOnes(PostgresConnection& connection,
                                              const std::vector<PendingAppend*>& taken,
                                              const GoneOverrides& gone) {
  PostgresArray request_ids = PostgresArray::Texts(taken.size());
  for (const PendingAppend* pending : taken) request_ids.Add(pending->record.request_id);
  const auto rows = connection.Query(kFindRequests, {std::move(request_ids).Take()},
                                     steady_clock::now() + kPostgresTimeout);
  if (!rows.ok()) return rows.status();
  absl::flat_hash_map<std::string, StoredVerdict> stored;
  for (int row = 0; row < rows->size(); ++row) {
    stored[std::string(rows->Bytes(row, 0))] = {std::string(rows->Bytes(row, 1)),
                                                std::string(rows->Bytes(row, 2)),
                                                std::string(rows->Bytes(row, 3))};
  }
  for (PendingAppend* pending : taken) {
    const auto found = stored.find(pending->record.request_id);
    if (found != stored.end()) {
      pending->result = ResolveTaken(pending->record, found->second);
    } else if (const auto missing = gone.find(pending); missing != gone.end()) {
      pending->result = OverrideGone(missing->second);
    } else {
      pending->result = absl::InternalError(
          absl::StrCat("there is a verdict ", pending->record.id, " already, of another request"));
    }
  }
  return absl::OkStatus();
}

}  // namespace gate
