// What SQL of others cannot do to us, and what a rehearsal leaves behind: nothing.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/rehearsal/rehearsal_fixture.h"

namespace gate {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// ---- rights
struct Attack {
  const char* name;
  std::string sql;
  v1::RehearsalEnd end = v1::REHEARSAL_END_REFUSED;
  std::string sqlstate = "42501";
};

void PrintTo(const Attack& attack, std::ostream* out) { *out << attack.name; }

class AttackTest : public testing::TestWithParam<Attack> {};

TEST_P(AttackTest, IsRefused) {
  const Attack& attack = GetParam();
  const v1::Rehearsal rehearsal =
      Rehearsals::Get().Run("CREATE TABLE t (line text);", attack.sql, {});
  EXPECT_EQ(rehearsal.end(), attack.end) << rehearsal.ShortDebugString();
  EXPECT_EQ(rehearsal.failure().sqlstate(), attack.sqlstate) << rehearsal.failure().message();
}

const Attack kAttacks[] = {
    {"Program", "COPY t FROM PROGRAM 'id'"},
    {"ProgramToWrite", "COPY t TO PROGRAM 'cat'"},
    {"ServerFile", "COPY t FROM '/etc/passwd'"},
    {"WriteServerFile", "COPY t TO '/tmp/gate-attack'"},
    {"ReadFile", "SELECT pg_read_file('/etc/passwd')"},
    {"ListFolder", "SELECT pg_ls_dir('/')"},
    {"LargeObjectFromFile", "SELECT lo_import('/etc/passwd')"},
    {"Superuser", "ALTER ROLE gate_rehearsal SUPERUSER"},
    {"Administrator", "SET ROLE gate_rehearsal_admin"},
    {"AdministratorSession", "SET SESSION AUTHORIZATION gate_rehearsal_admin"},
    {"GrantProgram", "GRANT pg_execute_server_program TO gate_rehearsal"},
    {"RoleWithRights", "CREATE ROLE evil SUPERUSER; SET ROLE evil; COPY t FROM PROGRAM 'id'"},
    {"RoleThatIsSaidToBeMissing",
     "CREATE FUNCTION say() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE"
     " = '42704', MESSAGE = 'role \"pg_execute_server_program\" does not exist'; END $$;"
     "CREATE TABLE s AS SELECT say()",
     v1::REHEARSAL_END_MIGRATION_FAILED, "42704"},
    {"SchemaThatIsSaidToBeClosed",
     "CREATE ROLE evil; CREATE FUNCTION say() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE"
     " EXCEPTION USING ERRCODE = '42501', MESSAGE = 'permission denied for schema pg_catalog'; END"
     " $$; CREATE TABLE s AS SELECT say()"},
    {"Settings", "ALTER SYSTEM SET fsync = on"},
    {"Library", "LOAD '/tmp/evil.so'"},
    {"FunctionInC", "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/tmp/evil.so', 'f'"},
    {"Connections", "CREATE EXTENSION dblink"},
    {"Files", "CREATE EXTENSION file_fdw"},
    {"TemporaryFiles", "SET temp_file_limit = -1"},
    {"OtherDatabase", "CREATE DATABASE other"},
};

INSTANTIATE_TEST_SUITE_P(Sql, AttackTest, testing::ValuesIn(kAttacks),
                         [](const auto& attack) { return attack.param.name; });

TEST(RehearsalSafetyTest, ShellLinesAreNotRun) {
  const TempFolder folder;
  fs::permissions(folder.path(), fs::perms::all);
  const std::string line = absl::StrCat("\\! touch ", folder.File("here"));
  const v1::Rehearsal rehearsal = Rehearsals::Get().Run(
      absl::StrCat(line, "\nCREATE TABLE t (id int);\n"), absl::StrCat(line, "\n"), {});
  EXPECT_EQ(rehearsal.end(), v1::REHEARSAL_END_COMPLETED);
  EXPECT_FALSE(fs::exists(folder.File("here")));
  EXPECT_THAT(
      Lines(rehearsal),
      ElementsAre(
          absl::StrCat("lost SCHEMA only psql understands this line; it was not run | ", line),
          absl::StrCat("lost MIGRATION only psql understands this line; it was not "
                       "run | ",
                       line)));
}

TEST(RehearsalSafetyTest, WhatTheSchemaMayNotDoIsLostCoverage) {
  const v1::Rehearsal rehearsal = Rehearsals::Get().Run(
      "CREATE TABLE t (line text);\nCOPY t FROM PROGRAM 'id';\nCREATE TABLE u (id int);\n",
      "DROP TABLE u", {"SELECT id FROM u"});
  EXPECT_EQ(rehearsal.end(), v1::REHEARSAL_END_COMPLETED);
  ASSERT_EQ(rehearsal.lost_coverage_size(), 1);
  EXPECT_EQ(rehearsal.lost_coverage(0).line(), 2);
  EXPECT_THAT(rehearsal.lost_coverage(0).reason(), HasSubstr("(42501)"));
  EXPECT_EQ(rehearsal.broken_statements_size(), 1);
}

// ---- limits
TEST(RehearsalLimitsTest, AStatementHasATime) {
  const v1::Rehearsal rehearsal = Rehearsals::Get().Run(
      "", "SELECT pg_sleep(1e9)", {}, {.statement = std::chrono::milliseconds(200)});
  EXPECT_EQ(rehearsal.end(), v1::REHEARSAL_END_TIMED_OUT);
  EXPECT_EQ(rehearsal.failure().sqlstate(), "57014");
  EXPECT_EQ(rehearsal.failure().path(), "db/0002_change.sql");
}

TEST(RehearsalLimitsTest, AStatementThatTakesItsTimeAwayMeetsTheEndOfTheRehearsal) {
  for (const char* endless :
       {"SELECT pg_sleep(1e9)", "DO $$ BEGIN LOOP NULL; END LOOP; END $$",
        "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 1000000) b",
        "SELECT repeat('x', 1000), generate_series(1, 1000000000)"}) {
    SCOPED_TRACE(endless);
    const auto began = std::chrono::steady_clock::now();
    const v1::Rehearsal rehearsal =
        Rehearsals::Get().Run("", absl::StrCat("SET statement_timeout = 0;\n", endless), {},
                              {.total = std::chrono::milliseconds(1500)});
    EXPECT_EQ(rehearsal.end(), v1::REHEARSAL_END_TIMED_OUT);
    EXPECT_EQ(rehearsal.failure().line(), 2);
    // The server is gone with all of its processes when this returns.
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
  }
}

TEST(RehearsalLimitsTest, TheSchemaIsLoadedWithinTheSameTime) {
  const v1::Rehearsal rehearsal =
      Rehearsals::Get().Run("SET statement_timeout = 0; SELECT pg_sleep(1e9);", "SELECT 1", {},
                            {.total = std::chrono::milliseconds(700)});
  EXPECT_EQ(rehearsal.end(), v1::REHEARSAL_END_TIMED_OUT);
  EXPECT_EQ(rehearsal.statements_size(), 0);
}

TEST(RehearsalLimitsTest, TemporaryFilesHaveALimit) {
  const v1::Rehearsal rehearsal =
      Rehearsals::Get().Run("", "SELECT repeat('x', 1000) FROM generate_series(1, 1000000000)", {});
  EXPECT_EQ(rehearsal.end(), v1::REHEARSAL_END_DISK_FULL) << rehearsal.ShortDebugString();
}

TEST(RehearsalLimitsTest, FilesHaveALimit) {
  ScratchOptions options = Rehearsals::Get().options();
  options.disk_bytes = uint64_t{120} << 20;
  const auto clusters = ScratchClusters::Open(options);
  ASSERT_TRUE(clusters.ok()) << clusters.status();
  const auto cluster =
      (*clusters)->Start(std::chrono::steady_clock::now() + std::chrono::seconds(30));
  ASSERT_TRUE(cluster.ok()) << cluster.status();
  const auto rehearsal =
      Rehearse(**cluster,
               NewChange("",
                         "CREATE TABLE flood AS SELECT repeat(md5('' || random()), 50),"
                         " generate_series(1, 100000000) AS i",
                         {}),
               {});
  ASSERT_TRUE(rehearsal.ok()) << rehearsal.status();
  EXPECT_EQ(rehearsal->end(), v1::REHEARSAL_END_DISK_FULL) << rehearsal->ShortDebugString();
}

TEST(RehearsalLimitsTest, MemoryHasALimit) {
  ScratchOptions options = Rehearsals::Get().options();
  options.memory_bytes = uint64_t{400} << 20;
  const auto clusters = ScratchClusters::Open(options);
  ASSERT_TRUE(clusters.ok()) << clusters.status();
  const auto cluster =
      (*clusters)->Start(std::chrono::steady_clock::now() + std::chrono::seconds(30));
  ASSERT_TRUE(cluster.ok()) << cluster.status();
  const auto rehearsal = Rehearse(
      **cluster, NewChange("", "SET work_mem = '2GB'; SELECT length(repeat('x', 800000000))", {}),
      {});
  ASSERT_TRUE(rehearsal.ok()) << rehearsal.status();
  EXPECT_EQ(rehearsal->end(), v1::REHEARSAL_END_OUT_OF_MEMORY) << rehearsal->ShortDebugString();
}

// ---- what is left
// Processes that work in a folder.
std::vector<int> ProcessesIn(const std::string& folder) {
  std::vector<int> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    const std::string works_in = fs::read_symlink(entry.path() / "cwd", error).string();
    if (!error && works_in.starts_with(folder)) found.push_back(std::stoi(name));
  }
  return found;
}

