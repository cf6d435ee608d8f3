#include "gate/evidence/rehearsal/scratch_cluster.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gate/base/digest.h"
#include "gate/evidence/rehearsal/session.h"

namespace gate {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kInitdbTimeout{60};
constexpr std::string_view kRunning = "run-";     // one rehearsal's
constexpr std::string_view kMaking = "making-";   // a prepared directory, not yet whole
constexpr std::string_view kPrepared = "ready-";  // to be copied
constexpr std::string_view kSchema = "schema-";   // the same, with a schema in it
// Smaller ones are loaded as quickly as they are copied.
constexpr size_t kWorthKeeping = 16 << 10;

// Durability is of no use here. What bounds the SQL of others is set where it cannot be changed by
// it: max_worker_processes at the start only, temp_file_limit (see StartServer) by superusers only.
constexpr char kSettings[] = R"(
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 12
superuser_reserved_connections = 4
shared_buffers = 32MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 256MB
autovacuum = off
max_worker_processes = 0
max_logical_replication_workers = 0
restart_after_crash = off
max_files_per_process = 200
log_min_messages = fatal
log_min_error_statement = panic
lc_messages = 'C'
timezone = 'UTC'
jit = off
huge_pages = off
)";
constexpr char kSettings18[] = "io_method = sync\n";  // else there are processes for it

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

absl::Status Failed(const std::string& what) {
  return absl::InternalError(absl::StrCat(what, ": ", std::strerror(errno)));
}

absl::Status Give(const std::string& path, const ProcessUser& user) {
  if (user.change && lchown(path.c_str(), user.uid, user.gid) != 0) return Failed(path);
  return absl::OkStatus();
}

// A new folder that nobody but its user, and root, can enter.
absl::Status MakeFolder(const std::string& path, const ProcessUser& user) {
  if (mkdir(path.c_str(), 0700) != 0) return Failed(path);
  return Give(path, user);
}

// Under /tmp anybody may have been there first.
absl::Status OwnFolder(const std::string& path, const ProcessUser& user) {
  if (mkdir(path.c_str(), 0700) == 0) return Give(path, user);
  if (errno != EEXIST) return Failed(path);
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) return Failed(path);
  const bool ours = S_ISDIR(found.st_mode) && found.st_uid == user.uid &&
                    (found.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  if (ours) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, " is not a folder that only the user of the scratch server can enter"));
}

// Copies files and folders; what else a data directory could hold (links to tablespaces) a new one
// has not. Where `last_wal` names a file of the log, not those behind it, which are empty.
absl::Status CopyTree(const std::string& from, const std::string& to, const ProcessUser& user,
                      const std::string& last_wal = "") {
  const auto is_spare = [&](const fs::path& path) {
    return !last_wal.empty() && path.parent_path().filename() == "pg_wal" &&
           path.filename().string() > last_wal &&
           path.filename().string().size() == last_wal.size();
  };
  if (absl::Status made = MakeFolder(to, user); !made.ok()) return made;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(from, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string target = to + entry->path().string().substr(from.size());
    if (entry->is_directory(error)) {
      if (absl::Status made = MakeFolder(target, user); !made.ok()) return made;
      continue;
    }
    if (is_spare(entry->path())) continue;
    fs::copy_file(entry->path(), target, error);
    if (error) break;
    if (absl::Status given = Give(target, user); !given.ok()) return given;
  }
  return error ? absl::InternalError(absl::StrCat(from, ": ", error.message())) : absl::OkStatus();
}

uint64_t BytesIn(const std::string& folder) {
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    // Files come and go meanwhile.
    std::error_code gone;
    const uint64_t size = entry->is_regular_file(gone) ? entry->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

// When the process began, in the kernel's ticks: with its number, its identity. "" where there is
// none.
std::string StartOf(pid_t process) {
  const std::string stat = ReadAll(absl::StrCat("/proc/", process, "/stat"));
  const size_t name_end = stat.rfind(')');
  if (name_end == stat.npos) return "";
  const std::vector<std::string> fields =
      absl::StrSplit(stat.substr(name_end + 1), ' ', absl::SkipWhitespace());
  constexpr size_t kStartTime = 19;  // proc(5): field 22; the third is the first of these
  return fields.size() > kStartTime ? fields[kStartTime] : "";
}

// "run-4711-8154-3" belongs to process 4711, begun at 8154.
bool OwnerIsGone(std::string_view name) {
  const std::vector<std::string> parts = absl::StrSplit(std::string(name), '-');
  pid_t process = 0;
  if (parts.size() != 4) return false;
  std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), process);
  return process > 0 && StartOf(process) != parts[2];
}

