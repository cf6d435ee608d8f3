#include "gate/demo/history.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

struct Example {
  const char* service;
  const char* environment;
  v1::ChangeKind kind;
  const char* suffix;  // of the version
  const char* author;
  const char* summary;
  const char* path;  // of a migration, or null
  const char* sql;
};

// In turn, three a day. What comes of each is for the policy and the checks to say.
constexpr Example kExamples[] = {
    {"catalog", "production", v1::CHANGE_KIND_CODE, "", "mara", "Show stock per warehouse", nullptr,
     nullptr},
    {"checkout", "production", v1::CHANGE_KIND_CODE, "", "jonas",
     "One page for address and payment", nullptr, nullptr},
    {"payments", "production", v1::CHANGE_KIND_MIGRATION, "", "aiko", "Drop the old card reference",
     "db/migrate/0041_drop_card_ref.sql", "ALTER TABLE payments DROP COLUMN card_ref;\n"},
    {"search", "production", v1::CHANGE_KIND_CODE, "-bad", "lea", "New ranking by availability",
     nullptr, nullptr},
    {"payments", "staging", v1::CHANGE_KIND_MIGRATION, "", "aiko", "Add the card token, nullable",
     "db/migrate/0042_add_card_token.sql", "ALTER TABLE payments ADD COLUMN card_token text;\n"},
    {"checkout", "production", v1::CHANGE_KIND_HOTFIX, "", "jonas",
     "Round taxes per line, not per order", nullptr, nullptr},
    {"catalog", "production", v1::CHANGE_KIND_MIGRATION, "", "mara", "Index products by supplier",
     "db/migrate/0107_index_supplier.sql",
     "CREATE INDEX products_supplier ON products (supplier_id);\n"},
    {"catalog", "production", v1::CHANGE_KIND_MIGRATION, "", "mara",
     "Index products by supplier, concurrently", "db/migrate/0108_index_supplier.sql",
     "CREATE INDEX CONCURRENTLY products_supplier ON products (supplier_id);\n"},
    {"search", "production", v1::CHANGE_KIND_CODE, "", "lea", "Ranking by availability, repaired",
     nullptr, nullptr},
    {"payments", "production", v1::CHANGE_KIND_CODE, "", "tomas", "Retry declined refunds", nullptr,
     nullptr},
    {"orders", "production", v1::CHANGE_KIND_MIGRATION, "", "nadia", "Every order has a channel",
     "db/migrate/0230_order_channel.sql", "ALTER TABLE orders ADD COLUMN channel text NOT NULL;\n"},
    {"checkout", "production", v1::CHANGE_KIND_CODE, "-bad", "jonas", "Load payment forms lazily",
     nullptr, nullptr},
    {"orders", "staging", v1::CHANGE_KIND_CODE, "", "nadia", "Write the channel of new orders",
     nullptr, nullptr},
};

// Working hours in the east of the United States, and one in the evening.
const absl::Duration kTimesOfDay[] = {absl::Minutes(14 * 60 + 10), absl::Minutes(18 * 60 + 35),
                                      absl::Minutes(21 * 60 + 20)};
constexpr int kDays = 14;

v1::Change ChangeOf(const Example& example, int number) {
  v1::Change change;
  change.set_service(example.service);
  change.set_environment(example.environment);
  change.set_kind(example.kind);
  change.set_version(absl::StrCat("1.", 100 + number, example.suffix));
  change.set_author(example.author);
  change.set_summary(example.summary);
  change.set_repository(absl::StrCat("git.example.com/shop/", example.service));
  if (example.sql != nullptr) {
    v1::MigrationFile& file = *change.mutable_schema_change()->add_files();
    file.set_path(example.path);
    file.set_sql(example.sql);
    change.mutable_schema_change()->set_postgres_major_version(15);
  }
  return change;
}

}  // namespace

std::vector<PastChange> PastChanges(absl::Time now) {
  std::vector<PastChange> changes;
  const absl::Time today =
      absl::UnixEpoch() + absl::Floor(now - absl::UnixEpoch(), absl::Hours(24));
  int number = 0;
  for (int day = kDays; day >= 1; --day) {
    for (const absl::Duration time_of_day : kTimesOfDay) {
      const Example& example = kExamples[static_cast<size_t>(number) % std::size(kExamples)];
      changes.push_back({today - day * absl::Hours(24) + time_of_day, ChangeOf(example, number)});
      ++number;
    }
  }
  return changes;
}

}  // namespace gate