std::vector<std::string> RunsIn(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("run-")) found.push_back(name);
  }
  return found;
}

TEST(RehearsalEndTest, AClusterLeavesNothing) {
  const std::string folder = Rehearsals::Get().options().folder;
  auto cluster = Rehearsals::Get().Start();
  EXPECT_THAT(RunsIn(folder), SizeIs(1));
  EXPECT_FALSE(ProcessesIn(folder).empty());
  cluster.reset();
  EXPECT_THAT(RunsIn(folder), IsEmpty());
  EXPECT_THAT(ProcessesIn(folder), IsEmpty());
}

constexpr char kVictimFolder[] = "GATE_REHEARSAL_FOLDER";

// Not a test: the process that the next one kills.
TEST(RehearsalEndTest, DISABLED_Victim) {
  ScratchOptions options;
  options.folder = std::getenv(kVictimFolder);
  const auto clusters = ScratchClusters::Open(options);
  ASSERT_TRUE(clusters.ok()) << clusters.status();
  const auto cluster =
      (*clusters)->Start(std::chrono::steady_clock::now() + std::chrono::seconds(30));
  ASSERT_TRUE(cluster.ok()) << cluster.status();
  const auto rehearsal = Rehearse(**cluster,
                                  NewChange("",
                                            "SET statement_timeout = 0; CREATE TABLE busy ();"
                                            "COMMIT; DO $$ BEGIN LOOP NULL; END LOOP; END $$",
                                            {}),
                                  {});
  FAIL() << "it was not killed";
}