// A server that was killed leaves a segment of System V memory behind; its number is in the lock
// file (line 7).
void RemoveSharedMemory(const fs::path& data) {
  const std::vector<std::string> lines = absl::StrSplit(ReadAll(data / "postmaster.pid"), '\n');
  if (lines.size() < 7) return;
  const std::vector<std::string> numbers = absl::StrSplit(lines[6], ' ', absl::SkipWhitespace());
  int id = -1;
  if (numbers.size() == 2) {
    std::from_chars(numbers[1].data(), numbers[1].data() + numbers[1].size(), id);
  }
  shmid_ds state{};
  if (id >= 0 && shmctl(id, IPC_STAT, &state) == 0 && state.shm_nattch == 0) {
    shmctl(id, IPC_RMID, nullptr);
  }
}

void RemoveLeftovers(const std::string& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    const bool owned =
        name.starts_with(kRunning) || name.starts_with(kMaking) || name.starts_with(kSchema);
    if (!owned || !OwnerIsGone(name)) continue;
    RemoveSharedMemory(entry.path() / "data");
    fs::remove_all(entry.path(), ignored);
  }
}

// What the program prints when it is asked for its version, which it does before it looks at who
// runs it. "" where it cannot be run.
std::string AskForVersion(const std::string& postgres) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  char* const arguments[] = {const_cast<char*>(postgres.c_str()), const_cast<char*>("--version"),
                             nullptr};
  char* const no_environment[] = {nullptr};
  pid_t process = 0;
  const int failed =
      posix_spawn(&process, postgres.c_str(), &actions, nullptr, arguments, no_environment);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  char printed[128];
  const ssize_t size = failed != 0 ? 0 : read(ends[0], printed, sizeof printed);
  close(ends[0]);
  if (failed == 0) waitpid(process, nullptr, 0);
  return std::string(printed, size > 0 ? static_cast<size_t>(size) : 0);
}

// 0: not known.
int MajorOf(const std::string& programs) {
  constexpr std::string_view kHead = "postgres (PostgreSQL) ";
  const std::string printed = AskForVersion(programs + "/postgres");
  int major = 0;
  if (printed.starts_with(kHead)) {
    std::from_chars(printed.data() + kHead.size(), printed.data() + printed.size(), major);
  }
  return major;
}

