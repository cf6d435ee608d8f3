#include "gate/policy/loader.h"

#include "checks/policy/policy.h"
#include "gate/base/digest.h"
#include "gmock/gmock.h"
#include "tests/policy/folder.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kPolicy[] =
    "title: test\n"
    "calendars:\n"
    "  us: holidays/us.ics\n"
    "rules:\n"
    "  - name: all\n"
    "    checks: {migration: {}}\n";
constexpr char kCalendar[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:1@test\r\n"
    "DTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20261126\r\nSUMMARY:Thanksgiving\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n";

std::vector<std::string> Said(const Folder& folder, const LoadedPolicy& loaded) {
  std::vector<std::string> said;
  for (const FileIssue& issue : loaded.issues) {
    std::string text = issue.ToString();
    for (size_t at; (at = text.find(folder.File(""))) != std::string::npos;) {
      text.replace(at, folder.File("").size(), "DIR/");
    }
    said.push_back(text);
  }
  return said;
}

TEST(LoaderTest, LoadsPolicyAndCalendars) {
  const Folder folder;
  const std::string path = folder.Write("policy.yaml", kPolicy);
  folder.Write("holidays/us.ics", kCalendar);
  const LoadedPolicy loaded = LoadPolicy(path, absl::FromUnixSeconds(7));
  ASSERT_THAT(Said(folder, loaded), IsEmpty());
  EXPECT_THAT(loaded.files, ElementsAre(path, folder.File("holidays/us.ics")));
  const PolicySnapshot& snapshot = *loaded.snapshot;
  EXPECT_EQ(snapshot.effective, absl::FromUnixSeconds(7));
  EXPECT_EQ(snapshot.calendars.at("us"), kCalendar);
  EXPECT_EQ(snapshot.policy.calendar_digests().at("us"), Sha256Hex(kCalendar));
  // What the store keeps under the digest is what it is the digest of.
  EXPECT_EQ(snapshot.digest, Sha256Hex(*snapshot.bytes));
  v1::Policy again;
  ASSERT_TRUE(again.ParseFromString(*snapshot.bytes));
  EXPECT_EQ(DeterministicBytes(again), *snapshot.bytes);
}

TEST(LoaderTest, DigestFollowsMeaningAndCalendars) {
  const Folder folder;
  const std::string path = folder.Write("policy.yaml", kPolicy);
  folder.Write("holidays/us.ics", kCalendar);
  const std::string digest = LoadPolicy(path, absl::UnixEpoch()).snapshot->digest;

  folder.Write("policy.yaml", std::string("# A comment changes nothing.\n") + kPolicy);
  EXPECT_EQ(LoadPolicy(path, absl::FromUnixSeconds(9)).snapshot->digest, digest);

  std::string moved = kCalendar;
  moved.replace(moved.find("1126"), 4, "1127");
  folder.Write("holidays/us.ics", moved);
  EXPECT_NE(LoadPolicy(path, absl::UnixEpoch()).snapshot->digest, digest);
}

TEST(LoaderTest, TellsOfEveryCalendarAtItsPlace) {
  const Folder folder;
  const std::string path = folder.Write("policy.yaml",
                                        "calendars:\n"
                                        "  missing: none.ics\n"
                                        "  folder: .\n"
                                        "  garbage: garbage.ics\n"
                                        "rulez: []\n");
  folder.Write("garbage.ics", "<html>sign in</html>\n");
  const LoadedPolicy loaded = LoadPolicy(path, absl::UnixEpoch());
  EXPECT_EQ(loaded.snapshot, nullptr);
  const std::vector<std::string> said = Said(folder, loaded);
  ASSERT_EQ(said.size(), 4u);
  EXPECT_EQ(said[0],
            "DIR/policy.yaml:2:12: the calendar \"DIR/none.ics\": cannot be read: No such file or "
            "directory");
  EXPECT_THAT(said[1], ::testing::HasSubstr("policy.yaml:3:11: the calendar"));
  EXPECT_THAT(said[1], ::testing::HasSubstr("is not a regular file"));
  EXPECT_THAT(said[2], ::testing::HasSubstr("policy.yaml:4:12: the calendar \"DIR/garbage.ics\""));
  EXPECT_THAT(said[3], ::testing::HasSubstr("5:1: unknown field \"rulez\""));
  EXPECT_EQ(loaded.files.size(), 4u);  // Watched, so that a calendar that appears is seen.
}

TEST(LoaderTest, MissingPolicyIsAnIssue) {
  const Folder folder;
  EXPECT_THAT(Said(folder, LoadPolicy(folder.File("none.yaml"), absl::UnixEpoch())),
              ElementsAre("DIR/none.yaml:1:1: cannot be read: No such file or directory"));
}

TEST(LoaderTest, HugePolicyIsAnIssue) {
  const Folder folder;
  const std::string path = folder.Write("policy.yaml", std::string((1 << 20) + 1, '#'));
  EXPECT_THAT(Said(folder, LoadPolicy(path, absl::UnixEpoch())),
              ElementsAre("DIR/policy.yaml:1:1: has more than 1048576 bytes"));
}

}  // namespace
}  // namespace gate