// Whether one of them uses the processor: the backend that runs the migration.
bool Computes(const std::vector<int>& processes) {
  return std::ranges::any_of(processes, [](int process) {
    const std::string stat = ReadFile(absl::StrCat("/proc/", process, "/stat"));
    const std::string command = ReadFile(absl::StrCat("/proc/", process, "/cmdline"));
    return stat.find(") R ") != stat.npos && command.find("] DO") != command.npos;
  });
}

TEST(RehearsalEndTest, AKilledProcessLeavesNoServer) {
  const TempFolder around;
  fs::permissions(around.path(), fs::perms(0711));
  const std::string folder = around.File("r");
  auto victim = ChildProcess::Start(
      {.arguments = {fs::read_symlink("/proc/self/exe").string(), "--gtest_filter=*DISABLED_Victim",
                     "--gtest_also_run_disabled_tests"},
       .environment = {{kVictimFolder, folder}},
       .output = around.File("output")});
  ASSERT_TRUE(victim.ok()) << victim.status();
  ASSERT_TRUE(Eventually([&] { return Computes(ProcessesIn(folder)); }))
      << ReadFile(around.File("output"));
  (*victim)->Kill();

  EXPECT_TRUE(Eventually([&] { return ProcessesIn(folder).empty(); }));
  EXPECT_THAT(RunsIn(folder), SizeIs(1));
  ScratchOptions options;
  options.folder = folder;
  const auto clusters = ScratchClusters::Open(options);
  ASSERT_TRUE(clusters.ok()) << clusters.status();
  EXPECT_THAT(RunsIn(folder), IsEmpty());
}

