#include "tests/fakes/postgres_server.h"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace gate {
namespace {

constexpr std::chrono::seconds kStartTimeout{30};

// initdb and postgres refuse to run as root.
constexpr char kUser[] = "postgres";

std::string ProgramFolder() {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    const auto folder = version.path() / "bin";
    if (std::filesystem::exists(folder / "postgres")) found.push_back(folder.string());
  }
  if (found.empty()) throw std::runtime_error("PostgreSQL is not installed (postgresql-15)");
  return *std::max_element(found.begin(), found.end());
}

void GiveTo(const char* user, const std::string& folder) {
  const passwd* entry = getpwnam(user);
  if (geteuid() != 0) return;
  if (entry == nullptr || chown(folder.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
    throw std::runtime_error("there is no user postgres");
  }
}

// Processes whose parent is `parent`.
std::vector<pid_t> ChildrenOf(pid_t parent) {
  const std::string text = ReadFile(absl::StrCat("/proc/", parent, "/task/", parent, "/children"));
  std::vector<pid_t> children;
  for (const auto& word : absl::StrSplit(text, ' ', absl::SkipWhitespace())) {
    pid_t child = 0;
    std::from_chars(word.data(), word.data() + word.size(), child);
    if (child > 0) children.push_back(child);
  }
  return children;
}

// Whether it runs no more; a zombie that nobody has waited for yet does not.
bool HasEnded(pid_t process) {
  const std::string stat = ReadFile(absl::StrCat("/proc/", process, "/stat"));
  return stat.empty() || stat.find(") Z ") != stat.npos;
}

}  // namespace

PostgresServer::PostgresServer(const std::vector<std::string>& settings, bool own_clock)
    : programs_(ProgramFolder()), own_clock_(own_clock) {
  GiveTo(kUser, folder_.path());
  const RunResult made = RunProgram(
      {.arguments = {Program("initdb"), "--no-sync", "--auth=trust", "--encoding=UTF8",
                     "--locale=C.UTF-8", "--username=postgres", "--pgdata", folder_.File("data")},
       .folder = folder_.path(),
       .user = kUser});
  if (made.exit != 0) throw std::runtime_error(made.output);
  std::string text =
      absl::StrCat(ReadFile(folder_.File("data/postgresql.conf")), "\nlisten_addresses = ''\n",
                   "unix_socket_directories = '", folder_.path(), "'\nport = ", port(),
                   "\nshared_buffers = 64MB\nmax_connections = 60\nrecovery_init_sync_method = "
                   "syncfs\nautovacuum_naptime = 1d\n");
  for (const std::string& line : settings) absl::StrAppend(&text, line, "\n");
  folder_.Write("data/postgresql.conf", text);
  Start();
}

PostgresServer::PostgresServer(bool own_clock, Copy)
    : programs_(ProgramFolder()), own_clock_(own_clock) {
  GiveTo(kUser, folder_.path());
}

std::unique_ptr<PostgresServer> PostgresServer::SynchronousStandbyOf(PostgresServer& primary) {
  std::unique_ptr<PostgresServer> standby(new PostgresServer(primary.own_clock_, Copy()));
  const TempFolder& folder = standby->folder_;
  const RunResult copied =
      RunProgram({.arguments = {standby->Program("pg_basebackup"), "--no-sync", "--checkpoint=fast",
                                "--write-recovery-conf", "--host", primary.socket_folder(),
                                "--username=postgres", "--pgdata", folder.File("data")},
                  .folder = folder.path(),
                  .user = kUser});
  if (copied.exit != 0) throw std::runtime_error(copied.output);
  folder.Write("data/postgresql.conf", absl::StrCat(ReadFile(folder.File("data/postgresql.conf")),
                                                    "unix_socket_directories = '", folder.path(),
                                                    "'\ncluster_name = 'standby'\n"));
  standby->Start();
  primary.Sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
  primary.Sql("postgres", "SELECT pg_reload_conf()");
  const bool follows = Eventually([&] {
    return primary.Sql("postgres", "SELECT sync_state FROM pg_stat_replication") == "sync\n";
  });
  if (!follows) throw std::runtime_error(ReadFile(folder.File("log")));
  return standby;
}

void PostgresServer::SetClock(int64_t seconds_ahead) {
  // Moved into its place, so that nobody reads half of it.
  const std::string file = folder_.File("clock");
  folder_.Write("clock.next", absl::StrFormat("%+d\n", seconds_ahead));
  std::filesystem::rename(file + ".next", file);
}

void PostgresServer::Promote() { Sql("postgres", "SELECT pg_promote(wait => true)"); }

PostgresServer::~PostgresServer() { Kill(); }

std::string PostgresServer::Program(const std::string& name) const {
  return programs_ + "/" + name;
}

std::string PostgresServer::Url(const std::string& database) const {
  return absl::StrCat("postgresql://postgres@/", database, "?host=", folder_.path(),
                      "&port=", port());
}

std::string PostgresServer::CreateDatabase(std::string* name) {
  const std::string made = absl::StrCat("gate_", ++databases_);
  Sql("postgres", absl::StrCat("CREATE DATABASE ", made));
  if (name != nullptr) *name = made;
  return Url(made);
}

void PostgresServer::Start() {
  // What Kill left: the server checks that no process has it, and a pid may have been used again.
  std::filesystem::remove(folder_.File("data/postmaster.pid"));
  const std::string log = folder_.File("log");
  std::vector<std::pair<std::string, std::string>> environment;
  if (own_clock_) {
    if (ReadFile(folder_.File("clock")).empty()) SetClock(0);
    environment = {{"LD_PRELOAD", GATE_FAKETIME},
                   {"FAKETIME_TIMESTAMP_FILE", folder_.File("clock")},
                   {"FAKETIME_NO_CACHE", "1"},
                   {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}};
  }
  auto server = ChildProcess::Start({.arguments = {Program("postgres"), "-D", folder_.File("data")},
                                     .environment = std::move(environment),
                                     .output = log,
                                     .folder = folder_.path(),
                                     .user = kUser});
  if (!server.ok()) throw std::runtime_error(std::string(server.status().message()));
  server_ = *std::move(server);
  const bool ready = Eventually(
      [this] {
        // The last line of the lock file says how far the start is.
        const std::string lock = ReadFile(folder_.File("data/postmaster.pid"));
        return !server_->Running() || lock.find("\nready") != lock.npos;
      },
      kStartTimeout);
  if (!ready || !server_->Running()) throw std::runtime_error(ReadFile(log));
}

void PostgresServer::Kill() {
  if (server_ == nullptr) return;
  // First the server, so that it starts no more of them.
  const std::vector<pid_t> children = ChildrenOf(server_->pid());
  server_->Kill();
  for (const pid_t child : children) kill(child, SIGKILL);
  Eventually([&] { return std::all_of(children.begin(), children.end(), HasEnded); });
  server_.reset();
}

void PostgresServer::Stop() {
  server_->Signal(SIGINT);
  if (server_->Wait() != 0) throw std::runtime_error(ReadFile(folder_.File("log")));
  server_.reset();
}

std::string PostgresServer::Sql(const std::string& database, const std::string& sql) {
  const RunResult run = RunProgram(
      {.arguments = {Program("psql"), "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "-v",
                     "ON_ERROR_STOP=1", "-d", Url(database), "-c", sql}});
  if (run.exit != 0) throw std::runtime_error(run.output);
  return run.output;
}

}  // namespace gate
