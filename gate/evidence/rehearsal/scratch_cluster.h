// PostgreSQL servers for one rehearsal each: a copy of a data directory that was made once, on a
// unix socket in a folder that nobody else can enter, gone afterwards. The directory has nothing in
// it, or the schema that the rehearsal begins with (prepared_schemas.h).
//
// What runs in it is somebody else's SQL. It runs as a role that is no superuser, owns the one
// database, and can make no roles: no programs (COPY ... PROGRAM), no files of the server (COPY
// 'file', pg_read_file, lo_import), no libraries, no network (there is none to listen on, and
// PostgreSQL's trusted extensions open no connections). What it may do: use processor time, memory
// and disk up to the limits, and anything inside its own database. Parallel workers are off, so
// that the limits, which hold for each process, hold for the rehearsal. Who can enter the folder,
// the server's own user and root, can connect as its administrator.
#ifndef GATE_EVIDENCE_REHEARSAL_SCRATCH_CLUSTER_H_
#define GATE_EVIDENCE_REHEARSAL_SCRATCH_CLUSTER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/evidence/rehearsal/guarded_process.h"
#include "gate/evidence/rehearsal/prepared_schemas.h"

namespace gate {

struct ScratchOptions {
  // Folders of the programs postgres and initdb, of PostgreSQL 11 or newer. None: Debian's folders
  // are looked through.
  std::vector<std::string> programs;
  // Major version to look for: else the newest that is not newer is taken, or the oldest there is.
  // 0: the newest.
  int wanted_major = 0;
  // Where the data directories are made; itself made, for us alone, where it is not there. Short: a
  // socket's path has at most 107 bytes. "": as DefaultScratchFolder says.
  std::string folder;
  // The ordinary user whom the server runs as where we are root.
  std::string user = "postgres";
  uint64_t memory_bytes = uint64_t{1} << 30;  // of each of its processes
  // Of all its files; the schemas that are kept loaded take as much again.
  uint64_t disk_bytes = uint64_t{1} << 29;
  // Whether large schemas are kept loaded for the next rehearsal.
  bool keep_schemas = true;
  // Of each process; the last resort, should both we and the guard be killed.
  std::chrono::seconds cpu_time{300};
};

// The programs that a cluster is made with.
struct PostgresPrograms {
  std::string folder;
  int major = 0;
};
// All that there are, by version. NOT_FOUND where there are none, or where a folder that is told
// has none.
absl::StatusOr<std::vector<PostgresPrograms>> FindAllPostgres(const ScratchOptions& options);
// Those of them for a version that is wanted.
const PostgresPrograms& ProgramsFor(int major, const std::vector<PostgresPrograms>& all);
absl::StatusOr<PostgresPrograms> FindPostgres(const ScratchOptions& options);

// In memory (/dev/shm) where there is room for three times as much, which halves the time of a
// rehearsal; else where temporary files are.
std::string DefaultScratchFolder(uint64_t disk_bytes);

// One running server. Not thread-safe.
class ScratchCluster {
 public:
  // Names of roles: the one that reads catalogues and sets up, and the one that runs the SQL of
  // others.
  static constexpr char kAdmin[] = "gate_rehearsal_admin";
  static constexpr char kRole[] = "gate_rehearsal";

  ~ScratchCluster();  // Ends the server, removes its files.
  ScratchCluster(const ScratchCluster&) = delete;
  ScratchCluster& operator=(const ScratchCluster&) = delete;

  // For PQconnectdb, with that role.
  std::string ConnectionInfo(std::string_view role) const;
  int major() const { return major_; }
  const std::string& folder() const { return folder_; }
  bool Running() { return server_->Running(); }
  // What its files take up now; some milliseconds.
  uint64_t DiskBytes() const;
  uint64_t disk_limit() const { return disk_limit_; }
  // The last lines of the server's log.
  std::string Log() const;

  // What loading came to, of the schema that it was started with; nullptr where it is yet to be
  // loaded.
  const LoadedSchema* loaded() const { return schema_ == nullptr ? nullptr : &schema_->loaded(); }
  // Whether the schema is worth keeping, once it is loaded.
  bool MayKeep() const { return keep_ != nullptr; }
  // Keeps a copy of what is in it now, for others that are started with this schema. Right after
  // CHECKPOINT, and while nobody works in it. `last_wal` names the newest file of its log that is
  // in use. Where that fails there is no copy.
  void Keep(LoadedSchema loaded, const std::string& last_wal) const {
    keep_(std::move(loaded), last_wal);
  }

 private:
  friend class ScratchClusters;
  ScratchCluster(std::string folder, int major, uint64_t disk_limit)
      : folder_(std::move(folder)), major_(major), disk_limit_(disk_limit) {}

  const std::string folder_;
  const int major_;
  const uint64_t disk_limit_;
  std::unique_ptr<GuardedProcess> server_;
  std::shared_ptr<const PreparedSchema> schema_;
  std::function<void(LoadedSchema, const std::string&)> keep_;
};

// Makes clusters. Thread-safe.
class ScratchClusters {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // Makes the data directory that clusters are copies of, where it is not there yet: about a
  // second. Removes what processes that are gone have left in the folder. FAILED_PRECONDITION where
  // the folder belongs to somebody else or there is no user to run as; NOT_FOUND without
  // PostgreSQL.
  static absl::StatusOr<std::unique_ptr<ScratchClusters>> Open(const ScratchOptions& options);

  // Copies, starts, and waits until it takes connections. DEADLINE_EXCEEDED at the deadline.
  // `schema` is the text that the rehearsal begins with: where a copy of it is kept, it is in
  // there.
  absl::StatusOr<std::unique_ptr<ScratchCluster>> Start(Deadline deadline,
                                                        std::string_view schema = "") const;

  int major() const { return programs_.major; }

 private:
  ScratchClusters(ScratchOptions options, PostgresPrograms programs, ProcessUser user)
      : options_(std::move(options)),
        programs_(std::move(programs)),
        user_(std::move(user)),
        schemas_(std::make_shared<PreparedSchemas>(options_.disk_bytes)) {}
  absl::Status MakePrepared() const;
  absl::Status RunInitdb(const std::string& data) const;
  absl::Status StartServer(ScratchCluster& cluster, Deadline deadline) const;
  std::string PreparedFolder() const;
  std::string NewFolder(std::string_view kind) const;
  void OfferSchema(std::string_view text, ScratchCluster& cluster) const;

  const ScratchOptions options_;
  PostgresPrograms programs_;
  const ProcessUser user_;
  const std::shared_ptr<PreparedSchemas> schemas_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_SCRATCH_CLUSTER_H_
