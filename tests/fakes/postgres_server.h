// A PostgreSQL server of the test's own: on a unix socket in a temporary folder, with fsync on as
// in production. It ends with this object, and with the test's process however that ends.
#ifndef TESTS_FAKES_POSTGRES_SERVER_H_
#define TESTS_FAKES_POSTGRES_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/child_process.h"

namespace gate {

// Not thread-safe. To be made by a thread that lives as long as the server is needed. Throws
// std::runtime_error, with the server's log, where PostgreSQL is missing or does not start.
class PostgresServer {
 public:
  // `settings` are lines of postgresql.conf, for example "max_connections = 5". About a second.
  explicit PostgresServer(const std::vector<std::string>& settings = {}, bool own_clock = false);
  // A standby of `primary`, which outlives its making: it follows the primary's log, and what the
  // primary commits from now on waits for it.
  static std::unique_ptr<PostgresServer> SynchronousStandbyOf(PostgresServer& primary);
  ~PostgresServer();

  // A new database, empty; its URL, and its name where `name` is given.
  std::string CreateDatabase(std::string* name = nullptr);
  // URL of a database of this server.
  std::string Url(const std::string& database) const;
  // Folder of the socket, and the port in its name.
  const std::string& socket_folder() const { return folder_.path(); }
  int port() const { return 5432; }

  // kill -9 of the server and all of its processes, as when the machine's power goes, but for what
  // the kernel has in its cache.
  void Kill();
  // Closes all connections and ends.
  void Stop();
  // After Kill or Stop. Returns when it takes connections.
  void Start();
  // Makes a standby take writes.
  void Promote();
  // From now on its clock is so many seconds ahead of the machine's; only of a server that was made
  // with a clock of its own.
  void SetClock(int64_t seconds_ahead);
  // Runs SQL as a superuser, over psql; what it printed, unaligned.
  std::string Sql(const std::string& database, const std::string& sql);

 private:
  struct Copy {};
  PostgresServer(bool own_clock, Copy);
  std::string Program(const std::string& name) const;

  std::string programs_;  // folder
  TempFolder folder_;
  bool own_clock_;
  int databases_ = 0;
  std::unique_ptr<ChildProcess> server_;
};

}  // namespace gate

#endif  // TESTS_FAKES_POSTGRES_SERVER_H_
