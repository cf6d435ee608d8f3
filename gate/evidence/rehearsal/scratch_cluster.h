// PostgreSQL servers for one rehearsal each: a copy of a data directory that was made once, on a
// unix socket in a folder that nobody else can enter, gone afterwards.
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
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gate/evidence/rehearsal/guarded_process.h"

namespace gate {

struct ScratchOptions {
  // Folder of the programs postgres and initdb. "": Debian's folders are looked through.
  std::string programs;
  // Major version to look for: the newest that is not newer is taken, or the oldest there is. 0:
  // the newest.
  int wanted_major = 0;
  // Where the data directories are made; itself made, for us alone, where it is not there. Short: a
  // socket's path has at most 107 bytes. "": as DefaultScratchFolder says.
  std::string folder;
  // The ordinary user whom the server runs as where we are root.
  std::string user = "postgres";
  uint64_t memory_bytes = uint64_t{1} << 30;  // of each of its processes
  uint64_t disk_bytes = uint64_t{1} << 29;    // of all its files
  // Of each process; the last resort, should both we and the guard be killed.
  std::chrono::seconds cpu_time{300};
};

// The programs that a cluster is made with.
struct PostgresPrograms {
  std::string folder;
  int major = 0;  // 0: not known from the folder
};
// NOT_FOUND where there are none.
absl::StatusOr<PostgresPrograms> FindPostgres(const ScratchOptions& options);

// In memory (/dev/shm) where there is room for two such clusters, which halves the time of a
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

 private:
  friend class ScratchClusters;
  ScratchCluster(std::string folder, int major, uint64_t disk_limit)
      : folder_(std::move(folder)), major_(major), disk_limit_(disk_limit) {}

  const std::string folder_;
  const int major_;
  const uint64_t disk_limit_;
  std::unique_ptr<GuardedProcess> server_;
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
  absl::StatusOr<std::unique_ptr<ScratchCluster>> Start(Deadline deadline) const;

  int major() const { return programs_.major; }

 private:
  ScratchClusters(ScratchOptions options, PostgresPrograms programs, ProcessUser user)
      : options_(std::move(options)), programs_(std::move(programs)), user_(std::move(user)) {}
  absl::Status MakePrepared() const;
  absl::Status RunInitdb(const std::string& data) const;
  absl::Status StartServer(ScratchCluster& cluster, Deadline deadline) const;
  std::string PreparedFolder() const;
  std::string NewFolder(std::string_view kind) const;

  const ScratchOptions options_;
  PostgresPrograms programs_;
  const ProcessUser user_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_SCRATCH_CLUSTER_H_