// Killed at any moment: while the data directory is made, while the server starts, while it works.
TEST(RehearsalEndTest, AProcessThatIsKilledAgainAndAgainLeavesNothing) {
  const TempFolder around;
  fs::permissions(around.path(), fs::perms(0711));
  const std::string folder = around.File("r");
  constexpr int kRounds = 12;
  for (int round = 0; round < kRounds; ++round) {
    auto victim = ChildProcess::Start(
        {.arguments = {fs::read_symlink("/proc/self/exe").string(),
                       "--gtest_filter=*DISABLED_Victim", "--gtest_also_run_disabled_tests"},
         .environment = {{kVictimFolder, folder}},
         .output = around.File("output")});
    ASSERT_TRUE(victim.ok()) << victim.status();
    std::this_thread::sleep_for(std::chrono::milliseconds(round * round * 12));
    (*victim)->Kill();
    EXPECT_TRUE(Eventually([&] { return ProcessesIn(folder).empty(); })) << round;
  }
  ScratchOptions options;
  options.folder = folder;
  const auto clusters = ScratchClusters::Open(options);
  ASSERT_TRUE(clusters.ok()) << clusters.status();
  for (const auto& entry : fs::directory_iterator(folder)) {
    EXPECT_TRUE(entry.path().filename().string().starts_with("ready-")) << entry.path();
  }
}

TEST(RehearsalEndTest, AKilledGuardLeavesNoServer) {
  const std::string folder = Rehearsals::Get().options().folder;
  const auto cluster = Rehearsals::Get().Start();
  const std::string lock = ReadFile(cluster->folder() + "/data/postmaster.pid");
  const std::string stat = ReadFile(absl::StrCat("/proc/", std::stoi(lock), "/stat"));
  int guard = 0;
  ASSERT_EQ(std::sscanf(stat.c_str() + stat.rfind(')'), ") %*c %d", &guard), 1);
  ASSERT_EQ(kill(guard, SIGKILL), 0);
  EXPECT_TRUE(Eventually([&] { return ProcessesIn(cluster->folder()).empty(); }));
  EXPECT_FALSE(cluster->Running());
}

TEST(RehearsalEndTest, AClusterOutlivesTheThreadThatStartedIt) {
  std::vector<std::unique_ptr<ScratchCluster>> clusters(3);
  std::vector<std::thread> threads;
  for (auto& cluster : clusters) {
    threads.emplace_back([&cluster] { cluster = Rehearsals::Get().Start(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& cluster : clusters) {
    const auto rehearsal =
        Rehearse(*cluster, NewChange("CREATE TABLE t (id int);", "DROP TABLE t", {"TABLE t"}), {});
    ASSERT_TRUE(rehearsal.ok()) << rehearsal.status();
    EXPECT_THAT(Lines(*rehearsal), ElementsAre("42P01 relation \"t\" does not exist | TABLE t"));
  }
}

// ---- the folder
TEST(ScratchClustersTest, AFolderOfOthersIsRefused) {
  const TempFolder around;
  fs::permissions(around.path(), fs::perms(0711));
  ScratchOptions options;
  options.folder = around.File("open");
  fs::create_directory(options.folder);
  fs::permissions(options.folder, fs::perms::all);
  const auto clusters = ScratchClusters::Open(options);
  ASSERT_FALSE(clusters.ok());
  EXPECT_THAT(std::string(clusters.status().message()),
              HasSubstr("is not a folder that only the user of the scratch server can enter"));
}

TEST(ScratchClustersTest, ProgramsAreFoundOrNamed) {
  EXPECT_TRUE(FindPostgres({}).ok());
  const auto newest = FindPostgres({});
  const auto too_old = FindPostgres({.wanted_major = 1});
  ASSERT_TRUE(too_old.ok());  // the oldest there is
  EXPECT_LE(too_old->major, newest->major);
  EXPECT_EQ(FindPostgres({.programs = {"/nowhere"}}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(FindPostgres({.programs = {newest->folder}})->major, newest->major);
}

}  // namespace
}  // namespace gate