// The role and its database. Without the templates of databases there is a third to copy.
absl::Status SetUp(const ScratchCluster& cluster, steady_clock::time_point deadline) {
  auto admin = Session::Open(cluster.ConnectionInfo(ScratchCluster::kAdmin), {deadline, nullptr});
  if (!admin.ok()) return admin.status();
  const std::string role = ScratchCluster::kRole;
  for (const std::string& sql :
       {absl::StrCat("CREATE ROLE ", role,
                     " LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
                     " CONNECTION LIMIT 4"),
        absl::StrCat("ALTER DATABASE postgres OWNER TO ", role),
        absl::StrCat("ALTER SCHEMA public OWNER TO ", role),
        std::string("UPDATE pg_database SET datistemplate = false"),
        std::string("DROP DATABASE template0"), std::string("DROP DATABASE template1"),
        std::string("CHECKPOINT")}) {
    if (const SqlResult result = (*admin)->Run(sql); !result.ok()) {
      return absl::InternalError(absl::StrCat(sql, ": ", result.error->message));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<PostgresPrograms>> FindAllPostgres(const ScratchOptions& options) {
  constexpr int kOldest = 11;
  std::vector<std::string> folders = options.programs;
  std::error_code ignored;
  if (folders.empty()) {
    for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
      folders.push_back((entry.path() / "bin").string());
    }
  }
  std::vector<PostgresPrograms> found;
  for (const std::string& folder : folders) {
    const bool complete = fs::exists(fs::path(folder) / "postgres", ignored) &&
                          fs::exists(fs::path(folder) / "initdb", ignored);
    const int major = complete ? MajorOf(folder) : 0;
    if (major >= kOldest) {
      found.push_back({folder, major});
    } else if (!options.programs.empty()) {
      return absl::NotFoundError(
          absl::StrCat(folder, " has no programs postgres and initdb, of PostgreSQL ", kOldest,
                       " or newer, that can be run"));
    }
  }
  if (found.empty()) return absl::NotFoundError("PostgreSQL's server programs are not installed");
  std::ranges::stable_sort(found, {}, &PostgresPrograms::major);
  return found;
}

absl::StatusOr<PostgresPrograms> FindPostgres(const ScratchOptions& options) {
  const auto all = FindAllPostgres(options);
  if (!all.ok()) return all.status();
  return ProgramsFor(options.wanted_major, *all);
}

const PostgresPrograms& ProgramsFor(int major, const std::vector<PostgresPrograms>& all) {
  if (major == 0) return all.back();
  const auto newer = std::ranges::upper_bound(all, major, {}, &PostgresPrograms::major);
  return newer == all.begin() ? all.front() : *std::prev(newer);
}

std::string DefaultScratchFolder(uint64_t disk_bytes) {
  constexpr char kMemory[] = "/dev/shm";
  struct statvfs room {};
  const bool fits = statvfs(kMemory, &room) == 0 && access(kMemory, W_OK) == 0 &&
                    uint64_t{room.f_bavail} * room.f_frsize >= 3 * disk_bytes;
  std::error_code error;
  const fs::path temporary = fs::temp_directory_path(error);
  return ((fits ? fs::path(kMemory) : temporary) / "gate-rehearsal").string();
}

ScratchCluster::~ScratchCluster() {
  server_.reset();
  RemoveSharedMemory(fs::path(folder_) / "data");
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string ScratchCluster::ConnectionInfo(std::string_view role) const {
  return absl::StrCat("host=", folder_, " port=5432 dbname=postgres user=", std::string(role),
                      " connect_timeout=5 client_encoding=UTF8 application_name=rehearsal");
}

uint64_t ScratchCluster::DiskBytes() const { return BytesIn(folder_); }

std::string ScratchCluster::Log() const { return ReadAll(fs::path(folder_) / "log"); }

absl::StatusOr<std::unique_ptr<ScratchClusters>> ScratchClusters::Open(
    const ScratchOptions& options) {
  auto programs = FindPostgres(options);
  if (!programs.ok()) return programs.status();
  auto user = OrdinaryUser(options.user);
  if (!user.ok()) return user.status();
  ScratchOptions chosen = options;
  if (chosen.folder.empty()) chosen.folder = DefaultScratchFolder(chosen.disk_bytes);
  if (absl::Status own = OwnFolder(chosen.folder, *user); !own.ok()) return own;
  RemoveLeftovers(chosen.folder);
  std::unique_ptr<ScratchClusters> clusters(
      new ScratchClusters(std::move(chosen), *std::move(programs), *std::move(user)));
  if (absl::Status made = clusters->MakePrepared(); !made.ok()) return made;
  return clusters;
}

// Named for all that it depends on, so that another version of us makes its own.
std::string ScratchClusters::PreparedFolder() const {
  const size_t made_of = std::hash<std::string>()(
      absl::StrCat(programs_.folder, programs_.major, kSettings, kSettings18));
  return absl::StrCat(options_.folder, "/", std::string(kPrepared), absl::Hex(made_of));
}

std::string ScratchClusters::NewFolder(std::string_view kind) const {
  static std::atomic<int> made{0};
  return absl::StrCat(options_.folder, "/", std::string(kind), getpid(), "-", StartOf(getpid()),
                      "-", ++made);
}

absl::Status ScratchClusters::RunInitdb(const std::string& data) const {
  const std::string folder = fs::path(data).parent_path().string();
  const std::string log = folder + "/log";
  const auto initdb = GuardedProcess::Start(
      {.arguments = {programs_.folder + "/initdb", "--no-sync", "--auth=trust", "--encoding=UTF8",
                     "--locale=C.UTF-8", "--wal-segsize=1",
                     absl::StrCat("--username=", ScratchCluster::kAdmin), "--pgdata", data},
       .folder = folder,
       .output = log,
       .user = user_});
  if (!initdb.ok()) return initdb.status();
  const auto deadline = steady_clock::now() + kInitdbTimeout;
  while ((*initdb)->Running()) {
    if (steady_clock::now() > deadline) return absl::DeadlineExceededError("initdb does not end");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if ((*initdb)->exit() != 0) return absl::InternalError(absl::StrCat("initdb: ", ReadAll(log)));
  return absl::OkStatus();
}

absl::Status ScratchClusters::MakePrepared() const {
  const std::string prepared = PreparedFolder();
  std::error_code error;
  if (fs::exists(prepared, error)) return absl::OkStatus();
  ScratchCluster making(NewFolder(kMaking), programs_.major, options_.disk_bytes);
  const std::string data = making.folder() + "/data";
  if (absl::Status made = MakeFolder(making.folder(), user_); !made.ok()) return made;
  if (absl::Status made = RunInitdb(data); !made.ok()) return made;
  std::ofstream(data + "/postgresql.conf", std::ios::app)
      << kSettings << (programs_.major >= 18 ? kSettings18 : "");
  const auto deadline = steady_clock::now() + kInitdbTimeout;
  if (absl::Status started = StartServer(making, deadline); !started.ok()) return started;
  if (absl::Status set_up = SetUp(making, deadline); !set_up.ok()) return set_up;
  making.server_.reset();
  fs::remove(data + "/postmaster.pid", error);
  // Of two processes that make it at once, the second finds it there.
  fs::rename(data, prepared, error);
  if (error && !fs::exists(prepared)) return absl::InternalError(error.message());
  return absl::OkStatus();
}

// The copy is made for whoever comes next, so a failure is nobody's: there is none then. The file
// names the process whose server the copy is of, and what is in it was not shut down: a server that
// is started on it goes through its log, of which there is next to nothing.
void ScratchClusters::OfferSchema(std::string_view text, ScratchCluster& cluster) const {
  if (!options_.keep_schemas || text.size() < kWorthKeeping) return;
  const std::string digest = Sha256Hex(text);
  cluster.schema_ = schemas_->Find(digest);
  if (cluster.schema_ != nullptr) return;
  cluster.keep_ = [digest, schemas = schemas_, user = user_, from = cluster.folder() + "/data",
                   to = NewFolder(kSchema)](LoadedSchema loaded, const std::string& last_wal) {
    const absl::Status copied = CopyTree(from, to, user, last_wal);
    std::error_code error;
    fs::remove(to + "/postmaster.pid", error);
    // What there is of it goes with this, unless it is kept.
    const auto schema = std::make_shared<const PreparedSchema>(to, BytesIn(to), std::move(loaded));
    if (copied.ok() && !error) schemas->Keep(digest, schema);
  };
}

absl::StatusOr<std::unique_ptr<ScratchCluster>> ScratchClusters::Start(
    Deadline deadline, std::string_view schema) const {
  std::unique_ptr<ScratchCluster> cluster(
      new ScratchCluster(NewFolder(kRunning), programs_.major, options_.disk_bytes));
  if (absl::Status made = MakeFolder(cluster->folder(), user_); !made.ok()) return made;
  const std::string data = cluster->folder() + "/data";
  OfferSchema(schema, *cluster);
  const std::string from = cluster->schema_ ? cluster->schema_->folder() : PreparedFolder();
  if (absl::Status copied = CopyTree(from, data, user_); !copied.ok()) return copied;
  if (absl::Status started = StartServer(*cluster, deadline); !started.ok()) return started;
  return cluster;
}

absl::Status ScratchClusters::StartServer(ScratchCluster& cluster, Deadline deadline) const {
  const std::string& folder = cluster.folder();
  const std::string data = folder + "/data";
  auto server = GuardedProcess::Start(
      {.arguments = {programs_.folder + "/postgres", "-D", data, "-k", folder, "-p", "5432", "-c",
                     absl::StrCat("temp_file_limit=", options_.disk_bytes / 2048, "kB")},
       .folder = folder,
       .output = folder + "/log",
       .user = user_,
       .limits = {.memory_bytes = options_.memory_bytes,
                  .file_bytes = 2 * options_.disk_bytes,  // the looks at all files come first
                  .cpu_seconds = static_cast<uint64_t>(options_.cpu_time.count())}});
  if (!server.ok()) return server.status();
  cluster.server_ = *std::move(server);
  // The last line of the lock file says how far the start is.
  while (ReadAll(data + "/postmaster.pid").find("\nready") == std::string::npos) {
    if (!cluster.Running()) return absl::InternalError(cluster.Log());
    if (steady_clock::now() > deadline) {
      return absl::DeadlineExceededError("postgres starts too slowly");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return absl::OkStatus();
}

}  // namespace gate
